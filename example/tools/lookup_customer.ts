import { defineTool, z } from "deskhand";
import { dollars } from "../store/orders.ts";
import { openStore } from "../store/store.ts";

interface Row {
  plan: string;
  since: string;
  lifetimeValueMinor: number;
}

export default defineTool({
  name: "lookup_customer",
  description:
    "The account of the customer you are talking to: their plan, and since when they are a customer.",
  effect: "read",
  input: z.object({}),
  run(_input, { customer }) {
    const row = openStore().get<Row>(
      "SELECT plan, since, lifetime_value_minor AS lifetimeValueMinor FROM customers WHERE id = ?",
      customer.id,
    );
    if (!row) return { found: false };
    const { plan, since, lifetimeValueMinor } = row;
    return {
      found: true,
      customer_id: customer.id,
      plan,
      since,
      lifetime_value: dollars(lifetimeValueMinor),
    };
  },
});
