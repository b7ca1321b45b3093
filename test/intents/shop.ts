/** A shop that pays back, and a desk in a room in front of it. */
import { z } from "zod";
import { type Clock, createClock } from "../../src/clock.ts";
import type { Config, ToolPolicy } from "../../src/config.ts";
import type { ModelRequest } from "../../src/language-model.ts";
import { auditOf } from "../../src/ledger/audit.ts";
import { defineTool, type Preview, type Tool } from "../../src/tool.ts";
import { type DeskInARoom, type DeskOptions, openDesk } from "../doubles/desk-in-a-room.ts";
import { threadOf } from "../doubles/room.ts";
import { createScriptedModel, type Line, type ScriptedModel } from "../doubles/scripted-model.ts";

export interface Shop {
  tool: Tool;
  /** What was paid for each order, in cents; a test may change it. */
  orders: Map<string, number>;
  /** What was paid back, once for each key. */
  paid: Map<string, { order: string; minor: number; customer: string }>;
  /** How often the backend was asked to pay. */
  asked: string[];
  /** What goes wrong at the next runs, in order. */
  faults: ("before" | "after" | "never")[];
}

export interface ShopOptions {
  /** The previews say what was paid and paid back, as of a shop that knows. */
  tells?: boolean;
  /** Leaves out `settle`. */
  cannotTell?: boolean;
}

export function createShop(options: ShopOptions = {}): Shop {
  const orders = new Map([
    ["ord_1", 4000],
    ["ord_2", 20_000],
    ["ord_3", 60_000],
    ["ord_4", 30_000],
    ["ord_5", 30_000],
  ]);
  const paid: Shop["paid"] = new Map();
  const asked: string[] = [];
  const faults: Shop["faults"] = [];
  const back = (order: string) =>
    [...paid.values()].reduce((sum, one) => sum + (one.order === order ? one.minor : 0), 0);
  const refund = defineTool({
    name: "refund",
    description: "Pays an order back.",
    effect: "write",
    input: z.strictObject({ order: z.string(), reason: z.string() }),
    preview({ order }): Preview {
      const minor = orders.get(order);
      if (minor === undefined) return { ok: false, reason: `There is no order ${order}.` };
      if (options.tells && back(order) >= minor) return { ok: false, reason: `${order} is paid back.` };
      const facts = { captured_minor: minor, refunded_minor: back(order) };
      return {
        ok: true,
        subject: order,
        amount: { minor, currency: "USD" },
        text: `Refund ${(minor / 100).toFixed(2)} USD for ${order}`,
        ...(options.tells ? { facts } : {}),
      };
    },
    run({ order }, { intent, customer }) {
      const key = intent?.idempotencyKey ?? "";
      asked.push(key);
      const fault = faults.shift();
      if (fault === "before") throw new Error("the backend is down");
      if (!paid.has(key)) paid.set(key, { order, minor: orders.get(order) ?? 0, customer: customer.id });
      if (fault === "after") throw new Error("the answer was lost");
      return { refunded: true, order };
    },
    ...(options.cannotTell
      ? {}
      : {
          settle: ({ order }: { order: string }, { intent }: { intent?: { idempotencyKey: string } }) =>
            paid.has(intent?.idempotencyKey ?? "")
              ? { done: true as const, result: { refunded: true, order } }
              : { done: false as const },
        }),
  });
  return { tool: refund as Tool, orders, paid, asked, faults };
}

export const usual: ToolPolicy = {
  confirm: "customer",
  money: {
    currency: "USD",
    atOnceUnderMinor: 10_000,
    withReasonUpToMinor: 50_000,
    perOrderMaxMinor: "captured",
    perCustomerPerDayMaxMinor: 50_000,
    ageDaysMax: 90,
  },
  approvers: ["staff"],
};

/** A clock that a test can put forward. */
export function movableClock(): Clock & { forward(ms: number): void } {
  const clock = createClock();
  let ahead = 0;
  return {
    ...clock,
    now: () => clock.now() + ahead,
    forward(ms) {
      ahead += ms;
    },
  };
}

/** Asks for the refund that the customer's last words name; otherwise it talks. */
export function obliging(): ScriptedModel {
  return createScriptedModel((request): Line => {
    const last = request.transcript.at(-1);
    const order = last?.role === "customer" ? /refund (ord_\d)(?:: (.+))?/.exec(last.text) : undefined;
    if (!order) return "All right.";
    return { calls: [{ name: "refund", arguments: { order: order[1], reason: order[2] ?? "as asked" } }] };
  });
}

export function openShop(
  shop: Shop,
  options: DeskOptions & { policy?: ToolPolicy } = {},
): Promise<DeskInARoom> {
  const { policy = usual, ...rest } = options;
  const configure = (config: Config): Config => ({ ...config, tools: { refund: policy } });
  return openDesk({ model: obliging(), tools: [shop.tool], configure, ...rest });
}

/** Says it as the verified customer of that name, and waits until everything has come of it. */
export async function says(desk: DeskInARoom, who: string, text: string): Promise<void> {
  await desk.room.says(who, text, { customer: `cust_${who}` });
  await desk.quiet();
}

/** Presses a button below a question in a customer's thread. */
export async function presses(
  desk: DeskInARoom,
  who: string,
  name: "intent.confirm" | "intent.cancel",
  intent: string,
  more: { thread?: string; key?: string } = {},
): Promise<void> {
  const key = more.key ?? desk.clock.id("press");
  const thread = threadOf(more.thread ?? who);
  const by = { id: `room:t:${who}`, tenant: "t", name: who, customer: `cust_${who}` };
  await desk.room.receives({
    kind: "action",
    keys: [key],
    name,
    value: intent,
    interaction: key,
    by,
    channel: thread,
    thread,
  });
  await desk.quiet();
}

/** The question that was put to a customer last. */
export function question(desk: DeskInARoom, who = "ann"): { id: string; text: string } {
  const asked = desk.room.shown.findLast(
    (one) => one.place === threadOf(who) && one.post.confirmation !== undefined,
  );
  if (!asked?.post.confirmation) throw new Error(`nothing was asked of ${who}`);
  return asked.post.confirmation;
}

/** The actions on record for a customer's thread. */
export async function deeds(desk: DeskInARoom, who = "ann"): Promise<string[]> {
  const rows = await desk.ledger.read((tx) => auditOf(tx, threadOf(who)));
  return rows.map((row) => row.action).filter((action) => !["tool.called", "turn.ended"].includes(action));
}

/** What the model was shown of a call's result, last. */
export function resultIn(request: ModelRequest | undefined): unknown {
  return request?.transcript.findLast((item) => item.role === "result")?.result;
}
