/** The process dies right after what a member of staff asked for has been committed; then others go on. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeskError } from "../../src/errors.ts";
import type { Ledger } from "../../src/ledger.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
let next: DeskInARoom | undefined;
/** Whether the commit has been made after which the process dies. */
let last: (() => Promise<boolean>) | undefined;
/** What the processes stand on. */
let disk: Ledger;

beforeEach(async () => {
  last = undefined;
  desk = await openDesk({
    between: mortal,
    configure: (config) => ({ ...config, queues: ["general", "billing"] }),
    model: createScriptedModel("Hello."),
  });
  await desk.room.says("ann", "I want to talk to a human please");
  await desk.quiet();
});
afterEach(async () => {
  await next?.core.stop(0);
  await next?.ledger.close();
  next = undefined;
  await desk.close();
});

function mortal(file: Ledger): Ledger {
  disk = file;
  let dead = false;
  const death = () => Promise.reject(new DeskError("ledger_failed", "the process is dead"));
  return {
    ...file,
    async write(work, how) {
      if (dead) return death();
      const done = await file.write(work, how);
      dead = (await last?.()) ?? false;
      return dead ? death() : done;
    },
  };
}

async function is(sql: string): Promise<unknown> {
  return (await disk.read((tx) => tx.get<{ it: unknown }>(sql)))?.it;
}
const hands = () => is("SELECT control || ' ' || COALESCE(assignee, 'nobody') AS it FROM threads");
const waiting = () => is("SELECT COUNT(*) AS it FROM inbox WHERE state = 'waiting'");

/** Somebody asks for it; once it is `done` the process dies, and before the next one begins somebody else does this. */
async function diesOnce(
  asks: () => Promise<void>,
  done: () => Promise<boolean>,
  ...meanwhile: string[]
): Promise<void> {
  last = done;
  await asks();
  await expect.poll(done).toBe(true);
  await desk.core.stop(0);
  last = undefined;
  await disk.write(async (tx) => {
    for (const sql of meanwhile) await tx.run(sql);
  });
  next = await desk.reopen();
  await next.quiet();
  expect(await waiting()).toBe(0);
}

const becomes = (wanted: string) => async () => (await hands()) === wanted;

describe("what staff have asked for, and a process that dies once it is done,", () => {
  it.each([
    ["a button", () => desk.room.presses("ticket.hand_back", 1)],
    ["a command", () => desk.room.commands("hand back 1")],
  ])("is not done again to the customer's next wish for a person: handed back by %s", async (_, asks) => {
    await diesOnce(
      asks,
      becomes("automated nobody"),
      "UPDATE threads SET control = 'escalated', version = version + 1",
      "UPDATE tickets SET state = 'open'",
    );
    expect(await hands()).toBe("escalated nobody");
  });

  it.each([
    ["the card's menu", () => desk.room.presses("ticket.transfer", "1 billing")],
    ["a command", () => desk.room.commands("transfer 1 billing")],
  ])("takes nothing from a colleague who has it since: transferred by %s", async (_, asks) => {
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    const tom = "room:t:staff-tom";
    await diesOnce(
      asks,
      becomes("escalated nobody"),
      `UPDATE threads SET control = 'taken_over', assignee = '${tom}', version = version + 1`,
      `UPDATE tickets SET state = 'taken', assignee = '${tom}'`,
    );
    expect(await hands()).toBe(`taken_over ${tom}`);
  });

  it("does not post a message once more that could not be sent, and has failed again since", async () => {
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    await disk.write(async (tx) => {
      await tx.run("UPDATE outbox SET state = 'failed' WHERE id = (SELECT MIN(id) FROM outbox)");
    });
    const failed = await is("SELECT id AS it FROM outbox WHERE state = 'failed'");
    await diesOnce(
      () => desk.room.presses("message.retry", String(failed)),
      async () => (await is("SELECT COUNT(*) AS it FROM outbox WHERE state = 'failed'")) === 0,
      `UPDATE outbox SET state = 'failed' WHERE id = '${failed}'`,
    );
    expect(await is(`SELECT state AS it FROM outbox WHERE id = '${failed}'`)).toBe("failed");
  });

  it("does not switch the bot off again that somebody has switched on since", async () => {
    const paused = () => is("SELECT value AS it FROM settings WHERE name = 'paused'");
    await diesOnce(
      () => desk.room.commands("pause"),
      async () => (await paused()) === "yes",
      "UPDATE settings SET value = 'no' WHERE name = 'paused'",
    );
    expect(await paused()).toBe("no");
  });
});

it("what is refused has been dealt with as well", async () => {
  for (const action of ["ticket.take", "ticket.take", "ticket.nonsense"]) await desk.room.presses(action, 1);
  await desk.room.presses("ticket.hand_back", 9);
  await desk.room.presses("ticket.transfer", "1 nowhere");
  await desk.room.presses("message.retry", "nothing");
  await desk.room.presses("ticket.take", 1, "ann");
  for (const text of ["take 1", "transfer 1 nobody", "resolve 9", "note 9 x"]) await desk.room.commands(text);
  await desk.quiet();
  expect(desk.room.whispered).toHaveLength(10);
  expect(await waiting()).toBe(0);
});
