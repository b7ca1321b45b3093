import { defineTool, z } from "deskhand";
import { openStore } from "../store/store.ts";

interface Row {
  plan: string;
  since: string;
}

export default defineTool({
  name: "lookup_customer",
  description:
    "The account of the customer you are talking to: their plan, and since when they are a customer.",
  effect: "read",
  input: z.object({}),
  run(_input, { customer }) {
    // What a tool returns may be said to the customer: what the company thinks of them stays out of it.
    const row = openStore().get<Row>("SELECT plan, since FROM customers WHERE id = ?", customer.id);
    return row
      ? { found: true, customer_id: customer.id, plan: row.plan, since: row.since }
      : { found: false };
  },
});
