/** I16 in a crew: whoever is erased by one process is not remembered by another. */
import { expect, it } from "vitest";
import type { Claim, Crew, Hands } from "../../src/crew.ts";
import { openDesk } from "../doubles/desk-in-a-room.ts";
import { threadOf } from "../doubles/room.ts";

const claim: Claim = {
  takenOver: false,
  signal: new AbortController().signal,
  holds: () => true,
  check: async () => {},
  release: async () => {},
};

/** A crew of one, that lets a test say what the others say. */
function crewOf(begun: (hands: Hands) => void): Crew {
  let hands: Hands | undefined;
  return {
    roles: new Set(["receive", "work", "send"]),
    claim: async () => claim,
    claimed: async () => false,
    offerWork: (lane, manner) => void hands?.work(lane, manner),
    offerSends: (lanes) => {
      for (const lane of lanes) void hands?.send(lane);
    },
    later: async () => {},
    interrupt: () => {},
    tellWait: () => {},
    async start(given) {
      hands = given;
      begun(given);
    },
    stop: async () => {},
    close: async () => {},
  };
}

it("a summary that another process has erased is neither shown here any more nor written back", async () => {
  let hands: Hands | undefined;
  const desk = await openDesk({
    crew: crewOf((given) => {
      hands = given;
    }),
  });
  try {
    const { sessions } = desk.core;
    sessions.set(threadOf("zoe"), { upTo: 3, summary: "zebrafinch" });
    sessions.set(threadOf("kim"), { upTo: 3, summary: "kingfisher" });
    hands?.interrupt(threadOf("zoe"));
    await expect.poll(() => sessions.get(threadOf("zoe"))).toBeUndefined();
    expect(await sessions.get(threadOf("kim"))).toMatchObject({ summary: "kingfisher" });
    // What waits to be written is written when a desk ends.
    await sessions.close();
    expect(await sessions.get(threadOf("zoe"))).toBeUndefined();
  } finally {
    await desk.close();
  }
});
