import { defineTool, z } from "deskhand";
import { described, guestOrder } from "../store/orders.ts";
import { openStore } from "../store/store.ts";

export default defineTool({
  name: "lookup_order",
  description:
    "Look up an order that was placed without an account, by its number (ORD- and digits): status, items, expected arrival and tracking. Use it whenever a customer asks about such an order; ask for the number if it is missing.",
  effect: "read",
  // Whoever knows the number may ask; the answer names nobody.
  account: false,
  input: z.object({
    order_id: z
      .string()
      .regex(/^ORD-\d{1,12}$/)
      .describe("The order's number: ORD- and digits, as the customer gave it."),
  }),
  run({ order_id }) {
    const order = guestOrder(openStore(), order_id);
    return order ? { found: true, ...described(order) } : { found: false, order_id };
  },
});
