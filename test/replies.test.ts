import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";
import { createScriptedModel, hanging } from "./doubles/scripted-model.ts";
import { createVirtualClock, type VirtualClock } from "./doubles/virtual-clock.ts";

let clock: VirtualClock;
let desk: DeskInARoom;
beforeEach(async () => {
  clock = createVirtualClock();
  desk = await clock.until(openDesk({ clock, model: createScriptedModel(hanging().line) }));
});
afterEach(() => clock.until(desk.close()));

const slow = "This takes longer than usual. I am still on it.";

describe("a model that says nothing", () => {
  it("is not the customer's silence: after half a minute they read that it takes long", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    await clock.pass(29_000);
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
      await clock.pass(11_000);
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

  it("is told of in time by a clock that has been put back", async () => {
    await clock.until(desk.room.says("ann", "hello"));
    clock.reboot();
    clock.jump(-86_400_000);
    desk = await clock.until(desk.reopen());
    await clock.pass(31_000);
    expect(desk.room.seen("ann")).toEqual([slow]);
  });
});
