import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createClock } from "../../src/clock.ts";
import { policyOf } from "../../src/config.ts";
import type { Preview, ToolContext } from "../../src/tool.ts";
import { type Desk, loadDesk } from "../../src/workspace/workspace.ts";

const example = fileURLToPath(new URL("../../example", import.meta.url));
const scenarios = join(
  process.env.DESKHAND_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url)),
  "scenarios",
);
const firstStart = Date.now();

let data: string;
let desk: Desk;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "deskhand-example-"));
  desk = await loadDesk({ workspace: example, data, env: {} }, { clock: createClock() });
});
afterEach(() => {
  rmSync(data, { recursive: true });
});

function toolNamed(name: string) {
  const tool = desk.workspace.tools.find((each) => each.name === name);
  if (!tool) throw new Error(`the example has no tool ${name}`);
  return tool;
}
const context = (customer: string, more: Partial<ToolContext> = {}): ToolContext => ({
  customer: { id: customer },
  thread: { id: "console:t" },
  signal: new AbortController().signal,
  now: () => Date.now(),
  log: { info: () => {} },
  ...more,
});

/** Calls a read tool as the desk does: input checked, then run. */
async function read(name: string, input: unknown, customer = ""): Promise<unknown> {
  const tool = toolNamed(name);
  expect(tool.effect).toBe("read");
  return await tool.run(tool.input.parse(input), context(customer));
}
async function preview(name: string, input: unknown, customer: string): Promise<Preview> {
  const tool = toolNamed(name);
  const shown = await tool.preview?.(tool.input.parse(input), context(customer));
  if (!shown) throw new Error(`${name} has no preview`);
  return shown;
}
/** Runs a write tool as the desk does, under an intent with this key. */
async function write(name: string, input: unknown, customer: string, key: string): Promise<unknown> {
  const tool = toolNamed(name);
  const intent = { id: `i_${key}`, idempotencyKey: key, preview: await preview(name, input, customer) };
  return await tool.run(tool.input.parse(input), context(customer, { intent }));
}
async function settle(name: string, input: unknown, customer: string, key: string): Promise<unknown> {
  const intent = { id: `i_${key}`, idempotencyKey: key, preview: { ok: false, reason: "" } as const };
  return await toolNamed(name).settle?.(input, context(customer, { intent }));
}

/** Looks into the store from outside. */
function inStore<T>(look: (database: DatabaseSyncInstance) => T): T {
  const database = new DatabaseSync(join(data, "store.sqlite"));
  try {
    return look(database);
  } finally {
    database.close();
  }
}
const rows = (sql: string) =>
  inStore((database) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...(row as object) })),
  );

const refund = (order_id: string) => ({ order_id, reason: "not used" });

describe("the example workspace", () => {
  it("loads without problems or warnings", () => {
    const { config, workspace } = desk;
    expect([...config.warnings, ...workspace.warnings]).toEqual([]);
    expect(workspace.entry).toBe("triage");
    expect(workspace.specialists.map(({ name, passesTo }) => [name, passesTo])).toEqual([
      ["billing", ["technical"]],
      ["technical", ["billing"]],
      ["triage", ["billing", "technical"]],
    ]);
    expect(workspace.tools.map(({ name, effect, account }) => [name, effect, account ?? true])).toEqual([
      ["cancel_order", "write", true],
      ["issue_refund", "write", true],
      ["lookup_customer", "read", true],
      ["lookup_order", "read", false],
      ["lookup_order_details", "read", true],
      ["lookup_orders", "read", true],
      ["report_bug", "write", false],
      ["update_customer_plan", "write", true],
    ]);
    expect(workspace.snippets.map(({ name }) => name)).toEqual(["lost-parcel", "photo"]);
  });

  it("asks before it writes, and sets limits on money", () => {
    for (const tool of desk.workspace.tools.filter(({ effect }) => effect === "write"))
      expect(policyOf(desk.config, tool.name).confirm).toBe("customer");
    expect(policyOf(desk.config, "issue_refund").money).toEqual({
      currency: "USD",
      atOnceUnderMinor: 10_000,
      withReasonUpToMinor: 50_000,
      perOrderMaxMinor: "captured",
      perCustomerPerDayMaxMinor: 50_000,
      ageDaysMax: 90,
    });
  });

  it("takes no customer's id in any tool", () => {
    for (const { input } of desk.workspace.tools)
      expect(Object.keys((input as unknown as { shape: object }).shape)).not.toContain("customer_id");
  });
});

describe("the example's articles", () => {
  const folder = join(example, "knowledge");
  const articles = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => {
      const [, head = "", text = ""] =
        /^---\n(.*?)\n---\n(.*)$/s.exec(readFileSync(join(folder, name), "utf8")) ?? [];
      return { name, head: parse(head) as Record<string, string>, text };
    });
  const textOf = (name: string) => articles.find((article) => article.name === name)?.text;

  it("have a title, a category and a date each", () => {
    expect(articles.length).toBeGreaterThanOrEqual(12);
    for (const { name, head } of articles) {
      expect(Object.keys(head), name).toEqual(["title", "category", "updated", "url"]);
      expect(head.updated, name).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
    expect(new Set(articles.map(({ head }) => head.title)).size).toBe(articles.length);
  });

  it("say what the store promises, in these words", () => {
    expect(textOf("orders/shipping.md")).toContain("Standard shipping takes 5 to 7 business days");
    expect(textOf("orders/shipping.md")).toContain("Express shipping takes 1-2 business days");
    expect(textOf("orders/returns.md")).toContain(
      "You can return items within 30 days with the original receipt.",
    );
    expect(textOf("orders/returns.md")).toContain("account.example.com/returns");
    expect(textOf("billing/refund-policy.md")).toMatch(
      /full refunds within 30 days of purchase.*store credit only/s,
    );
    expect(textOf("billing/refund-times.md")).toContain(
      "Refunds take 3 to 5 business days to complete once they are in processing status.",
    );
  });

  it("link only to hosts that replies may link to", () => {
    const allowed = desk.config.links.allow;
    for (const { name, head, text } of articles) {
      for (const [host] of `${head.url} ${text}`.matchAll(/[a-z]+\.example\.com/g))
        expect(allowed, name).toContain(host);
    }
  });
});

describe("lookup_order", () => {
  it("tells status, items and tracking of an order by its number, and nobody's name", async () => {
    const day = (days: number) => new Date(firstStart + days * 86_400_000).toISOString().slice(0, 10);
    const order = await read("lookup_order", { order_id: "ORD-12345" });
    expect(order).toEqual({
      found: true,
      order_id: "ORD-12345",
      status: "shipped",
      placed: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
      items: [
        { product: "Desk Lamp", quantity: 1, price: "34.00" },
        { product: "Headphones", quantity: 1, price: "59.00" },
      ],
      total: "93.00",
      currency: "USD",
      expected_arrival: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
      tracking_number: "1Z999AA10123456784",
      tracking_url: "https://track.example.com/123",
    });
    expect((order as { placed: string }).placed < day(0)).toBe(true);
    expect((order as { expected_arrival: string }).expected_arrival > day(0)).toBe(true);
  });

  it("says that a number is unknown, and nothing else", async () => {
    expect(await read("lookup_order", { order_id: "ORD-9999" })).toEqual({
      found: false,
      order_id: "ORD-9999",
    });
  });

  it("refuses what is no order number before the store is asked", () => {
    const { input } = toolNamed("lookup_order");
    for (const order_id of ["ORD-1'; DROP TABLE orders;--", "ord_1001", "ORD-", "ORD-1 OR 1=1", 7, undefined])
      expect(input.safeParse({ order_id }).success).toBe(false);
    expect(existsSync(join(data, "store.sqlite"))).toBe(false);
  });

  it("knows only orders without an account, by whatever number", async () => {
    await read("lookup_order", { order_id: "ORD-1001" });
    inStore((database) => database.exec("UPDATE orders SET customer_id = 'cust_001' WHERE id = 'ORD-1001'"));
    expect(await read("lookup_order", { order_id: "ORD-1001" })).toEqual({
      found: false,
      order_id: "ORD-1001",
    });
  });
});

describe("the customer's own account", () => {
  it("shows the customer's plan, and not what they are worth to the company", async () => {
    expect(await read("lookup_customer", {}, "cust_001")).toEqual({
      found: true,
      customer_id: "cust_001",
      plan: "pro",
      since: "2025-03-15",
    });
    expect(await read("lookup_customer", {}, "cust_999")).toEqual({ found: false });
  });

  it("shows the customer's orders with totals, newest first, and nobody else's", async () => {
    const { orders } = (await read("lookup_orders", {}, "cust_001")) as { orders: unknown[] };
    expect(orders).toMatchObject([
      { order_id: "ord_1002", status: "pending", total: "49.99", products: ["API Credits - 10K"] },
      { order_id: "ord_1001", status: "delivered", total: "299.98" },
    ]);
    expect(await read("lookup_orders", {}, "cust_999")).toEqual({ currency: "USD", orders: [] });
  });

  it("ignores a customer's id among the arguments", async () => {
    expect(await read("lookup_customer", { customer_id: "cust_002" }, "cust_001")).toMatchObject({
      plan: "pro",
    });
  });

  it("answers for somebody else's order, byte by byte, as for one that does not exist", async () => {
    const answers = async (id: string) => [
      await read("lookup_order_details", { order_id: id }, "cust_001"),
      await preview("issue_refund", refund(id), "cust_001"),
      await preview("cancel_order", { order_id: id }, "cust_001"),
      await write("issue_refund", refund(id), "cust_001", `r-${id}`),
      await write("cancel_order", { order_id: id }, "cust_001", `c-${id}`),
    ];
    const others = JSON.stringify(await answers("ord_2001"));
    expect(others.replaceAll("ord_2001", "ord_7777")).toBe(JSON.stringify(await answers("ord_7777")));
    expect(await read("lookup_order_details", { order_id: "ord_2001" }, "cust_002")).toMatchObject({
      found: true,
      total: "999.99",
    });
  });

  it("is found by address or id, and by nothing else", async () => {
    const found = { id: "cust_001", email: "cust_001@example.com" };
    const find = async (claim: string) => {
      const customer = await desk.workspace.identity?.find(claim);
      return customer && { ...customer };
    };
    expect(await find(" CUST_001@example.com ")).toEqual(found);
    expect(await find("cust_001")).toEqual(found);
    for (const claim of ["", "cust_%", "' OR 1=1 --", "cust_003", "@example.com"])
      expect(await find(claim)).toBeUndefined();
  });
});

describe("issue_refund", () => {
  it("shows what would be paid back, from the store's data", async () => {
    expect(await preview("issue_refund", refund("ord_1002"), "cust_001")).toEqual({
      ok: true,
      subject: "ord_1002",
      amount: { minor: 4999, currency: "USD" },
      text: "Refund 49.99 USD for ord_1002 (API Credits - 10K)",
      facts: { status: "pending", placed: expect.any(String), captured_minor: 4999, refunded_minor: 0 },
    });
    const both = await preview("issue_refund", refund("ord_1001"), "cust_001");
    expect(both).toMatchObject({
      amount: { minor: 29_998 },
      text: "Refund 299.98 USD for ord_1001 (Pro Plan - Annual and Extra Seat Pack (5))",
    });
    expect(await preview("issue_refund", refund("ord_2001"), "cust_002")).toMatchObject({
      amount: { minor: 99_999 },
    });
  });

  it("pays once for one key, however often it is run, with the same answer", async () => {
    const first = await write("issue_refund", refund("ord_1002"), "cust_001", "key-1");
    expect(first).toEqual({
      refunded: true,
      order_id: "ord_1002",
      amount: "49.99",
      currency: "USD",
      arrives_within: "3-5 business days",
    });
    expect(await write("issue_refund", refund("ord_1002"), "cust_001", "key-1")).toEqual(first);
    expect(rows("SELECT order_id, amount_minor, reason FROM refunds")).toEqual([
      { order_id: "ord_1002", amount_minor: 4999, reason: "not used" },
    ]);
    expect(await read("lookup_order_details", { order_id: "ord_1002" }, "cust_001")).toMatchObject({
      refunded: "49.99",
    });
  });

  it("is refused from the data the second time, under any key", async () => {
    await write("issue_refund", refund("ord_1002"), "cust_001", "key-1");
    const reason = "ord_1002 has already been refunded in full: 49.99 USD.";
    expect(await preview("issue_refund", refund("ord_1002"), "cust_001")).toEqual({ ok: false, reason });
    const again = await write("issue_refund", refund("ord_1002"), "cust_001", "key-2");
    expect(again).toEqual({ refunded: false, order_id: "ord_1002", reason });
    expect(rows("SELECT id FROM refunds")).toHaveLength(1);
  });

  it("pays nothing when the amount is no longer the one that was shown", async () => {
    const tool = toolNamed("issue_refund");
    const shown = await preview("issue_refund", refund("ord_1001"), "cust_001");
    inStore((database) =>
      database.exec("INSERT INTO refunds VALUES (NULL, 'ord_1001', 5000, 'by phone', 0)"),
    );
    const intent = { id: "i", idempotencyKey: "key-1", preview: shown };
    const result = await tool.run(tool.input.parse(refund("ord_1001")), context("cust_001", { intent }));
    expect(result).toMatchObject({ refunded: false });
    expect(rows("SELECT sum(amount_minor) AS paid FROM refunds")).toEqual([{ paid: 5000 }]);
  });

  it("leaves nothing half done when it dies before its end, and can be settled either way", async () => {
    await read("lookup_orders", {}, "cust_001");
    inStore((database) =>
      database.exec("CREATE TRIGGER dies BEFORE INSERT ON done BEGIN SELECT RAISE(ABORT, 'died here'); END"),
    );
    await expect(write("issue_refund", refund("ord_1002"), "cust_001", "key-1")).rejects.toThrow("died here");
    expect(rows("SELECT id FROM refunds")).toEqual([]);
    expect(await settle("issue_refund", refund("ord_1002"), "cust_001", "key-1")).toEqual({ done: false });
    inStore((database) => database.exec("DROP TRIGGER dies"));
    const result = await write("issue_refund", refund("ord_1002"), "cust_001", "key-1");
    expect(await settle("issue_refund", refund("ord_1002"), "cust_001", "key-1")).toEqual({
      done: true,
      result,
    });
    expect(rows("SELECT id FROM refunds")).toHaveLength(1);
  });

  it("runs only for an intent, and only with a reason", async () => {
    const { run, input } = toolNamed("issue_refund");
    expect(() => run(refund("ord_1002"), context("cust_001"))).toThrow("only for an intent");
    for (const reason of [undefined, "", "  x  ", "x".repeat(501)])
      expect(input.safeParse({ order_id: "ord_1002", reason }).success).toBe(false);
  });
});

describe("cancel_order", () => {
  it("stops a pending order, once, and moves no money", async () => {
    expect(await preview("cancel_order", { order_id: "ord_1002" }, "cust_001")).toEqual({
      ok: true,
      subject: "ord_1002",
      text: "Cancel ord_1002 (API Credits - 10K, 49.99 USD)",
    });
    const first = await write("cancel_order", { order_id: "ord_1002" }, "cust_001", "key-1");
    expect(first).toMatchObject({ cancelled: true, order_id: "ord_1002" });
    expect(await write("cancel_order", { order_id: "ord_1002" }, "cust_001", "key-1")).toEqual(first);
    expect(rows("SELECT status FROM orders WHERE id = 'ord_1002'")).toEqual([{ status: "cancelled" }]);
    expect(rows("SELECT id FROM refunds")).toEqual([]);
    expect(await preview("issue_refund", refund("ord_1002"), "cust_001")).toMatchObject({
      amount: { minor: 4999 },
    });
  });

  it("refuses an order that is not pending, and says what it is", async () => {
    expect(await preview("cancel_order", { order_id: "ord_1001" }, "cust_001")).toEqual({
      ok: false,
      reason: "ord_1001 is delivered; only pending orders can be cancelled.",
    });
    const result = await write("cancel_order", { order_id: "ord_1001" }, "cust_001", "key-1");
    expect(result).toMatchObject({ cancelled: false });
    expect(rows("SELECT status FROM orders WHERE id = 'ord_1001'")).toEqual([{ status: "delivered" }]);
  });
});

describe("update_customer_plan", () => {
  it("changes the customer's own plan, once for one key", async () => {
    expect(await preview("update_customer_plan", { new_plan: "free" }, "cust_001")).toEqual({
      ok: true,
      subject: "cust_001",
      text: "Change the plan from pro to free",
    });
    const first = await write("update_customer_plan", { new_plan: "free" }, "cust_001", "key-1");
    expect(first).toEqual({ changed: true, plan: "free", was: "pro" });
    await write("update_customer_plan", { new_plan: "enterprise" }, "cust_001", "key-2");
    // The first one coming again changes nothing back.
    expect(await write("update_customer_plan", { new_plan: "free" }, "cust_001", "key-1")).toEqual(first);
    expect(rows("SELECT id, plan FROM customers ORDER BY id")).toEqual([
      { id: "cust_001", plan: "enterprise" },
      { id: "cust_002", plan: "enterprise" },
    ]);
  });

  it("refuses a plan that does not exist, and the one the customer is on", async () => {
    expect(await preview("update_customer_plan", { new_plan: "gold" }, "cust_001")).toEqual({
      ok: false,
      reason: "There is no plan gold; the plans are free, pro, enterprise.",
    });
    expect(await preview("update_customer_plan", { new_plan: "pro" }, "cust_001")).toMatchObject({
      ok: false,
    });
    expect(await write("update_customer_plan", { new_plan: "gold" }, "cust_001", "k")).toMatchObject({
      changed: false,
    });
  });
});

describe("report_bug", () => {
  const bug = { title: "500 on export", steps: "GET /export", expected: "a file", actual: "an error" };

  it("files a report for anybody, once", async () => {
    const first = await write("report_bug", bug, "", "key-1");
    expect(first).toEqual({ filed: true, report_id: "BUG-1" });
    expect(await write("report_bug", bug, "", "key-1")).toEqual(first);
    expect(await write("report_bug", bug, "cust_001", "key-2")).toEqual({ filed: true, report_id: "BUG-2" });
    expect(rows("SELECT customer_id, report FROM bug_reports ORDER BY id")).toEqual([
      { customer_id: null, report: JSON.stringify(bug) },
      { customer_id: "cust_001", report: JSON.stringify(bug) },
    ]);
  });
});

describe.skipIf(!existsSync(scenarios))(
  "the store, beside the reference scenarios (skipped without them)",
  () => {
    interface ScenarioOrder {
      id: string;
      customer?: string;
      status: string;
      placed_days_ago?: number;
      tracking_number?: string | null;
      tracking_url?: string;
      items: { product: string; quantity: number; price: string }[];
    }
    interface Scenario {
      orders: ScenarioOrder[];
      customers?: { id: string; plan: string; since: string; lifetime_value: string }[];
    }
    const files = existsSync(scenarios)
      ? readdirSync(scenarios).filter((name) => name.endsWith(".yaml"))
      : [];

    it.each(files)("holds what %s holds", async (file) => {
      const { orders, customers = [] } = parse(readFileSync(join(scenarios, file), "utf8")) as Scenario;
      for (const { id, plan, since, lifetime_value } of customers) {
        const told = await read("lookup_customer", {}, id);
        expect(told).toEqual({ found: true, customer_id: id, plan, since });
        const minor = Math.round(Number(lifetime_value) * 100);
        expect(rows(`SELECT lifetime_value_minor AS minor FROM customers WHERE id = '${id}'`)).toEqual([
          { minor },
        ]);
      }
      for (const order of orders) {
        const tool = order.customer ? "lookup_order_details" : "lookup_order";
        const found = await read(tool, { order_id: order.id }, order.customer ?? "");
        expect(found).toMatchObject({
          found: true,
          status: order.status,
          items: expect.arrayContaining(order.items),
        });
        if (order.tracking_url) expect(found).toMatchObject({ tracking_url: order.tracking_url });
        if (order.tracking_number) expect(found).toMatchObject({ tracking_number: order.tracking_number });
        if (order.placed_days_ago !== undefined) {
          const sql = `SELECT placed_at AS placedAt FROM orders WHERE id = '${order.id}'`;
          const placedAt = (rows(sql)[0] as { placedAt: number }).placedAt;
          expect(Math.floor((Date.now() - placedAt) / 86_400_000)).toBe(order.placed_days_ago);
        }
      }
    });
  },
);
