/**
 * Writes under every order of requests, answers, clicks, decisions, changed data, broken and slow backends, deaths and
 * time, in three threads of two customers at once: done at most once, only what was confirmed by who asked and approved,
 * where that is needed, by somebody else, and never more than the policy allows.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Death, death, tellDeath } from "./life.ts";
import { atLeast, enough, runs } from "./runs.ts";
import type { Tried } from "./shop-judge.ts";
import { createShopStory, type ShopStory, type Step, step, tell, type World, world } from "./shop-story.ts";
import { storyOf, told } from "./told.ts";

interface Scene {
  one: Step;
  /** The process dies in it. */
  death: Death | undefined;
  /** Everything comes of it before the next one begins. */
  rest: boolean;
}

const steps = storyOf<Scene>(
  fc.record({
    one: step,
    death: fc.option(death, { nil: undefined, freq: 8 }),
    rest: fc.constantFrom(true, true, true, false),
  }),
  ({ one, death: dies, rest }) => `${tell(one)}${dies ? tellDeath(dies) : ""}${rest ? "" : ", and at once"}`,
);

/** A question that nobody was asked, of a turn that was begun again with a newer message, took the yes to another one. */
const yesToAnother: [World, Scene[]] = [
  { asks: true, tells: true },
  [
    { one: { does: "ask", thread: 0, order: "ord_3", why: true, yes: false }, death: undefined, rest: true },
    {
      one: { does: "ask", thread: 0, order: "ord_1", why: true, yes: false },
      death: { commits: 1, made: false },
      rest: false,
    },
    { one: { does: "ask", thread: 0, order: "ord_3", why: true, yes: true }, death: undefined, rest: true },
  ],
];

async function play(story: ShopStory, scenes: readonly Scene[]): Promise<Tried> {
  for (const { one, death: dies, rest } of scenes) {
    await story.take(one, dies);
    if (rest) await story.take({ does: "rest" });
  }
  await story.ends();
  return story.judge();
}

describe("writes", () => {
  it(
    "happen once, by right and within limits, in any order of what people, backends and deaths do",
    async () => {
      const tried: Tried = { paid: 0, approved: 0, ownRefused: 0 };
      await fc.assert(
        fc.asyncProperty(world, steps, async (one, scenes) => {
          const came = await told(await createShopStory(one), (story) => play(story, scenes));
          for (const what of Object.keys(tried) as (keyof Tried)[]) tried[what] += came[what];
        }),
        { ...runs(80), examples: [yesToAnother] },
      );
      expect(tried.paid).toBeGreaterThanOrEqual(atLeast(30));
      expect(tried.approved).toBeGreaterThanOrEqual(atLeast(5));
      expect(tried.ownRefused).toBeGreaterThanOrEqual(atLeast(5));
    },
    enough,
  );
});
