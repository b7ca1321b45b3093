/** A store of three customers and the recordings of what they want, in the form of the large ones. */
import type { Recordings, Step, Task } from "../../bench/tau/data.ts";
import { createStore, parseRecords, type Records, type Store } from "../../bench/tau/store.ts";
import { createTools } from "../../bench/tau/tools.ts";
import type { Tool, ToolContext } from "../../src/tool.ts";

const address = (line: string) =>
  `{"address1": "${line}", "address2": "", "city": "Zürich", "country": "USA", "state": "NY", "zip": "10001"}`;
const item = (id: string, product: string, price: number) =>
  `{"name": "Lamp", "product_id": "${product}", "item_id": "${id}", "price": ${price}, "options": {"colour": "red"}}`;
const order = (id: string, user: string, status: string, paid: string, items: string[]) =>
  `"${id}": {"order_id": "${id}", "user_id": "${user}", "address": ${address("1 Main Street")}, "items": [${items.join(", ")}],
    "status": "${status}", "fulfillments": [{"tracking_id": ["7${id.slice(2)}"], "item_ids": []}],
    "payment_history": [{"transaction_type": "payment", "amount": 30.0, "payment_method_id": "${paid}"}]}`;
const user = (id: string, first: string, card: string, gift: string, orders: string[]) =>
  `"${id}": {"user_id": "${id}", "name": {"first_name": "${first}", "last_name": "Roe"}, "address": ${address("1 Main Street")},
    "email": "${id}@example.com", "payment_methods": {
      "${card}": {"source": "credit_card", "id": "${card}", "brand": "visa", "last_four": "1111"},
      "${gift}": {"source": "gift_card", "id": "${gift}", "balance": 5.1}},
    "orders": ${JSON.stringify(orders)}}`;

/** The keys of variants are numbers in an order of their own, which is part of what tools return. */
export const json = `{
  "products": {"900": {"name": "Lamp", "product_id": "900", "variants": {
    "12": {"item_id": "12", "options": {"colour": "red"}, "available": true, "price": 10},
    "7": {"item_id": "7", "options": {"colour": "blue"}, "available": true, "price": 12.25},
    "11": {"item_id": "11", "options": {"colour": "green"}, "available": false, "price": 8.0},
    "3": {"item_id": "3", "options": {"colour": "gold"}, "available": true, "price": 99.9}}}},
  "users": {
    ${user("ann_roe_1", "Ann", "credit_card_1", "gift_card_1", ["#W11", "#W12"])},
    ${user("bob_roe_2", "Bob", "credit_card_2", "gift_card_2", ["#W21", "#W22"])},
    ${user("cat_roe_3", "Cát", "credit_card_3", "gift_card_3", ["#W31"])}},
  "orders": {
    ${order("#W11", "ann_roe_1", "pending", "gift_card_1", [item("12", "900", 10), item("12", "900", 10)])},
    ${order("#W12", "ann_roe_1", "delivered", "credit_card_1", [item("12", "900", 10)])},
    ${order("#W21", "bob_roe_2", "pending", "gift_card_2", [item("12", "900", 10)])},
    ${order("#W22", "bob_roe_2", "delivered", "credit_card_2", [item("12", "900", 10)])},
    ${order("#W31", "cat_roe_3", "processed", "credit_card_3", [item("7", "900", 12.25)])}}
}`;

export const records: Records = parseRecords(json);

type Wanted = readonly [name: string, given: Record<string, unknown>];

const swap = { item_ids: ["12"], new_item_ids: ["7"], payment_method_id: "credit_card_1" };
const moved = {
  address1: "2 Side Street",
  address2: "Apt 3",
  city: "Troy",
  state: "NY",
  country: "USA",
  zip: "12180",
};

/** Every tool is used at least once, some in vain. */
const wishes: Readonly<Record<string, readonly Wanted[]>> = {
  looks: [
    ["find_user_id_by_email", { email: "nobody@example.com" }],
    ["find_user_id_by_name_zip", { first_name: "ann", last_name: "Roe", zip: "10001" }],
    ["get_user_details", { user_id: "ann_roe_1" }],
    ["get_order_details", { order_id: "#W12" }],
    ["get_order_details", { order_id: "#W99" }],
    ["get_product_details", { product_id: "900" }],
    ["get_item_details", { item_id: "7" }],
    ["list_all_product_types", {}],
    ["calculate", { expression: "(10 + 12.25) / 2" }],
    ["transfer_to_human_agents", { summary: "wants more" }],
  ],
  cancels: [["cancel_pending_order", { order_id: "#W11", reason: "no longer needed" }]],
  changes: [
    ["modify_pending_order_address", { order_id: "#W11", ...moved }],
    ["modify_user_address", { user_id: "ann_roe_1", ...moved }],
    ["modify_pending_order_payment", { order_id: "#W11", payment_method_id: "credit_card_1" }],
    ["modify_pending_order_items", { order_id: "#W11", ...swap }],
    ["modify_pending_order_items", { order_id: "#W11", ...swap }],
  ],
  exchanges: [
    [
      "exchange_delivered_order_items",
      { order_id: "#W12", ...swap, new_item_ids: ["3"], payment_method_id: "gift_card_1" },
    ],
    ["exchange_delivered_order_items", { order_id: "#W12", ...swap }],
    ["get_order_details", { order_id: "#W12" }],
  ],
  returns: [
    [
      "return_delivered_order_items",
      { order_id: "#W12", item_ids: ["12"], payment_method_id: "credit_card_1" },
    ],
  ],
  nothing: [],
};

export function smallRecordings(): Recordings {
  return { records, tasks: Object.keys(wishes).map((id) => recorded(id, wishes[id] ?? [])) };
}

/** What the tools themselves say, without a desk between. */
function recorded(id: string, wanted: readonly Wanted[], customer = "ann_roe_1"): Task {
  const store = createStore(records);
  const tools = createTools(store);
  const steps = wanted.map(([name, given], place) =>
    stepOf(tools, customer, `${id} ${place}`, [name, given]),
  );
  const { users, orders } = store.changed();
  const plain = (table: ReadonlyMap<string, unknown>) => Object.fromEntries(table);
  return { id, steps, diff: { users: plain(users), orders: plain(orders), products: {} } };
}

function stepOf(tools: readonly Tool[], customer: string, key: string, [name, given]: Wanted): Step {
  const tool = tools.find((one) => one.name === name);
  if (!tool) throw new Error(`there is no tool ${name}`);
  const result = called(tool, given, customer, key);
  return {
    name,
    arguments: given,
    result,
    error: result.startsWith("Error"),
    write: tool.effect === "write",
  };
}

/** Runs a tool as its customer would after every question has been answered. */
export function called(tool: Tool, given: Record<string, unknown>, customer: string, key = "key"): string {
  const context = {
    customer: { id: customer },
    thread: { id: "room:t:x" },
    intent: { id: key, idempotencyKey: key, preview: { ok: true, subject: "", text: "" } },
    signal: new AbortController().signal,
    now: () => 0,
    log: { info: () => {} },
  } satisfies ToolContext;
  const preview = tool.preview?.(given, context) as { ok: boolean; reason: string } | undefined;
  return preview?.ok === false ? preview.reason : String(tool.run(given, context));
}

export function toolOf(store: Store, name: string): Tool {
  const tool = createTools(store).find((one) => one.name === name);
  if (!tool) throw new Error(`there is no tool ${name}`);
  return tool;
}
