import { defineTool, type Preview, z } from "deskhand";
import { once, settled } from "../store/once.ts";
import { currency, dateOf, dollars, type Order, orderOf, productsOf } from "../store/orders.ts";
import { openStore, type Store } from "../store/store.ts";

/** What is left to pay back, or why nothing is. */
function refundable(
  store: Store,
  customer: string,
  id: string,
): { order: Order; minor: number } | { reason: string } {
  const order = orderOf(store, customer, id);
  if (!order) return { reason: `There is no order ${id} in this account.` };
  const minor = order.capturedMinor - order.refundedMinor;
  if (minor > 0) return { order, minor };
  return { reason: `${id} has already been refunded in full: ${dollars(order.refundedMinor)} ${currency}.` };
}

export default defineTool({
  name: "issue_refund",
  description:
    "Refund one of the customer's own orders in full. Call it only when the customer wants this order refunded and has said why.",
  effect: "write",
  input: z.object({
    order_id: z
      .string()
      .regex(/^ord_\d{1,12}$/)
      .describe("The order's id: ord_ and digits."),
    reason: z.string().trim().min(3).max(500).describe("Why, in the customer's own words."),
  }),
  preview({ order_id }, { customer }): Preview {
    const found = refundable(openStore(), customer.id, order_id);
    if ("reason" in found) return { ok: false, reason: found.reason };
    const { order, minor } = found;
    return {
      ok: true,
      subject: order.id,
      amount: { minor, currency },
      text: `Refund ${dollars(minor)} ${currency} for ${order.id} (${productsOf(order)})`,
      facts: {
        status: order.status,
        placed: dateOf(order.placedAt),
        captured_minor: order.capturedMinor,
        refunded_minor: order.refundedMinor,
      },
    };
  },
  run({ order_id, reason }, context) {
    return once(context, (store) => {
      const found = refundable(store, context.customer.id, order_id);
      if ("reason" in found) return { refunded: false, order_id, reason: found.reason };
      const { minor } = found;
      const shown = context.intent?.preview;
      if (shown?.ok && shown.amount && shown.amount.minor !== minor) {
        return { refunded: false, order_id, reason: "The amount has changed since it was shown." };
      }
      store.run(
        "INSERT INTO refunds (order_id, amount_minor, reason, created_at) VALUES (?, ?, ?, ?)",
        order_id,
        minor,
        reason,
        context.now(),
      );
      return {
        refunded: true,
        order_id,
        amount: dollars(minor),
        currency,
        arrives_within: "3-5 business days",
      };
    });
  },
  settle: (_input, context) => settled(context),
});
