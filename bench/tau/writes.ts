/**
 * What each write would do to the store, and does: checked in the order of the original, in its words. Whoever asks is a
 * customer of the store; a record of somebody else's is not found, like one that does not exist.
 */
import { dumps, round2 } from "./python.ts";
import type { Address, Order, PaymentMethod, Store, Variant, Writable } from "./store.ts";

export interface Plan {
  ok: true;
  /** The record it is about. */
  subject: string;
  /** Whose it is. */
  owner: string;
  /** What would happen, for people. */
  text: string;
  /** @returns the record afterwards, as the tool tells it */
  apply(write: Writable): string;
}

/** Why it cannot be done. */
export class NotPossible extends Error {
  override readonly name = "NotPossible";
}

type Given<Field extends string, Value = string> = Record<Field, Value>;
export type Exchange = Given<"order_id" | "payment_method_id"> & Given<"item_ids" | "new_item_ids", string[]>;

function orderOf(store: Store, customer: string, id: string): Order {
  const order = store.orders.get(id);
  if (order?.user_id !== customer) throw new NotPossible("Order not found");
  return order;
}

/** @throws NotPossible, like all of these */
export function cancel(
  store: Store,
  customer: string,
  { order_id, reason }: Given<"order_id" | "reason">,
): Plan {
  const order = orderOf(store, customer, order_id);
  if (order.status !== "pending") throw new NotPossible("Non-pending order cannot be cancelled");
  if (reason !== "no longer needed" && reason !== "ordered by mistake")
    throw new NotPossible("Invalid reason");
  const refunds = order.payment_history.map(({ amount, payment_method_id }) => {
    methodOf(store, customer, payment_method_id);
    return { transaction_type: "refund", amount, payment_method_id };
  });
  return planOf(
    order,
    `Cancel order ${order_id} (${namesOf(order)}), ${reason}, and pay back ${ways(refunds)}`,
    (write) => {
      for (const { amount, payment_method_id } of refunds) credit(write, customer, payment_method_id, amount);
      const mine = write.order(order_id);
      mine.status = "cancelled";
      mine.cancel_reason = reason;
      mine.payment_history.push(...refunds);
      return dumps(mine);
    },
  );
}

export function exchange(store: Store, customer: string, input: Exchange): Plan {
  const { order_id, item_ids, new_item_ids, payment_method_id } = input;
  const order = orderOf(store, customer, order_id);
  if (order.status !== "delivered") throw new NotPossible("Non-delivered order cannot be exchanged");
  allThere(order, item_ids, (id) => `Number of ${id} not found.`);
  if (item_ids.length !== new_item_ids.length)
    throw new NotPossible("The number of items to be exchanged should match.");
  const swaps = item_ids.map((id, place) => swapOf(store, order, id, new_item_ids[place] ?? ""));
  const difference = round2(differenceOf(swaps));
  const method = methodOf(store, customer, payment_method_id);
  if (method.source === "gift_card" && method.balance < difference)
    throw new NotPossible("Insufficient gift card balance to pay for the price difference");
  return planOf(
    order,
    `Exchange in order ${order_id}: ${swapText(swaps)}; ${settling(difference, payment_method_id)}`,
    (write) => {
      const mine = write.order(order_id);
      mine.status = "exchange requested";
      mine.exchange_items = [...item_ids].sort();
      mine.exchange_new_items = [...new_item_ids].sort();
      mine.exchange_payment_method_id = payment_method_id;
      mine.exchange_price_difference = difference;
      return dumps(mine);
    },
  );
}

export function modifyItems(store: Store, customer: string, input: Exchange): Plan {
  const { order_id, item_ids, new_item_ids, payment_method_id } = input;
  const order = orderOf(store, customer, order_id);
  if (order.status !== "pending") throw new NotPossible("Non-pending order cannot be modified");
  allThere(order, item_ids, (id) => `${id} not found`);
  if (item_ids.length !== new_item_ids.length)
    throw new NotPossible("The number of items to be exchanged should match");
  const swaps = item_ids.map((id, place) => {
    if (id === new_item_ids[place])
      throw new NotPossible("The new item id should be different from the old item id");
    return swapOf(store, order, id, new_item_ids[place] ?? "");
  });
  const difference = differenceOf(swaps);
  const method = methodOf(store, customer, payment_method_id);
  if (method.source === "gift_card" && method.balance < difference)
    throw new NotPossible("Insufficient gift card balance to pay for the new item");
  return planOf(
    order,
    `Change in order ${order_id}: ${swapText(swaps)}; ${settling(round2(difference), payment_method_id)}`,
    (write) => {
      const mine = write.order(order_id);
      const transaction_type = difference > 0 ? "payment" : "refund";
      mine.payment_history.push({ transaction_type, amount: Math.abs(difference), payment_method_id });
      credit(write, customer, payment_method_id, -difference);
      replaceItems(mine, swaps);
      mine.status = "pending (item modified)";
      return dumps(mine);
    },
  );
}

export function changePayment(
  store: Store,
  customer: string,
  { order_id, payment_method_id }: Given<"order_id" | "payment_method_id">,
): Plan {
  const order = orderOf(store, customer, order_id);
  if (!order.status.includes("pending")) throw new NotPossible("Non-pending order cannot be modified");
  const method = methodOf(store, customer, payment_method_id);
  const [paid, ...more] = order.payment_history;
  if (!paid || more.length > 0 || paid.transaction_type !== "payment")
    throw new NotPossible("There should be exactly one payment for a pending order");
  if (paid.payment_method_id === payment_method_id)
    throw new NotPossible("The new payment method should be different from the current one");
  const { amount } = paid;
  if (method.source === "gift_card" && method.balance < amount)
    throw new NotPossible("Insufficient gift card balance to pay for the order");
  const text = `Pay order ${order_id} (${amount.toFixed(2)}) with ${payment_method_id} instead of ${paid.payment_method_id}`;
  return planOf(order, text, (write) => {
    const mine = write.order(order_id);
    mine.payment_history.push(
      { transaction_type: "payment", amount, payment_method_id },
      { transaction_type: "refund", amount, payment_method_id: paid.payment_method_id },
    );
    credit(write, customer, payment_method_id, -amount);
    credit(write, customer, paid.payment_method_id, amount);
    return dumps(mine);
  });
}

export function changeOrderAddress(store: Store, customer: string, input: Given<"order_id"> & Address): Plan {
  const order = orderOf(store, customer, input.order_id);
  if (!order.status.includes("pending")) throw new NotPossible("Non-pending order cannot be modified");
  const address = addressOf(input);
  return planOf(order, `Send order ${order.order_id} to ${lineOf(address)}`, (write) => {
    const mine = write.order(order.order_id);
    mine.address = address;
    return dumps(mine);
  });
}

export function changeUserAddress(store: Store, customer: string, input: Given<"user_id"> & Address): Plan {
  if (input.user_id !== customer || !store.users.has(customer)) throw new NotPossible("User not found");
  const address = addressOf(input);
  return {
    ok: true,
    subject: customer,
    owner: customer,
    text: `Change the default address to ${lineOf(address)}`,
    apply(write) {
      const mine = write.user(customer);
      mine.address = address;
      return dumps(mine);
    },
  };
}

export function returnItems(
  store: Store,
  customer: string,
  {
    order_id,
    item_ids,
    payment_method_id,
  }: Given<"order_id" | "payment_method_id"> & Given<"item_ids", string[]>,
): Plan {
  const order = orderOf(store, customer, order_id);
  if (order.status !== "delivered") throw new NotPossible("Non-delivered order cannot be returned");
  const method = methodOf(store, customer, payment_method_id);
  if (method.source !== "gift_card" && payment_method_id !== order.payment_history[0]?.payment_method_id)
    throw new NotPossible("Payment method should be the original payment method");
  allThere(order, item_ids, () => "Some item not found");
  const names = item_ids.map((id) => order.items.find((item) => item.item_id === id)?.name);
  return planOf(
    order,
    `Return of order ${order_id}: ${names.join(", ")}; refund to ${payment_method_id}`,
    (write) => {
      const mine = write.order(order_id);
      mine.status = "return requested";
      mine.return_items = [...item_ids].sort();
      mine.return_payment_method_id = payment_method_id;
      return dumps(mine);
    },
  );
}

function planOf(order: Order, text: string, apply: Plan["apply"]): Plan {
  return { ok: true, subject: order.order_id, owner: order.user_id, text, apply };
}

interface Swap {
  id: string;
  name: string;
  to: Variant;
  difference: number;
}

function swapOf(store: Store, order: Order, id: string, newId: string): Swap {
  const item = order.items.find((one) => one.item_id === id);
  if (!item) throw new NotPossible(`Item ${id} not found`);
  const product = store.products.get(item.product_id);
  if (!product) throw new NotPossible("Product not found");
  const to = product.variants.get(newId);
  if (!to) throw new NotPossible("Variant not found");
  if (!to.available) throw new NotPossible(`New item ${newId} not found or available`);
  return { id, name: item.name, to, difference: to.price - item.price };
}

function differenceOf(swaps: readonly Swap[]): number {
  return swaps.reduce((sum, { difference }) => sum + difference, 0);
}

/** As the original does it: whatever the items were, each gets the price and options of the last one. */
function replaceItems(order: Order, swaps: readonly Swap[]): void {
  const last = swaps.at(-1)?.to;
  for (const { id, to } of swaps) {
    const item = order.items.find((one) => one.item_id === id);
    if (!item || !last) throw new NotPossible(`Item ${id} not found`);
    item.item_id = to.item_id;
    item.price = last.price;
    item.options = structuredClone(last.options);
  }
}

function allThere(order: Order, ids: readonly string[], otherwise: (id: string) => string): void {
  const count = (list: readonly string[], id: string) => list.filter((one) => one === id).length;
  const there = order.items.map((item) => item.item_id);
  const missing = ids.find((id) => count(ids, id) > count(there, id));
  if (missing !== undefined) throw new NotPossible(otherwise(missing));
}

function methodOf(store: Store, customer: string, id: string): PaymentMethod {
  const method = store.users.get(customer)?.payment_methods.get(id);
  if (!method) throw new NotPossible("Payment method not found");
  return method;
}

/** Only a gift card has a balance of its own. */
function credit(write: Writable, customer: string, id: string, amount: number): void {
  const method = write.user(customer).payment_methods.get(id);
  if (method?.source === "gift_card") method.balance = round2(method.balance + amount);
}

function addressOf({ address1, address2, city, country, state, zip }: Address): Address {
  return { address1, address2, city, country, state, zip };
}

function lineOf(address: Address): string {
  const { address1, address2, city, state, zip, country } = address;
  return [address1, address2, city, `${state} ${zip}`, country].filter(Boolean).join(", ");
}

function namesOf(order: Order): string {
  return order.items.map((item) => item.name).join(", ");
}

function swapText(swaps: readonly Swap[]): string {
  return swaps
    .map(({ id, name, to }) => `${name} ${id} for ${[...to.options.values()].join(", ")} (${to.item_id})`)
    .join("; ");
}

function settling(difference: number, method: string): string {
  const amount = Math.abs(difference).toFixed(2);
  return difference > 0 ? `${method} pays ${amount}` : `${amount} goes back to ${method}`;
}

function ways(refunds: readonly { amount: number; payment_method_id: string }[]): string {
  return refunds
    .map(({ amount, payment_method_id }) => `${amount.toFixed(2)} to ${payment_method_id}`)
    .join(", ");
}
