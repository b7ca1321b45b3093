/** Calls on records of others: each would work for the owner, so that nothing but ownership stands in its way. */
import type { Order, PaymentMethod, Records, User } from "./store.ts";

export interface Call {
  name: string;
  arguments: Record<string, unknown>;
}

export interface Probe {
  call: Call;
  /** The same with a record that does not exist: the answer must be the same. */
  nowhere: Call;
  /** Who could make this call; undefined: nobody. */
  owner: string | undefined;
}

const elsewhere = {
  address1: "1 Other Street",
  address2: "",
  city: "Elsewhere",
  state: "NY",
  country: "USA",
  zip: "10001",
};
const noOrder = "#W0000000";
const noUser = "nobody_0000";
const noMethod = "gift_card_0000000";

/** @param start where the search for others begins, so that different tasks meet different people */
export function probesFor(customer: string, records: Records, start: number): Probe[] {
  const users = turned([...records.users.values()], start).filter((user) => user.user_id !== customer);
  const orders = turned([...records.orders.values()], start).filter((order) => order.user_id !== customer);
  const stranger = users[0];
  return [
    ...(stranger ? onProfile(stranger) : []),
    ...onOrders(orders, records),
    ...withTheirMoney(customer, stranger, records),
  ];
}

function onProfile(user: User): Probe[] {
  const { user_id: owner, email, name, address } = user;
  const probe = (called: string, given: Record<string, unknown>, nobody: Record<string, unknown>): Probe => ({
    call: { name: called, arguments: given },
    nowhere: { name: called, arguments: nobody },
    owner,
  });
  return [
    probe("find_user_id_by_email", { email }, { email: "nobody@example.com" }),
    probe(
      "find_user_id_by_name_zip",
      { ...name, zip: address.zip },
      { first_name: "No", last_name: "Body", zip: "00000" },
    ),
    probe("get_user_details", { user_id: owner }, { user_id: noUser }),
    probe("modify_user_address", { user_id: owner, ...elsewhere }, { user_id: noUser, ...elsewhere }),
  ];
}

function onOrders(orders: readonly Order[], records: Records): Probe[] {
  const probes: Probe[] = [];
  const add = (order: Order | undefined, name: string, given: Record<string, unknown> | undefined): void => {
    if (!order || !given) return;
    const { order_id, user_id: owner } = order;
    probes.push({
      call: { name, arguments: { order_id, ...given } },
      nowhere: { name, arguments: { order_id: noOrder, ...given } },
      owner,
    });
  };
  const [pending, delivered] = ["pending", "delivered"].map((status) =>
    orders.find((order) => order.status === status && swapFor(order, records) !== undefined),
  );
  const repayable = orders.find(
    (order) => order.status === "pending" && otherMethod(order, records) !== undefined,
  );
  add(delivered ?? orders[0], "get_order_details", {});
  add(pending, "cancel_pending_order", { reason: "no longer needed" });
  add(pending, "modify_pending_order_address", elsewhere);
  add(pending, "modify_pending_order_items", pending && swapFor(pending, records));
  add(repayable, "modify_pending_order_payment", repayable && otherMethod(repayable, records));
  add(delivered, "exchange_delivered_order_items", delivered && swapFor(delivered, records));
  add(delivered, "return_delivered_order_items", delivered && returnOf(delivered, records));
  return probes;
}

/** The customer's own orders, paid with somebody else's money. */
function withTheirMoney(customer: string, stranger: User | undefined, records: Records): Probe[] {
  const theirs = stranger?.payment_methods.keys().next().value;
  if (theirs === undefined) return [];
  const own = [...records.orders.values()].filter((order) => order.user_id === customer);
  const probe = (name: string, given: Record<string, unknown>): Probe => ({
    call: { name, arguments: { ...given, payment_method_id: theirs } },
    nowhere: { name, arguments: { ...given, payment_method_id: noMethod } },
    owner: undefined,
  });
  return own.flatMap((order): Probe[] => {
    const { order_id } = order;
    if (order.status === "pending") return [probe("modify_pending_order_payment", { order_id })];
    if (order.status !== "delivered") return [];
    const item_ids = order.items.slice(0, 1).map((item) => item.item_id);
    return [probe("return_delivered_order_items", { order_id, item_ids })];
  });
}

/** An item of the order for another one that can be had, paid by a card. */
function swapFor(order: Order, records: Records): Record<string, unknown> | undefined {
  const method = methodsOf(order, records).find((one) => one.source !== "gift_card");
  if (!method) return undefined;
  for (const item of order.items) {
    const variants = [...(records.products.get(item.product_id)?.variants.values() ?? [])];
    const other = variants.find((one) => one.available && one.item_id !== item.item_id);
    if (other)
      return { item_ids: [item.item_id], new_item_ids: [other.item_id], payment_method_id: method.id };
  }
  return undefined;
}

function otherMethod(order: Order, records: Records): Record<string, unknown> | undefined {
  const [paid, ...more] = order.payment_history;
  if (!paid || more.length > 0) return undefined;
  const other = methodsOf(order, records).find(
    (one) => one.source !== "gift_card" && one.id !== paid.payment_method_id,
  );
  return other && { payment_method_id: other.id };
}

function returnOf(order: Order, records: Records): Record<string, unknown> | undefined {
  const paid = order.payment_history[0]?.payment_method_id;
  const method = methodsOf(order, records).find((one) => one.id === paid);
  const item = order.items[0];
  return method && item && { item_ids: [item.item_id], payment_method_id: method.id };
}

function methodsOf(order: Order, records: Records): PaymentMethod[] {
  return [...(records.users.get(order.user_id)?.payment_methods.values() ?? [])];
}

function turned<T>(list: readonly T[], start: number): T[] {
  const from = list.length === 0 ? 0 : start % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}
