/** The reference conversations on the offline model, at the level of the contract; their data is read from DESKHAND_SHARED or ../shared. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  type Answer,
  createConversation,
  escalation,
  passage,
  type TestTool,
  tool,
} from "./offline-conversation.ts";

const folder = join(process.env.DESKHAND_SHARED ?? join(import.meta.dirname, "../../../shared"), "scenarios");
const absent = !existsSync(folder);
const title = absent ? `the scenarios (skipped: ${folder} is not there)` : "the scenarios";

interface Line {
  customer: string;
  calls?: { tool: string; arguments?: Record<string, unknown> }[];
  says?: string[];
  never?: string[];
  cites?: string[];
  specialist?: string;
  escalates?: { queue?: string; priority?: string };
}
interface Order {
  id: string;
  customer?: string;
  status: string;
  items: { product: string; quantity: number; price: string }[];
}
interface Scenario {
  articles?: { id: string; text: string; category?: string }[];
  orders: Order[];
  customers?: { id: string; plan: string }[];
  conversation: Line[];
  unknown_order?: Line[];
  refusals?: { customer: string; as: string }[];
}

function load(name: string): Scenario {
  return parse(readFileSync(join(folder, `${name}.yaml`), "utf8"));
}

const passagesOf = (scenario: Scenario) => (scenario.articles ?? []).map((one) => passage(one.id, one.text));

function lookupOrder(name: string, orders: Order[]): TestTool {
  const order = { order_id: { type: "string", pattern: "^ORD-\\d+$" } };
  return tool(name, "Look up one order by its number.", order, ({ order_id }) => {
    const found = orders.find((one) => one.id === order_id);
    return found ? { found: true, order: found } : { found: false, order_id };
  });
}

function expectLine(line: Line, answer: Answer, scenario: Scenario): void {
  const text = answer.text.toLowerCase();
  for (const says of line.says ?? []) expect(text).toContain(says.toLowerCase());
  for (const never of line.never ?? []) expect(text).not.toContain(never.toLowerCase());
  for (const id of line.cites ?? []) {
    expect(answer.text).toContain(`[${(scenario.articles ?? []).findIndex((one) => one.id === id) + 1}]`);
  }
  if (line.specialist) expect(answer.specialist).toBe(line.specialist);
  if (line.escalates) {
    const call = answer.calls.find((one) => one.name === "escalate_to_human");
    expect(call?.arguments).toMatchObject(line.escalates);
  }
}

/** Exactly these calls, in this order; `*` stands for any text. */
function expectCalls(line: Line, answer: Answer): void {
  const wanted = (line.calls ?? []).map((call) => ({
    name: call.tool,
    arguments: Object.fromEntries(
      Object.entries(call.arguments ?? {}).map(([name, value]) => [
        name,
        value === "*" ? expect.any(String) : value,
      ]),
    ),
  }));
  expect(answer.calls).toMatchObject(wanted);
  expect(answer.calls).toHaveLength(wanted.length);
}

async function replay(scenario: Scenario, lines: Line[], tools: TestTool[]): Promise<Answer[]> {
  const conversation = createConversation({ passages: passagesOf(scenario), specialists: { main: tools } });
  const answers: Answer[] = [];
  for (const line of lines) {
    const answer = await conversation.say(line.customer);
    expectLine(line, answer, scenario);
    expectCalls(line, answer);
    answers.push(answer);
  }
  return answers;
}

describe.skipIf(absent)(title, () => {
  it("refund-dialogue: asks for the order once, remembers it, answers from the article", async () => {
    const scenario = load("refund-dialogue");
    await replay(scenario, scenario.conversation, [
      lookupOrder("lookup_order", scenario.orders),
      escalation(),
    ]);
  });

  it("refund-dialogue: an order that does not exist is not made up", async () => {
    const scenario = load("refund-dialogue");
    await replay(scenario, scenario.unknown_order ?? [], [
      lookupOrder("lookup_order", scenario.orders),
      escalation(),
    ]);
  });

  it("safety-valve: article, order, and a person for an angry customer", async () => {
    const scenario = load("safety-valve");
    await replay(scenario, scenario.conversation, [
      lookupOrder("lookup_order_status", scenario.orders),
      escalation(),
    ]);
  });

  it("safety-valve: an injected order id reaches no tool", async () => {
    const scenario = load("safety-valve");
    const conversation = createConversation({
      passages: passagesOf(scenario),
      specialists: { main: [lookupOrder("lookup_order_status", scenario.orders), escalation()] },
    });
    const answer = await conversation.say("order id is ORD-1'; DROP TABLE orders;--");
    expect(answer.calls.filter((call) => call.name === "lookup_order_status")).toEqual([]);
    expect(answer.text).toContain("order number");
  });

  it("knowledge-and-orders: two articles, an order with its link, a disputed charge to billing", async () => {
    const scenario = load("knowledge-and-orders");
    await replay(scenario, scenario.conversation, [
      lookupOrder("lookup_order", scenario.orders),
      escalation(),
    ]);
  });
});

/** The stateful desk over the scenario's data: reads scoped to one customer, writes that change it. */
function statefulDesk(scenario: Scenario, customer: string) {
  const orders = scenario.orders.filter((one) => one.customer === customer);
  const plan = { now: scenario.customers?.find((one) => one.id === customer)?.plan };
  const refunds: { order: string; reason: unknown }[] = [];
  const totalOf = (order: Order) => order.items.reduce((sum, item) => sum + Number(item.price), 0).toFixed(2);
  const find = (id: unknown) => orders.find((one) => one.id === id);
  const id = { order_id: { type: "string", pattern: "^ord_\\d+$" } };
  const lookups = [
    tool("lookup_customer", "The customer's account and plan.", {}, () => ({ id: customer, plan: plan.now })),
    tool("lookup_orders", "All orders of the customer.", {}, () => ({
      orders: orders.map((one) => ({
        order_id: one.id,
        status: one.status,
        total: totalOf(one),
        items: one.items,
      })),
    })),
  ];
  const refund = tool(
    "issue_refund",
    "Refund one of the customer's own orders.",
    { ...id, reason: { type: "string", minLength: 3, maxLength: 500 } },
    ({ order_id, reason }) => {
      const order = find(order_id);
      if (!order) return { ok: false, reason: `There is no order ${order_id} in this account.` };
      if (refunds.some((one) => one.order === order_id))
        return { ok: false, reason: "It has been refunded already." };
      if (Number(totalOf(order)) >= 100 && /^refund/i.test(String(reason))) {
        return { ok: false, reason: "This amount needs a documented reason.", missing: "reason" };
      }
      refunds.push({ order: order.id, reason });
      return { ok: true, order_id, refunded: totalOf(order), arrives: "3-5 business days" };
    },
    { effect: "write" },
  );
  const cancel = tool(
    "cancel_order",
    "Cancel a pending order of the customer.",
    id,
    ({ order_id }) => {
      const order = find(order_id);
      if (order?.status === "pending") return { ok: true, text: `${order.id} is cancelled.` };
      return {
        ok: false,
        reason: order
          ? `${order.id} is ${order.status}; only pending orders can be cancelled.`
          : "There is no such order.",
      };
    },
    { effect: "write" },
  );
  const change = tool(
    "update_customer_plan",
    "Move the customer's account to another plan.",
    { new_plan: { type: "string", pattern: "^[a-z]{1,30}$" } },
    ({ new_plan }) => {
      plan.now = String(new_plan);
      return { ok: true, plan: new_plan };
    },
    { effect: "write" },
  );
  const pass = (name: string, about: string) =>
    tool(
      `transfer_to_${name}`,
      `Pass the conversation to ${name}: ${about}`,
      { reason: { type: "string" } },
      () => ({ now: name }),
    );
  const technical = pass(
    "technical",
    "API issues, integrations, bug reports (steps, expected, actual, error messages)",
  );
  const billing = pass("billing", "refunds, charge disputes, plan changes");
  const specialists = {
    triage: [...lookups, billing, technical, escalation()],
    billing: [...lookups, refund, cancel, change, technical, escalation()],
    technical: [...lookups, billing, escalation()],
  };
  return { conversation: createConversation({ specialists }), refunds, plan };
}

describe.skipIf(absent)(`${title}: stateful-desk`, () => {
  it("passes on to billing, refunds what was described, changes the plan", async () => {
    const scenario = load("stateful-desk");
    const desk = statefulDesk(scenario, "cust_001");
    for (const line of scenario.conversation) {
      const answer = await desk.conversation.say(line.customer);
      expectLine(line, answer, scenario);
      const calls = answer.calls.filter((call) => !call.name.startsWith("transfer_to_"));
      expectCalls(line, { ...answer, calls });
    }
    expect(desk.refunds).toEqual([{ order: "ord_1002", reason: expect.stringContaining("haven't used") }]);
    expect(desk.plan.now).toBe("free");
  });

  it("answers for another customer's order as for one that does not exist", async () => {
    const desk = statefulDesk(load("stateful-desk"), "cust_001");
    const foreign = await desk.conversation.say("Refund ord_2001 please");
    const nowhere = await statefulDesk(load("stateful-desk"), "cust_001").conversation.say(
      "Refund ord_9999 please",
    );
    expect(foreign.text.replaceAll("ord_2001", "ord_9999")).toBe(nowhere.text);
    expect(desk.refunds).toEqual([]);
  });

  it("asks for the reason that a larger refund needs, and passes it on", async () => {
    const desk = statefulDesk(load("stateful-desk"), "cust_001");
    const asked = await desk.conversation.say("Refund ord_1001");
    expect(asked.text).toContain("What is the reason?");
    expect(desk.refunds).toEqual([]);
    const done = await desk.conversation.say("The seats were too many for our team");
    expect(done.calls.map((call) => call.name)).toEqual(["issue_refund"]);
    expect(desk.refunds).toEqual([{ order: "ord_1001", reason: "The seats were too many for our team" }]);
  });

  it("says why a delivered order cannot be cancelled, and why a second refund is refused", async () => {
    const desk = statefulDesk(load("stateful-desk"), "cust_001");
    expect((await desk.conversation.say("Cancel ord_1001")).text).toContain(
      "only pending orders can be cancelled",
    );
    await desk.conversation.say("Refund ord_1002, I never used it");
    expect((await desk.conversation.say("Refund ord_1002 again")).text).toContain("refunded already");
    expect(desk.refunds).toHaveLength(1);
  });
});
