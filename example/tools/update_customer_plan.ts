import { defineTool, type Preview, z } from "deskhand";
import { once, settled } from "../store/once.ts";
import { openStore, type Store } from "../store/store.ts";

/** The plan the customer is on, or why it cannot become the new one. */
function changeable(store: Store, customer: string, plan: string): { from: string } | { reason: string } {
  const plans = store.all<{ id: string }>("SELECT id FROM plans ORDER BY position").map(({ id }) => id);
  if (!plans.includes(plan))
    return { reason: `There is no plan ${plan}; the plans are ${plans.join(", ")}.` };
  const now = store.get<{ plan: string }>("SELECT plan FROM customers WHERE id = ?", customer);
  if (!now) return { reason: "There is no such account." };
  return now.plan === plan ? { reason: `This account is already on the ${plan} plan.` } : { from: now.plan };
}

export default defineTool({
  name: "update_customer_plan",
  description:
    "Move the customer's account to another plan: free, pro or enterprise. It takes effect at once.",
  effect: "write",
  input: z.object({
    new_plan: z
      .string()
      .regex(/^[a-z]{1,30}$/)
      .describe("The plan's name in small letters."),
  }),
  preview({ new_plan }, { customer }): Preview {
    const found = changeable(openStore(), customer.id, new_plan);
    if ("reason" in found) return { ok: false, reason: found.reason };
    return { ok: true, subject: customer.id, text: `Change the plan from ${found.from} to ${new_plan}` };
  },
  run({ new_plan }, context) {
    return once(context, (store) => {
      const found = changeable(store, context.customer.id, new_plan);
      if ("reason" in found) return { changed: false, reason: found.reason };
      store.run("UPDATE customers SET plan = ? WHERE id = ?", new_plan, context.customer.id);
      return { changed: true, plan: new_plan, was: found.from };
    });
  },
  settle: (_input, context) => settled(context),
});
