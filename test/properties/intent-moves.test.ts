/**
 * An intent in the hands of several processes, each of which knows it as it was some time ago, and all of which act at
 * the same moment: whatever they try, a state is left once, and what nobody may do is not done.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf } from "../../src/errors.ts";
import {
  findIntent,
  type Intent,
  type IntentMove,
  type IntentState,
  moveIntent,
  writeIntent,
} from "../../src/ledger/intents.ts";
import { atLeast, enough, runs } from "./runs.ts";
import { openStore, type Store } from "./store.ts";
import { storyOf } from "./told.ts";

let store: Store;
beforeAll(async () => {
  store = await openStore(createClock());
});
afterAll(() => store.close());

const moves = [
  "confirm",
  "hold",
  "decline",
  "approve",
  "deny",
  "expire",
  "refuse",
  "run",
  "finish",
  "fail",
] as const;
const over: readonly IntentState[] = ["done", "failed", "declined", "denied", "expired", "refused"];

interface Try {
  hand: number;
  how: IntentMove;
  /** Looks at it before. */
  looks: boolean;
}

const moment = fc.array(
  fc.record({ hand: fc.nat({ max: 2 }), how: fc.constantFrom(...moves), looks: fc.boolean() }),
  { minLength: 1, maxLength: 3 },
);
const moments = storyOf<Try[]>(moment, (tries) =>
  tries
    .map(({ hand, how, looks }) => `${hand} ${looks ? "looks and tries" : "tries"} to ${how}`)
    .join("; at once "),
);

const fresh: Intent = {
  id: "i_1",
  thread: "room:t:ann",
  turn: "t_1",
  opener: "room:t:ann",
  customer: "cust_ann",
  tool: "refund",
  input: {},
  preview: { ok: true, subject: "ord_1", text: "Refund" },
  hash: "h",
  needsApproval: false,
  state: "proposed",
  approval: undefined,
  approver: undefined,
  decidedBy: undefined,
  attempts: 0,
  result: undefined,
  expiresAt: 1,
};

/** One try. @returns from which state to which, undefined where it came to nothing */
async function attempt(
  intent: Intent,
  how: IntentMove,
): Promise<{ from: IntentState; to: Intent } | undefined> {
  try {
    const to = await store.ledger.write((tx) => moveIntent(tx, intent, how, 2));
    return to && { from: intent.state, to };
  } catch (error) {
    if (codeOf(error) !== "thread_move") throw error;
    return undefined;
  }
}

describe("an intent", () => {
  it(
    "leaves each of its states once, whoever tries what at the same moment",
    async () => {
      const ends = new Set<IntentState>();
      await fc.assert(
        fc.asyncProperty(moments, async (story) => {
          await store.empty();
          await store.ledger.write((tx) => writeIntent(tx, fresh, 1));
          const look = () => store.ledger.read((tx) => findIntent(tx, fresh.id)) as Promise<Intent>;
          const hands = [fresh, fresh, fresh];
          const left = new Map<IntentState, IntentState>();
          for (const tries of story) {
            for (const { hand, looks } of tries) if (looks) hands[hand] = await look();
            const came = await Promise.all(tries.map(({ hand, how }) => attempt(hands[hand] as Intent, how)));
            for (const [n, one] of came.entries()) {
              if (!one) continue;
              hands[tries[n]?.hand ?? 0] = one.to;
              // To run what runs is to take up what somebody who died has begun.
              if (one.from === one.to.state) continue;
              expect(left.get(one.from), `${one.from} was left before`).toBeUndefined();
              left.set(one.from, one.to.state);
            }
          }
          let state: IntentState = "proposed";
          for (let n = 0; n < 9; n++) state = left.get(state) ?? state;
          expect((await look()).state, "what it came to").toBe(state);
          expect([...left.keys()].filter((one) => over.includes(one))).toEqual([]);
          ends.add(state);
        }),
        runs(150),
      );
      expect(ends.size).toBeGreaterThanOrEqual(Math.min(5, atLeast(5)));
    },
    enough,
  );
});
