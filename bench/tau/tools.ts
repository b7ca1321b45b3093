/**
 * The store's tools, as a company would write them: ordinary tools of this desk. The session says who the customer is; an
 * argument that names a customer is taken only when it names that one, everybody else is "not found".
 */
import { z } from "zod";
import { defineTool, type Tool, type ToolContext } from "../../src/tool.ts";
import { dumps, evaluated, float, folded, NoValue, round2 } from "./python.ts";
import type { Store } from "./store.ts";
import * as writes from "./writes.ts";

const text = z.string();
const ids = z.array(text);
const address = { address1: text, address2: text, city: text, state: text, country: text, zip: text };
const exchange = { order_id: text, item_ids: ids, new_item_ids: ids, payment_method_id: text };

/** What a tool says when something is not possible. */
export const fault = (why: string): string => `Error: ${why}`;

export function createTools(store: Store): Tool[] {
  return [...publicTools(store), ...ownTools(store), ...writeTools(store)] as Tool[];
}

/** Nothing of them is anybody's. */
function publicTools(store: Store) {
  return [
    defineTool({
      name: "calculate",
      description: "Calculates a sum or product of numbers, like (2 + 2) * 3.",
      effect: "read",
      account: false,
      input: z.strictObject({ expression: text }),
      run({ expression }) {
        if (/[^0-9+\-*/(). ]/.test(expression)) return fault("Invalid characters in expression");
        try {
          return float(round2(evaluated(expression)));
        } catch (error) {
          if (error instanceof NoValue) return fault(error.message);
          throw error;
        }
      },
    }),
    defineTool({
      name: "get_item_details",
      description: "An item of the assortment: its options, price, and whether it can be had.",
      effect: "read",
      account: false,
      input: z.strictObject({ item_id: text }),
      run({ item_id }) {
        for (const product of store.products.values()) {
          const item = product.variants.get(item_id);
          if (item) return dumps(item);
        }
        return fault("Item not found");
      },
    }),
    defineTool({
      name: "get_product_details",
      description: "A kind of product with all its items.",
      effect: "read",
      account: false,
      input: z.strictObject({ product_id: text }),
      run({ product_id }) {
        const product = store.products.get(product_id);
        return product ? dumps(product) : fault("Product not found");
      },
    }),
    defineTool({
      name: "list_all_product_types",
      description: "The names of all kinds of products with their ids.",
      effect: "read",
      account: false,
      input: z.strictObject({}),
      run: () =>
        dumps(new Map(Array.from(store.products.values(), (one) => [one.name, one.product_id])), true),
    }),
    defineTool({
      name: "transfer_to_human_agents",
      description: "Notes for a person what the customer wants; the person is asked with escalate_to_human.",
      effect: "read",
      account: false,
      input: z.strictObject({ summary: text }),
      run: () => "Transfer successful",
    }),
  ];
}

/** Reads: what is found is the customer's own. */
function ownTools(store: Store) {
  const me = ({ customer }: ToolContext) => store.users.get(customer.id);
  return [
    defineTool({
      name: "find_user_id_by_email",
      description: "The customer's user id, when this is their e-mail address.",
      effect: "read",
      account: false,
      input: z.strictObject({ email: text }),
      run({ email }, context) {
        const user = me(context);
        return user && folded(user.email) === folded(email) ? user.user_id : fault("User not found");
      },
    }),
    defineTool({
      name: "find_user_id_by_name_zip",
      description: "The customer's user id, when this is their name and zip code.",
      effect: "read",
      account: false,
      input: z.strictObject({ first_name: text, last_name: text, zip: text }),
      run({ first_name, last_name, zip }, context) {
        const user = me(context);
        const theirs =
          user &&
          folded(user.name.first_name) === folded(first_name) &&
          folded(user.name.last_name) === folded(last_name) &&
          user.address.zip === zip;
        return theirs ? user.user_id : fault("User not found");
      },
    }),
    defineTool({
      name: "get_user_details",
      description: "The customer's profile: address, payment methods, orders.",
      effect: "read",
      input: z.strictObject({ user_id: text }),
      run({ user_id }, context) {
        const user = me(context);
        return user?.user_id === user_id ? dumps(user) : fault("User not found");
      },
    }),
    defineTool({
      name: "get_order_details",
      description: "One of the customer's orders.",
      effect: "read",
      input: z.strictObject({ order_id: text }),
      run({ order_id }, { customer }) {
        const order = store.orders.get(order_id);
        return order?.user_id === customer.id ? dumps(order) : fault("Order not found");
      },
    }),
  ];
}

function writeTools(store: Store) {
  return [
    writeTool(store, {
      name: "cancel_pending_order",
      description: "Cancels a pending order and pays it back.",
      input: z.strictObject({ order_id: text, reason: text }),
      plan: writes.cancel,
    }),
    writeTool(store, {
      name: "exchange_delivered_order_items",
      description: "Exchanges items of a delivered order for others of the same products.",
      input: z.strictObject(exchange),
      plan: writes.exchange,
    }),
    writeTool(store, {
      name: "modify_pending_order_address",
      description: "Changes where a pending order is sent.",
      input: z.strictObject({ order_id: text, ...address }),
      plan: writes.changeOrderAddress,
    }),
    writeTool(store, {
      name: "modify_pending_order_items",
      description: "Changes items of a pending order for others of the same products; once.",
      input: z.strictObject(exchange),
      plan: writes.modifyItems,
    }),
    writeTool(store, {
      name: "modify_pending_order_payment",
      description: "Changes how a pending order is paid.",
      input: z.strictObject({ order_id: text, payment_method_id: text }),
      plan: writes.changePayment,
    }),
    writeTool(store, {
      name: "modify_user_address",
      description: "Changes the customer's default address.",
      input: z.strictObject({ user_id: text, ...address }),
      plan: writes.changeUserAddress,
    }),
    writeTool(store, {
      name: "return_delivered_order_items",
      description: "Returns items of a delivered order.",
      input: z.strictObject({ order_id: text, item_ids: ids, payment_method_id: text }),
      plan: writes.returnItems,
    }),
  ];
}

interface WriteTool<Input> {
  name: string;
  description: string;
  input: z.ZodType<Input>;
  plan(store: Store, customer: string, input: Input): writes.Plan;
}

function writeTool<Input>(store: Store, { name, description, input, plan }: WriteTool<Input>): Tool<Input> {
  const possible = (given: Input, customer: string): writes.Plan | { ok: false; reason: string } => {
    try {
      return plan(store, customer, given);
    } catch (error) {
      if (!(error instanceof writes.NotPossible)) throw error;
      return { ok: false, reason: fault(error.message) };
    }
  };
  const keyOf = ({ intent }: ToolContext): string => {
    if (!intent) throw new Error("a write runs only for an intent");
    return intent.idempotencyKey;
  };
  return defineTool({
    name,
    description,
    effect: "write",
    input,
    preview(given, { customer }) {
      const planned = possible(given, customer.id);
      return planned.ok ? { ok: true, subject: planned.subject, text: planned.text } : planned;
    },
    run(given, context) {
      const key = keyOf(context);
      const known = store.resultOf(key);
      if (known !== undefined) return known;
      const customer = context.customer.id;
      const planned = possible(given, customer);
      if (!planned.ok) return planned;
      return store.once({ tool: name, key, customer, owner: planned.owner }, planned.apply);
    },
    settle(_given, context) {
      const result = store.resultOf(keyOf(context));
      return result === undefined ? { done: false } : { done: true, result };
    },
  });
}
