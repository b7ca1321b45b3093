import { defineTool, type Preview, z } from "deskhand";
import { once, settled } from "../store/once.ts";
import { currency, dollars, type Order, orderOf, productsOf } from "../store/orders.ts";
import { openStore, type Store } from "../store/store.ts";

/** Only what is still pending can be stopped. */
function cancellable(store: Store, customer: string, id: string): { order: Order } | { reason: string } {
  const order = orderOf(store, customer, id);
  if (!order) return { reason: `There is no order ${id} in this account.` };
  if (order.status === "pending") return { order };
  return { reason: `${id} is ${order.status}; only pending orders can be cancelled.` };
}

export default defineTool({
  name: "cancel_order",
  description:
    "Cancel one of the customer's own orders while it is pending. It moves no money: the refund of a cancelled order is a second step.",
  effect: "write",
  input: z.object({
    order_id: z
      .string()
      .regex(/^ord_\d{1,12}$/)
      .describe("The order's id: ord_ and digits."),
  }),
  preview({ order_id }, { customer }): Preview {
    const found = cancellable(openStore(), customer.id, order_id);
    if ("reason" in found) return { ok: false, reason: found.reason };
    const { order } = found;
    const total = `${dollars(order.capturedMinor)} ${currency}`;
    return { ok: true, subject: order.id, text: `Cancel ${order.id} (${productsOf(order)}, ${total})` };
  },
  run({ order_id }, context) {
    return once(context, (store) => {
      const found = cancellable(store, context.customer.id, order_id);
      if ("reason" in found) return { cancelled: false, order_id, reason: found.reason };
      store.run("UPDATE orders SET status = 'cancelled' WHERE id = ?", order_id);
      return { cancelled: true, order_id, note: "Nothing has been refunded yet." };
    });
  },
  settle: (_input, context) => settled(context),
});
