import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Recordings, readRecordings, type Task } from "../../bench/tau/data.ts";
import { isFlawless, measure } from "../../bench/tau/measure.ts";
import { createWatch, customerOf } from "../../bench/tau/people.ts";
import { dumps, evaluated, float, folded, NoValue, round2 } from "../../bench/tau/python.ts";
import { createStore, hashOf } from "../../bench/tau/store.ts";
import { probesFor } from "../../bench/tau/strangers.ts";
import { createTools } from "../../bench/tau/tools.ts";
import { main } from "../../bench/tau.ts";
import type { Tool, ToolContext } from "../../src/tool.ts";
import { root } from "../journeys/terminal.ts";
import { called, json, records, smallRecordings, toolOf } from "./small-store.ts";

const shared = process.env.DESKHAND_SHARED ?? join(root, "..", "shared");
const folder = join(shared, "bench", "tau2-retail");

const left: string[] = [];
afterEach(() => {
  for (const path of left.splice(0)) rmSync(path, { recursive: true, force: true });
});

describe("a replay of a small store", () => {
  it("is flawless in all six manners", async () => {
    const figures = await measure(smallRecordings());
    expect(figures.flatMap((one) => one.faults)).toEqual([]);
    expect(figures).toHaveLength(6);
    for (const one of figures) {
      expect(one).toMatchObject({ tasks: 6, unlawfulWrites: 0, unlawfulReads: 0 });
      expect(one.audited).toBe(one.refused);
      if (one.lawful) expect(one).toMatchObject({ calls: 20, callsEqual: 20, statesEqual: 6 });
      else expect(one.refused).toBeGreaterThan(15);
    }
  });

  it.each([
    ["another result", (all: Recordings) => (stepIn(all, "looks", 8).result = "11.13"), "correct"],
    ["a state that is not recorded", (all: Recordings) => (taskIn(all, "returns").diff = nothing), "correct"],
    ["another hash", (all: Recordings) => (taskIn(all, "nothing").db_hash = "0"), "correct"],
  ])("finds %s", async (_what, change, manner) => {
    const all = smallRecordings();
    change(all);
    const figures = await measure(all, { manners: [manner] });
    expect(figures.filter((one) => one.faults.length > 0).map((one) => one.manner)).toEqual([manner]);
  });

  it("compares no final state that is not recorded", async () => {
    const all = smallRecordings();
    taskIn(all, "returns").diff = null;
    const figures = await measure({ ...all, tasks: [taskIn(all, "returns")] }, { manners: ["correct"] });
    expect(figures[0]).toMatchObject({ statesEqual: 1, faults: [] });
  });

  it("finds a desk that does not ask", async () => {
    const policies = { cancel_pending_order: { confirm: "none", money: undefined, approvers: [] } } as const;
    const figures = await measure(smallRecordings(), {
      manners: ["writes without asking", "writes after the customer's no"],
      policies,
    });
    expect(figures.map((one) => one.unlawfulWrites)).toEqual([1, 1]);
  });

  it("finds tools that know no owners", async () => {
    const figures = await measure(smallRecordings(), {
      manners: ["another customer's records"],
      toolsOf: (store) =>
        createTools(store).map((tool) =>
          tool.name === "get_order_details"
            ? { ...tool, run: (given) => dumps(store.orders.get((given as { order_id: string }).order_id)) }
            : tool.name === "modify_user_address"
              ? asWhomever(tool)
              : tool,
        ),
    });
    expect(figures[0]?.unlawfulReads).toBeGreaterThan(0);
    expect(figures[0]?.unlawfulWrites).toBeGreaterThan(0);
    expect(isFlawless(figures)).toBe(false);
  });

  it("takes a recorded call on somebody else's order for one that must be refused", async () => {
    const all = smallRecordings();
    const step = stepIn(all, "looks", 3);
    Object.assign(step, { arguments: { order_id: "#W22" }, result: dumps(records.orders.get("#W22")) });
    const figures = await measure(all, { manners: ["correct"] });
    expect(figures[0]).toMatchObject({ callsOnOthers: 1, faults: [] });
  });
});

describe("a recorded write to somebody else's order", () => {
  it("has to be refused, and leave that order as it was", async () => {
    const all = smallRecordings();
    const task = taskIn(all, "cancels");
    const own = stepIn(all, "cancels", 0);
    task.steps.push({ ...own, arguments: { ...own.arguments, order_id: "#W21" } });
    if (task.diff) task.diff.orders["#W21"] = { status: "cancelled" };
    const figures = await measure({ ...all, tasks: [task] }, { manners: ["correct"] });
    expect(figures[0]).toMatchObject({ callsOnOthers: 1, statesEqual: 1, unlawfulWrites: 0, faults: [] });
  });
});

describe("the probes", () => {
  it("are calls that would work for their owner", () => {
    const probes = probesFor("ann_roe_1", records, 0);
    expect(new Set(probes.map(({ call }) => call.name)).size).toBe(11);
    for (const { call, owner } of probes.filter((probe) => probe.owner !== undefined)) {
      const store = createStore(records);
      const tool = toolOf(store, call.name);
      expect(called(tool, call.arguments, owner ?? ""), call.name).not.toMatch(/^Error/);
      expect(called(toolOf(createStore(records), call.name), call.arguments, "ann_roe_1"), call.name).toMatch(
        /^Error: (?:User|Order) not found$/,
      );
    }
  });

  it("are answered as if there were nothing", () => {
    for (const { call, nowhere } of probesFor("ann_roe_1", records, 1)) {
      const answer = (given: Record<string, unknown>) =>
        called(toolOf(createStore(records), call.name), given, "ann_roe_1");
      expect(answer(call.arguments), call.name).toBe(answer(nowhere.arguments));
    }
  });
});

describe("whose conversation it is", () => {
  it("is told by what is written, found, read; otherwise it is anybody's", () => {
    const step = { result: "", error: false, write: false };
    const of = (
      ...steps: { name: string; arguments: Record<string, unknown>; result?: string; write?: boolean }[]
    ) => customerOf({ id: "1", steps: steps.map((one) => ({ ...step, ...one })) }, records);
    const reads = { name: "get_order_details", arguments: { order_id: "#W31" } };
    const finds = { name: "find_user_id_by_email", arguments: { email: "x" }, result: "bob_roe_2" };
    const writes = { name: "cancel_pending_order", arguments: { order_id: "#W11" }, write: true };
    expect(of(reads, finds, writes)).toBe("ann_roe_1");
    expect(of(reads, finds)).toBe("bob_roe_2");
    expect(of(reads)).toBe("cat_roe_3");
    expect(of()).toBe("ann_roe_1");
  });

  it("and what is others' is found in any text", () => {
    const watch = createWatch(records);
    const line = `Order #W21 (gift_card_2), written by bob_roe_2@example.com.`;
    expect(watch(line, "ann_roe_1")).toEqual(["#W21", "gift_card_2", "bob_roe_2@example.com"]);
    expect(watch(line, "bob_roe_2")).toEqual([]);
    expect(watch("Cancel order #W11 (Lamp, Lamp)", "ann_roe_1")).toEqual([]);
  });
});

describe("the store", () => {
  it("gives its records to the character, with keys in their order", () => {
    const store = createStore(records);
    expect(called(toolOf(store, "get_product_details"), { product_id: "900" }, "ann_roe_1")).toBe(
      '{"name": "Lamp", "product_id": "900", "variants": {"12": {"item_id": "12", "options": {"colour": "red"}, "available": true, "price": 10.0}, "7": {"item_id": "7", "options": {"colour": "blue"}, "available": true, "price": 12.25}, "11": {"item_id": "11", "options": {"colour": "green"}, "available": false, "price": 8.0}, "3": {"item_id": "3", "options": {"colour": "gold"}, "available": true, "price": 99.9}}}',
    );
    expect(called(toolOf(store, "get_user_details"), { user_id: "cat_roe_3" }, "cat_roe_3")).toBe(
      '{"user_id": "cat_roe_3", "name": {"first_name": "C\\u00e1t", "last_name": "Roe"}, "address": {"address1": "1 Main Street", "address2": "", "city": "Z\\u00fcrich", "country": "USA", "state": "NY", "zip": "10001"}, "email": "cat_roe_3@example.com", "payment_methods": {"credit_card_3": {"source": "credit_card", "id": "credit_card_3", "brand": "visa", "last_four": "1111"}, "gift_card_3": {"source": "gift_card", "id": "gift_card_3", "balance": 5.1}}, "orders": ["#W31"]}',
    );
  });

  it("pays a cancelled order back to the gift card it was paid with, once for each key", () => {
    const store = createStore(records);
    const tool = toolOf(store, "cancel_pending_order");
    const given = { order_id: "#W11", reason: "ordered by mistake" };
    const first = called(tool, given, "ann_roe_1");
    expect(called(tool, given, "ann_roe_1", "other key")).toBe(
      "Error: Non-pending order cannot be cancelled",
    );
    expect(JSON.parse(first)).toMatchObject({ status: "cancelled", cancel_reason: "ordered by mistake" });
    expect(store.users.get("ann_roe_1")?.payment_methods.get("gift_card_1")).toMatchObject({ balance: 35.1 });
    expect(store.deeds).toHaveLength(1);
    expect(records.orders.get("#W11")?.status).toBe("pending");
  });

  it("has the same hash until something changes", () => {
    const store = createStore(records);
    expect(hashOf(store)).toBe(hashOf(records));
    called(
      toolOf(store, "cancel_pending_order"),
      { order_id: "#W11", reason: "no longer needed" },
      "ann_roe_1",
    );
    expect(hashOf(store)).not.toBe(hashOf(records));
    expect(store.changed().orders.size).toBe(1);
  });
});

describe("Python's ways", () => {
  it.each([
    [0.125, 0.12],
    [0.135, 0.14],
    [0.375, 0.38],
    [-0.125, -0.12],
    [2.675, 2.67],
    [1819.9200000000003, 1819.92],
  ])("%d is rounded to %d", (value, rounded) => {
    expect(round2(value)).toBe(rounded);
  });

  it.each([
    [1, "1.0"],
    [0.1, "0.1"],
    [1e16, "1e+16"],
    [0.00001, "1e-05"],
    [-17.99, "-17.99"],
  ])("%d is written %s", (value, text) => {
    expect(float(value)).toBe(text);
  });

  it.each([
    ["2 + 2 * 3", 8],
    ["-(2 - 5) / 2", 1.5],
    ["2 ** 3 // 3", 2],
  ])("%s is %s", (expression, value) => {
    expect(evaluated(expression)).toBe(value);
  });

  it.each([
    ["1 / 0", "division by zero"],
    ["1.5 / (2 - 2)", "float division by zero"],
    ["1 2", "invalid syntax (<string>, line 1)"],
    ["", "invalid syntax (<string>, line 0)"],
    ["(1", "'(' was never closed (<string>, line 1)"],
    ["(1))", "unmatched ')' (<string>, line 1)"],
  ])("%j has no value: %s", (expression, why) => {
    expect(() => evaluated(expression)).toThrow(new NoValue(why));
  });

  it("names are the same in any case, with or without accents", () => {
    expect(folded("Vázquez")).toBe(folded("VAZQUEZ"));
  });
});

describe("a folder", () => {
  it("that is in order is replayed from the command", async () => {
    const all = smallRecordings();
    const one = linesOf({ ...all, tasks: [taskIn(all, "cancels")] });
    expect(await main([folderWith({ "gold.jsonl": one })])).toBe(0);
  });

  it.each([
    ["is not there", "/nowhere"],
    ["has no store", folderOf({ "db.json": undefined })],
    ["has a store that is not JSON", folderOf({ "db.json": "{" })],
    ["has a store without orders", folderOf({ "db.json": '{"products": {}, "users": {}}' })],
    ["has tools of another store", folderOf({ "tools.openai.json": "[]" })],
    ["has a tool with another parameter", folderOf({ "tools.openai.json": schemasOf("order_number") })],
    ["has tasks that are not JSON", folderOf({ "gold.jsonl": "{}\nnonsense" })],
    ["has a task without steps", folderOf({ "gold.jsonl": '{"id": "1"}' })],
    ["has no tasks", folderOf({ "gold.jsonl": "\n" })],
    ["has a task twice", folderOf({ "gold.jsonl": '{"id": 1, "steps": []}\n{"id": "1", "steps": []}' })],
  ])("that %s is refused with a clear word", async (_what, where) => {
    const path = typeof where === "string" ? where : folderWith(where);
    expect(() => readRecordings(path, createTools(createStore(records)))).toThrow(
      /^(?:db\.json|tools\.openai\.json|gold\.jsonl)/,
    );
    expect(await main([path])).toBe(2);
  });

  it("has to be named, and only one", async () => {
    expect(await main([])).toBe(2);
    expect(await main(["a", "b"])).toBe(2);
    expect(await main(["--wrong"])).toBe(2);
  });
});

describe.skipIf(!existsSync(join(folder, "gold.jsonl")))(
  "the recorded store (skipped without DESKHAND_SHARED or ../shared/bench/tau2-retail)",
  () => {
    it("five tasks are flawless in all six manners", async () => {
      const { tasks, ...rest } = readRecordings(folder, createTools(createStore(records)));
      const five = [0, 1, 2, 3, 4].map((n) => tasks[Math.floor((n * (tasks.length - 1)) / 4)] as Task);
      const figures = await measure({ ...rest, tasks: five });
      expect(figures.flatMap((one) => one.faults)).toEqual([]);
    });
  },
);

const nothing = { users: {}, orders: {}, products: {} };

function taskIn({ tasks }: Recordings, id: string) {
  const found = tasks.find((task) => task.id === id);
  if (!found) throw new Error(`there is no task ${id}`);
  return found;
}

function stepIn(all: Recordings, id: string, place: number) {
  const step = taskIn(all, id).steps[place];
  if (!step) throw new Error(`there is no step ${place}`);
  return step;
}

/** A tool that believes the model about who the customer is. */
function asWhomever(tool: Tool): Tool {
  const as = (given: unknown, context: ToolContext): ToolContext => ({
    ...context,
    customer: { id: (given as { user_id: string }).user_id },
  });
  return {
    ...tool,
    preview: (given, context) => tool.preview?.(given, as(given, context)) ?? { ok: false, reason: "no" },
    run: (given, context) => tool.run(given, as(given, context)),
  };
}

type Files = Readonly<Record<string, string | undefined>>;

function folderOf(change: Files): Files {
  return {
    "db.json": json,
    "tools.openai.json": schemasOf(),
    "gold.jsonl": linesOf(smallRecordings()),
    ...change,
  };
}

/** @param renamed stands for `order_id` */
function schemasOf(renamed = "order_id"): string {
  const described = createTools(createStore(records)).map((tool) => ({
    type: "function",
    function: { name: tool.name, parameters: z.toJSONSchema(tool.input, { io: "input" }) },
  }));
  return JSON.stringify(described).replaceAll('"order_id"', JSON.stringify(renamed));
}

function linesOf({ tasks }: Recordings): string {
  const plain = (_key: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
  return tasks.map((task) => JSON.stringify(task, plain)).join("\n");
}

function folderWith(change: Files): string {
  const path = mkdtempSync(join(tmpdir(), "tau-"));
  left.push(path);
  for (const [name, content] of Object.entries(folderOf(change))) {
    if (content !== undefined) writeFileSync(join(path, name), content);
  }
  return path;
}
