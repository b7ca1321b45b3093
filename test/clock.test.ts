import { expect, it } from "vitest";
import { createClock } from "../src/clock.ts";

it("ids are short, sort in the order they were made in, and end in chance that never repeats", () => {
  const clock = createClock();
  const ids = Array.from({ length: 5_000 }, () => clock.id("o"));
  expect(new Set(ids.map((id) => id.length))).toEqual(new Set([ids[0]?.length]));
  expect(ids[0]).toMatch(/^o_[0-9a-z]{9,14}[0-9a-f]{8}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids.map((id) => id.slice(-8))).size).toBeGreaterThan(4_990);
});
