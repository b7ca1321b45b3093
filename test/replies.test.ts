import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ledger } from "../src/ledger.ts";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";
import { createScriptedModel, hanging } from "./doubles/scripted-model.ts";
import { createVirtualClock, type VirtualClock } from "./doubles/virtual-clock.ts";

let clock: VirtualClock;
let desk: DeskInARoom;
/** The next write to the ledger waits for this. */
let held: Promise<void> | undefined;
beforeEach(async () => {
  clock = createVirtualClock();
  held = undefined;
  const between = (ledger: Ledger): Ledger => ({
    ...ledger,
    async write(work, options) {
      const waits = held;
      held = undefined;
      await waits;
      return ledger.write(work, options);
    },
  });
  desk = await clock.until(openDesk({ clock, model: createScriptedModel(hanging().line), between }));
});
afterEach(() => clock.until(desk.close()));

const slow = "This takes longer than usual. I am still on it.";

describe("a model that says nothing", () => {
  it("is not the customer's silence: before half a minute is over they read that it takes long", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    await clock.pass(26_000);
    expect(desk.room.seen("ann")).toEqual([]);
    await clock.pass(2_000);
    expect(desk.room.seen("ann")).toEqual([slow]);
  });

  it("leaves nobody waiting longer because they have written again meanwhile", async () => {
    for (const words of ["hello", "are you there?", "hello?"]) {
      await clock.until(desk.room.says("ann", words));
      await clock.pass(12_000);
    }
    expect(desk.room.seen("ann")).toEqual([slow]);
  });

  it("is told of once in half a minute, however often they write", async () => {
    for (const words of ["hello", "are you there?", "hello?", "anybody?", "please"]) {
      await clock.until(desk.room.says("ann", words));
      await clock.pass(10_000);
    }
    expect(desk.room.seen("ann")).toEqual([slow]);
    await clock.pass(6_000);
    expect(desk.room.seen("ann")).toEqual([slow, slow]);
  });

  it("leaves nobody waiting longer because the process died and another one began again", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    await clock.pass(25_000);
    clock.reboot();
    desk = await clock.until(desk.reopen());
    await clock.pass(7_000);
    expect(desk.room.seen("ann")).toEqual([slow]);
  });

  it("is told of at the earliest a moment after the answer was begun, however long it had waited", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    clock.reboot();
    clock.jump(86_400_000);
    desk = await clock.until(desk.reopen());
    await clock.pass(1_000);
    expect(desk.room.seen("ann")).toEqual([]);
    await clock.pass(4_000);
    expect(desk.room.seen("ann")).toEqual([slow]);
  });

  it("is told to nobody who has been erased meanwhile: nothing of it is left to be sent", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    await clock.pass(1_000);
    await clock.until(
      desk.ledger.write(async (tx) => {
        await tx.run("DELETE FROM inbox");
        await tx.run("DELETE FROM threads");
      }),
    );
    await clock.pass(32_000);
    expect(await clock.until(desk.ledger.read((tx) => tx.all("SELECT id FROM outbox")))).toEqual([]);
    expect(desk.room.seen("ann")).toEqual([]);
  });

  it("is told of by the turn that is under way, not by one that was broken off before that could be written", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    await clock.pass(26_900);
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    await clock.pass(200);
    await clock.until(desk.room.says("ann", "are you there?"));
    await clock.pass(100);
    release();
    await clock.pass(1_000);
    expect(await desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state <> 'sent'"))).toEqual([]);
    await clock.pass(4_000);
    expect(desk.room.seen("ann")).toEqual([slow]);
  });

  it("is told of before the answer, not behind it, when the process died before either could be posted", async () => {
    await clock.until(desk.close());
    let think = () => {};
    const thought = new Promise<void>((resolve) => {
      think = resolve;
    });
    const model = createScriptedModel(async () => {
      await thought;
      return "It is nine.";
    });
    desk = await clock.until(openDesk({ clock, model }));
    desk.room.fault("ann", "unavailable", "unavailable", "unavailable", "unavailable");
    await clock.until(desk.room.says("ann", "What time is it?"));
    await clock.pass(30_100);
    think();
    await clock.pass(100);
    const waiting = () => desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state = 'waiting'"));
    expect(await clock.until(waiting())).toHaveLength(2);
    clock.reboot();
    desk = await clock.until(desk.reopen());
    await clock.pass(60_000);
    expect(desk.room.seen("ann")).toEqual([slow, "It is nine."]);
  });

  it("is told of in time by a clock that has been put back", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    clock.reboot();
    clock.jump(-86_400_000);
    desk = await clock.until(desk.reopen());
    await clock.pass(31_000);
    expect(desk.room.seen("ann")).toEqual([slow]);
  });
});
