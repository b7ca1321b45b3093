import { afterEach, beforeEach, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { days } from "../../src/config/office-hours.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";

const saturday = Date.parse("2026-11-28T10:00:00Z");
const tuesday = Date.parse("2026-11-24T10:00:00Z");
const back = "Nobody is here. Our team is back on Monday at 9:00 (Europe/Berlin).";

let now: number;
let desk: DeskInARoom;
beforeEach(async () => {
  now = saturday;
  const nine = [{ fromMinute: 9 * 60, toMinute: 17 * 60 }];
  const week = Object.fromEntries(days.map((day) => [day, day.startsWith("s") ? [] : nine])) as never;
  desk = await openDesk({
    clock: { ...createClock(), now: () => now },
    configure: (config) => ({
      ...config,
      officeHours: { zone: "Europe/Berlin", week, outside: "Nobody is here." },
    }),
  });
});
afterEach(() => desk.close());

const hears = async (text: string): Promise<string | undefined> => {
  await desk.room.says("ann", text);
  await desk.quiet();
  return desk.room.seen("ann").at(-1);
};

it("outside office hours a ticket is opened at once, and its customer is told when people are back", async () => {
  expect(await hears("I want to speak to a human")).toBe(
    `I have asked a colleague to help you: your ticket is #1. A person will answer you right here. ${back}`,
  );
  expect(desk.room.shown.some(({ post }) => post.card)).toBe(true);
  now += 120_000;
  expect(await hears("Hello?")).toContain(
    `I have added this to ticket #1. A person will answer you right here. ${back}`,
  );
  await desk.room.commands("status", "ann");
  await desk.quiet();
  expect(desk.room.whispered.at(-1)).toMatch(/^- #1 .*\n\nNobody is here\. Our team is back on Monday/);
});

it("within office hours nothing is said of them, and a status without a ticket says nothing of them either", async () => {
  await desk.room.commands("status", "ann");
  await desk.quiet();
  expect(desk.room.whispered.at(-1)).toBe("There are no tickets.");
  now = tuesday;
  expect(await hears("I want to speak to a human")).toBe(
    "I have asked a colleague to help you: your ticket is #1. A person will answer you right here.",
  );
});

it("staff who answer on their day off reach the customer like on any other day", async () => {
  await hears("I want to speak to a human");
  await desk.room.presses("ticket.take", 1);
  await desk.quiet();
  const { desk_thread } = (await desk.ledger.read((tx) =>
    tx.get<{ desk_thread: string }>("SELECT desk_thread FROM tickets"),
  )) ?? { desk_thread: "" };
  await desk.room.staffSays(desk_thread, "I am here anyway.");
  await desk.quiet();
  expect(desk.room.seen("ann").at(-1)).toBe("I am here anyway.");
});

it("who waits for a person hears that their words have been added, also after the clock was put back", async () => {
  const added = () => desk.room.seen("ann").filter((text) => text.includes("I have added this")).length;
  await hears("I want to speak to a human");
  now -= 86_400_000;
  await hears("Hello?");
  expect(added()).toBe(1);
  now += 10_000;
  await hears("Anybody?");
  expect(added()).toBe(1);
});
