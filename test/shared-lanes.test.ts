import { expect, it } from "vitest";
import { createClock } from "../src/clock.ts";
import type { Crew } from "../src/crew.ts";
import type { Control, Lanes, Next } from "../src/lanes.ts";
import type { Platform } from "../src/platform.ts";
import { createSharedLanes } from "../src/shared-lanes.ts";

const control: Control = { signal: new AbortController().signal, holds: () => true };

/** What happens, in its order, when a lane has run and says what is left. */
async function runs(lane: string, next: Next): Promise<{ done: string[]; next: Next }> {
  const done: string[] = [];
  const claim = {
    takenOver: false,
    signal: new AbortController().signal,
    holds: () => true,
    check: async () => {},
    release: async () => void done.push("released"),
  };
  const crew: Pick<Crew, "claim" | "later"> = {
    claim: async () => claim,
    later: async (what, of, afterMs) => void done.push(`${what} ${of} in ${afterMs}`),
  };
  const here = { name: "console" } as Platform;
  const shared = createSharedLanes({
    crew: crew as Crew,
    lanes: {} as Lanes,
    platforms: new Map([["console", here]]),
    countDeath: async () => {},
    clock: createClock(),
  });
  return { next: await shared.run(lane, control, async () => next), done };
}

it("a lane that is to go on later is handed on before its claim is given back", async () => {
  const { done, next } = await runs("slack:T1:C1:7", { afterMs: 1_000 });
  expect(done).toEqual(["work slack:T1:C1:7 in 1000", "released"]);
  expect(next).toBe("done");
});

it("what is due in less than a second, or at once, stays here", async () => {
  expect(await runs("slack:T1:C1:7", { afterMs: 999 })).toEqual({
    done: ["released"],
    next: { afterMs: 999 },
  });
  expect(await runs("slack:T1:C1:7", "more")).toEqual({ done: ["released"], next: "more" });
});

it("a lane of which only this process knows is not handed on", async () => {
  expect(await runs("console:local:7", { afterMs: 30_000 })).toEqual({
    done: ["released"],
    next: { afterMs: 30_000 },
  });
});
