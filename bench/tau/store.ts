/**
 * A retail store's records, and a store of one conversation: the records as they were, and above them what this
 * conversation has changed. The records themselves are frozen and shared.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { dumps } from "./python.ts";

const text = z.string();
const address = z.object({
  address1: text,
  address2: text,
  city: text,
  country: text,
  state: text,
  zip: text,
});
const paymentMethod = z.discriminatedUnion("source", [
  z.object({ source: z.literal("credit_card"), id: text, brand: text, last_four: text }),
  z.object({ source: z.literal("paypal"), id: text }),
  z.object({ source: z.literal("gift_card"), id: text, balance: z.number() }),
]);

/** Objects whose keys are data: their order is part of what tools return. */
const keyed = <T extends z.ZodType>(value: T) =>
  z
    .record(text, value)
    .transform((record) => new Map(Object.entries(record).map(([key, one]) => [bare(key), one])));

const user = z.object({
  user_id: text,
  name: z.object({ first_name: text, last_name: text }),
  address,
  email: text,
  payment_methods: keyed(paymentMethod),
  orders: z.array(text),
});

const later = <T extends z.ZodType>(value: T) => value.nullable().default(null as never);
const order = z.object({
  order_id: text,
  user_id: text,
  address,
  items: z.array(
    z.object({ name: text, product_id: text, item_id: text, price: z.number(), options: keyed(text) }),
  ),
  status: text,
  fulfillments: z.array(z.object({ tracking_id: z.array(text), item_ids: z.array(text) })),
  payment_history: z.array(z.object({ transaction_type: text, amount: z.number(), payment_method_id: text })),
  cancel_reason: later(text),
  exchange_items: later(z.array(text)),
  exchange_new_items: later(z.array(text)),
  exchange_payment_method_id: later(text),
  exchange_price_difference: later(z.number()),
  return_items: later(z.array(text)),
  return_payment_method_id: later(text),
});

const variant = z.object({ item_id: text, options: keyed(text), available: z.boolean(), price: z.number() });
const product = z.object({ name: text, product_id: text, variants: keyed(variant) });
const database = z.object({ products: keyed(product), users: keyed(user), orders: keyed(order) });

export type Address = z.infer<typeof address>;
export type PaymentMethod = z.infer<typeof paymentMethod>;
export type User = z.infer<typeof user>;
export type Order = z.infer<typeof order>;
export type Variant = z.infer<typeof variant>;
export type Product = z.infer<typeof product>;

export interface Records {
  readonly products: ReadonlyMap<string, Product>;
  readonly users: ReadonlyMap<string, User>;
  readonly orders: ReadonlyMap<string, Order>;
}

export type Table = keyof Records;

/** Stands before keys that are numbers, which an object would sort. */
const mark = "\u2060";
const bare = (key: string): string => (key.startsWith(mark) ? key.slice(1) : key);

/** @throws ZodError, SyntaxError */
export function parseRecords(json: string): Records {
  // Only a key is digits between quotes and a colon: a quote inside of a text has a backslash before it.
  const inOrder = json.replace(/"(\d+)"(\s*:)/g, `"${mark}$1"$2`);
  return frozen(database.parse(JSON.parse(inOrder)));
}

/** All the way down; a Map keeps its contents, but those are frozen. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const inner: Iterable<unknown> = value instanceof Map ? value.values() : Object.values(value);
  for (const one of inner) frozen(one);
  return Object.freeze(value);
}

/** A write that has taken place. */
export interface Deed {
  tool: string;
  /** The idempotency key it was done under. */
  key: string;
  /** The customer of the session. */
  customer: string;
  /** The customer whose record it was. */
  owner: string;
}

export interface Store extends Records {
  /** The records as they were before. */
  readonly before: Records;
  readonly deeds: readonly Deed[];
  /** Records that read differently now, and how. */
  changed(): { users: Map<string, User>; orders: Map<string, Order> };
  /** Does it and remembers its result under the key; the same key later gives the same result and does nothing. */
  once(deed: Deed, work: (write: Writable) => string): string;
  resultOf(key: string): string | undefined;
}

/** Records to be changed in place. */
export interface Writable {
  user(id: string): User;
  order(id: string): Order;
}

/** @param before is not touched */
export function createStore(before: Records): Store {
  const users = new Map(before.users);
  const orders = new Map(before.orders);
  const deeds: Deed[] = [];
  const results = new Map<string, string>();

  /** From the first touch on, the record is this store's own. */
  function own<T>(table: Map<string, T>, old: ReadonlyMap<string, T>, id: string): T {
    const record = table.get(id);
    if (record === undefined) throw new RangeError(`there is no record ${id}`);
    if (record !== old.get(id)) return record;
    const copy = structuredClone(record);
    table.set(id, copy);
    return copy;
  }

  function differing<T>(table: ReadonlyMap<string, T>, old: ReadonlyMap<string, T>): Map<string, T> {
    return new Map(
      [...table].filter(([id, one]) => one !== old.get(id) && dumps(one) !== dumps(old.get(id))),
    );
  }

  return {
    products: before.products,
    users,
    orders,
    before,
    deeds,
    changed: () => ({ users: differing(users, before.users), orders: differing(orders, before.orders) }),
    once(deed, work) {
      const known = results.get(deed.key);
      if (known !== undefined) return known;
      const result = work({
        user: (id) => own(users, before.users, id),
        order: (id) => own(orders, before.orders, id),
      });
      deeds.push(deed);
      results.set(deed.key, result);
      return result;
    },
    resultOf: (key) => results.get(key),
  };
}

const lines = new WeakMap<object, string>();

/** The hash of a whole store, as the recordings have it: of its records in order of their keys. */
export function hashOf(records: Records): string {
  const hash = createHash("sha256");
  const tables: Table[] = ["orders", "products", "users"];
  hash.update(`{${tables.map((name) => `"${name}": {${tableOf(records[name])}}`).join(", ")}}`);
  return hash.digest("hex");
}

function tableOf(table: ReadonlyMap<string, object>): string {
  const keys = [...table.keys()].sort();
  return keys.map((key) => `${dumps(key)}: ${lineOf(table.get(key) as object)}`).join(", ");
}

/** Most records are the same in every store. */
function lineOf(record: object): string {
  let line = lines.get(record);
  if (line === undefined) {
    line = dumps(record, true);
    if (Object.isFrozen(record)) lines.set(record, line);
  }
  return line;
}
