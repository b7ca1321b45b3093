/**
 * Staff take a thread at any point of an answer that the customer sees being written, give it back and take it again:
 * while the card says that a person has it, the bot shows nothing and changes nothing; what was half said is taken back;
 * and no question is lost on the way from one to the other.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RoomFault } from "../doubles/room.ts";
import { type Death, death, tellDeath } from "./life.ts";
import { atLeast, enough, runs } from "./runs.ts";
import { createTakeoverStory, type Points, type Step, type World } from "./takeover-story.ts";
import { storyOf, told } from "./told.ts";

const world: fc.Arbitrary<World> = fc.record({
  pieces: fc.integer({ min: 1, max: 12 }),
  between: fc.integer({ min: 1, max: 12 }),
  slow: fc.nat({ max: 12 }),
  drafts: fc.constantFrom(true, true, false),
  blind: fc.constantFrom(false, false, false, true),
});

const does = <T extends Step["does"]>(what: T) => fc.constant(what);
const press = (what: "take" | "hand_back" | "resolve") =>
  fc.record({ does: does("press"), what: fc.constant(what) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ does: does("ask"), turns: fc.nat({ max: 100 }), taken: fc.boolean() }),
  },
  { weight: 3, arbitrary: press("take") },
  { weight: 4, arbitrary: press("hand_back") },
  { weight: 1, arbitrary: press("resolve") },
  { weight: 1, arbitrary: fc.record({ does: does("reply") }) },
  { weight: 2, arbitrary: fc.record({ does: does("turns"), count: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ does: does("pass"), ms: fc.constantFrom(10, 400, 2000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: does("fault"),
      faults: fc.array(fc.constantFrom<RoomFault[]>("unavailable", "rate_limited", "lost_answer"), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: does("rest") }) },
);

interface Scene {
  one: Step;
  death: Death | undefined;
}

const scenes = storyOf<Scene>(
  fc.record({ one: step, death: fc.option(death, { nil: undefined, freq: 12 }) }),
  ({ one, death: dies }) => `${tell(one)}${dies ? tellDeath(dies) : ""}`,
  16,
);

function tell(one: Step): string {
  switch (one.does) {
    case "ask":
      return `ann asks, and ${one.turns} turns of the event loop pass${one.taken ? "; then staff press take" : ""}`;
    case "press":
      return `staff press ${one.what}`;
    case "reply":
      return "whoever has the thread writes to ann";
    case "turns":
      return `${one.count} turns of the event loop pass`;
    case "pass":
      return `${one.ms} ms pass`;
    case "fault":
      return `the next posts to ann: ${one.faults.join(", ")}`;
    case "rest":
      return "everything comes to rest";
  }
}

describe("takeover", () => {
  it(
    "after the card has confirmed it the bot is silent, at whatever point of streamed answers it comes",
    async () => {
      const points: Points = { before: 0, within: 0, after: 0 };
      await fc.assert(
        fc.asyncProperty(world, scenes, async (one, all) => {
          const found = await told(await createTakeoverStory(one), async (story) => {
            for (const scene of all) await story.take(scene.one, scene.death);
            await story.judge();
            return story.points;
          });
          for (const point of Object.keys(points) as (keyof Points)[]) points[point] += found[point];
        }),
        runs(150),
      );
      // It has been tried before anything was shown, in the middle, and after the end.
      expect(Math.min(points.before, points.within, points.after)).toBeGreaterThanOrEqual(atLeast(10));
    },
    enough,
  );
});
