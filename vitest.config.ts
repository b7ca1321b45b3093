import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/journeys/build.ts", "test/doubles/postgres-run.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Real processes on a busy machine: what fails by load alone gets another chance, what is broken fails again.
    retry: 1,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
