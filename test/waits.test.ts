import { expect, it } from "vitest";
import { createWaits } from "../src/waits.ts";
import { createVirtualClock } from "./doubles/virtual-clock.ts";

it("what has been asked to wait is left alone until then, and nothing else is", async () => {
  const clock = createVirtualClock();
  const waits = createWaits(clock);
  expect(waits.left("a")).toBe(0);
  waits.note("a", 2_000);
  await clock.pass(500);
  expect(waits.left("a")).toBe(1_500);
  expect(waits.left("b")).toBe(0);
  await clock.pass(1_500);
  expect(waits.left("a")).toBe(0);
});

it("of two words the longer one counts, wherever the wall's clock stands", async () => {
  const clock = createVirtualClock();
  const waits = createWaits(clock);
  waits.note("a", 30_000);
  waits.note("a", 1_000);
  clock.jump(86_400_000);
  expect(waits.left("a")).toBe(30_000);
  clock.jump(-2 * 86_400_000);
  await clock.pass(29_000);
  expect(waits.left("a")).toBe(1_000);
});

it("a great many names that are past are forgotten", async () => {
  const clock = createVirtualClock();
  const waits = createWaits(clock);
  for (let at = 0; at < 10_000; at++) waits.note(`${at}`, 1_000);
  await clock.pass(2_000);
  waits.note("last", 1_000);
  expect(waits.left("last")).toBe(1_000);
  expect(waits.left("5000")).toBe(0);
});
