import { defineTool, z } from "deskhand";
import { dateOf, dollars, ordersOf } from "../store/orders.ts";
import { openStore } from "../store/store.ts";

export default defineTool({
  name: "lookup_orders",
  description:
    "All orders of the customer you are talking to, newest first: ids, status, products, totals and what has been refunded.",
  effect: "read",
  input: z.object({}),
  run(_input, { customer }) {
    const orders = ordersOf(openStore(), customer.id).map((order) => ({
      order_id: order.id,
      status: order.status,
      placed: dateOf(order.placedAt),
      products: order.items.map(({ product }) => product),
      total: dollars(order.capturedMinor),
      ...(order.refundedMinor > 0 ? { refunded: dollars(order.refundedMinor) } : {}),
    }));
    return { currency: "USD", orders };
  },
});
