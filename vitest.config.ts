import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/journeys/build.ts", "test/doubles/postgres-run.ts"],
    pool: "forks",
    // The longest of them wait most of their time: for two processors there are twice as many.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // Real processes on a busy machine: what fails by load alone gets another chance, what is broken fails again.
    retry: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000, interval: 10 } },
  },
});
