import { describe, expect, it } from "vitest";
import { createOffice } from "../../src/crew/office.ts";
import type { Claim, Crew } from "../../src/crew.ts";
import { createLog } from "../../src/log.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";

const log = createLog("silent");

/** Two processes that try for one office; who has it is told by `holder`. */
function twoProcesses() {
  const clock = createVirtualClock();
  let claimed = false;
  const crew: Pick<Crew, "claim"> = {
    async claim(): Promise<Claim | undefined> {
      if (claimed) return undefined;
      claimed = true;
      return {
        takenOver: false,
        signal: new AbortController().signal,
        holds: () => true,
        check: async () => {},
        async release() {
          claimed = false;
        },
      };
    },
  };
  const story: string[] = [];
  const able = { one: true, other: true };
  const offices = (["one", "other"] as const).map((name) =>
    createOffice({
      crew,
      name: "listen:somewhere",
      async enter() {
        if (!able[name]) throw new Error("cannot");
        story.push(`${name} enters`);
      },
      async leave() {
        story.push(`${name} leaves`);
      },
      able: () => able[name],
      clock,
      log,
    }),
  );
  const holder = () => ["one", "other"][offices.findIndex((office) => office.holds())];
  return { clock, story, able, offices, holder };
}

describe("an office", () => {
  it("is given up by a process that cannot do it any more, and taken by one that can", async () => {
    const { clock, story, able, offices, holder } = twoProcesses();
    await clock.pass(5_000);
    expect(holder()).toBe("one");
    able.one = false;
    await clock.pass(25_000);
    expect(holder()).toBe("one");
    await clock.pass(15_000);
    expect(holder()).toBe("other");
    expect(story).toEqual(["one enters", "one leaves", "other enters"]);
    await clock.until(Promise.all(offices.map((office) => office.close())));
  });

  it("stays with a process whose trouble is over in time", async () => {
    const { clock, able, offices, holder, story } = twoProcesses();
    await clock.pass(5_000);
    for (let times = 0; times < 5; times++) {
      able.one = false;
      await clock.pass(20_000);
      able.one = true;
      await clock.pass(5_000);
    }
    expect(holder()).toBe("one");
    expect(story).toEqual(["one enters"]);
    await clock.until(Promise.all(offices.map((office) => office.close())));
  });

  it("that nobody can do is tried for until somebody can", async () => {
    const { clock, able, offices, holder } = twoProcesses();
    await clock.pass(5_000);
    able.one = false;
    able.other = false;
    await clock.pass(300_000);
    expect(holder()).toBeUndefined();
    able.one = true;
    await clock.pass(10_000);
    expect(holder()).toBe("one");
    await clock.until(Promise.all(offices.map((office) => office.close())));
  });
});
