import { defineTool, z } from "deskhand";
import { described, orderOf } from "../store/orders.ts";
import { openStore } from "../store/store.ts";

export default defineTool({
  name: "lookup_order_details",
  description: "One order of the customer you are talking to, with its items, prices and refunds.",
  effect: "read",
  input: z.object({
    order_id: z
      .string()
      .regex(/^ord_\d{1,12}$/)
      .describe("The order's id: ord_ and digits."),
  }),
  run({ order_id }, { customer }) {
    const order = orderOf(openStore(), customer.id, order_id);
    return order ? { found: true, ...described(order) } : { found: false, order_id };
  },
});
