/** What must be true of a shop in the end, whatever has been done to it: money moved once, by right, and within limits. */
import { expect } from "vitest";
import type { Shown } from "../doubles/room.ts";
import type { Shop } from "../intents/shop.ts";
import type { World } from "./shop-story.ts";

/** Accounts and the customers they are; `staff-ann` by the ledger, the others by word of their platform. */
export const customers: Readonly<Record<string, string>> = {
  ann: "cust_ann",
  ben: "cust_ben",
  "staff-lee": "cust_lee",
  "staff-ann": "cust_ann",
  "staff-joe": "cust_ann",
};

export interface IntentRow {
  id: string;
  thread: string;
  state: string;
  opener: string;
  customer: string;
  subject: string;
  amount_minor: number;
  created_at: number;
  approval: number | null;
  preview: string;
}

export interface DeedRow {
  at: number;
  actor: string;
  action: string;
  subject: string;
  detail: string;
}

/** All that may ever be on record of one intent, in this order. */
const lawful = new RegExp(
  "^proposed( declined| expired| refused|( confirmed)?( done| failed| expired| refused)?" +
    "| asked( confirmed)?( denied| expired| refused| approved( done| failed)?)?)?$",
);
/** A question stands for a quarter of an hour; what had been admitted by then is not held back for a backend. */
const grace = 60_000;

interface Facts {
  intents: IntentRow[];
  audit: DeedRow[];
  shown: readonly Shown[];
  shop: Shop;
  /** The most that each order has cost at any time. */
  highest: ReadonlyMap<string, number>;
  world: World;
}

/** What was tried, so that nobody believes in what was not. */
export interface Tried {
  paid: number;
  approved: number;
  ownRefused: number;
}

export function judge(facts: Facts): Tried {
  const { intents, audit, shop, highest } = facts;
  const known = new Map(intents.map((intent) => [intent.id, intent]));
  expect(
    [...shop.paid.keys()].filter((key) => !known.has(key)),
    "paid under no intent's key",
  ).toEqual([]);
  const paid = [...shop.paid.keys()].map((key) => known.get(key) as IntentRow);
  for (const intent of intents) judgeOne(facts, intent);
  for (const [name, highestMinor] of highest) {
    const back = paid.filter((one) => one.subject === name).reduce((sum, one) => sum + one.amount_minor, 0);
    expect(back, `paid back for ${name}`).toBeLessThanOrEqual(highestMinor);
  }
  judgeDays(paid.filter((one) => one.approval === null));
  return {
    paid: paid.length,
    approved: paid.filter((one) => one.approval !== null).length,
    ownRefused: audit.filter((row) => row.action === "approval.refused" && row.detail.includes("own")).length,
  };
}

function judgeOne(facts: Facts, intent: IntentRow): void {
  const { audit, shop, world } = facts;
  const told = `${intent.id}, ${intent.subject} of ${intent.customer}`;
  const deeds = audit.filter((row) => JSON.parse(row.detail).intent === intent.id);
  const path = deeds.filter((row) => !row.action.endsWith(".refused") || row.action === "intent.refused");
  const names = path.map((row) => row.action.replace(/^(intent|approval)\./, ""));
  expect(names.join(" "), told).toMatch(lawful);
  // Everything that was begun has come to an end, and what was paid is what was shown.
  expect(["approved", "running"], told).not.toContain(intent.state);
  if (shop.asked.includes(intent.id)) expect(["done", "failed"], told).toContain(intent.state);
  const minor = shop.paid.get(intent.id)?.minor;
  expect(minor ?? intent.amount_minor, told).toBe(intent.amount_minor);
  if (minor !== undefined && world.asks) expect(names, told).toContain("confirmed");
  const by = (action: string) => deeds.filter((row) => row.action === action).map((row) => row.actor);
  // The opener alone says yes or no, in their thread; where no person has to approve, the yes is the approval.
  for (const actor of [...by("intent.declined"), ...by("intent.confirmed")])
    expect(actor, told).toBe(intent.opener);
  if (intent.approval === null && minor !== undefined) expect(minor, told).toBeLessThanOrEqual(50_000);
  // Nobody approves their own: neither with the account that asked, nor with another one of the same customer.
  for (const actor of [...by("intent.approved"), ...by("intent.denied")]) {
    expect(actor, told).toMatch(/^room:t:staff-/);
    expect(customers[actor.slice("room:t:".length)] ?? "nobody", `${told}: their own`).not.toBe(
      intent.customer,
    );
  }
  judgeWords(facts, intent, deeds);
}

/** A yes counts while its question stands, and whoever said it hears what came of it. */
function judgeWords({ shown, world }: Facts, intent: IntentRow, deeds: readonly DeedRow[]): void {
  const told = `${intent.id}, ${intent.subject} of ${intent.customer}`;
  const questions = shown.flatMap(({ post }) =>
    post.confirmation?.id === intent.id ? [post.confirmation] : [],
  );
  const until = Math.max(0, ...questions.map((one) => one.expiresAt));
  for (const { action, at } of deeds)
    if (action === "intent.confirmed") {
      expect(questions.length, `${told}: confirmed, and nobody was asked`).toBeGreaterThan(0);
      expect(at, `${told}: too late`).toBeLessThan(until + grace);
    }
  if (!world.asks || intent.state !== "done") return;
  const { text } = JSON.parse(intent.preview) as { text: string };
  const heard = shown.filter(
    (one) => one.place === intent.thread && one.post.text.startsWith(`Done: ${text}`),
  );
  expect(heard.length, `${told}: done, and nobody told`).toBeGreaterThan(0);
}

/** Without a person no more is paid to a customer in a day than the policy allows. */
function judgeDays(alone: readonly IntentRow[]): void {
  for (const one of alone) {
    const day = alone.filter(
      ({ customer, created_at: at }) =>
        customer === one.customer && at <= one.created_at && at > one.created_at - 85_000_000,
    );
    const sum = day.reduce((before, other) => before + other.amount_minor, 0);
    expect(sum, `paid to ${one.customer} in a day, without a person`).toBeLessThanOrEqual(50_000);
  }
}
