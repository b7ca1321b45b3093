import type { Chapter } from "./story.ts";

/** The scenario's policy: the customer's request stands for the confirmation. */
const unasked = (settings: string): string => settings.replaceAll("confirm: customer", "confirm: none");

/** Specialists over customers, orders and plans; what is money moves once, within the policy, for whom it belongs to. */
export const statefulDesk: Chapter = {
  name: "stateful-desk",
  workspace: { example: unasked },
  stories: [
    {
      title: "billing helps, with a death between the turns",
      customer: "cust_001",
      told: `
        customer: Hi, I'm customer cust_001 and I need help with a billing issue.
           model: lookup_customer {} lookup_orders {}
           model: transfer_to_billing {"reason": "a billing issue"}
           model: “You have ord_1001 (299.98 USD) and ord_1002 (49.99 USD). Which one is it about?”
           proof: cust_001
             bot: … ord_1001 … 299.98 … ord_1002 … 49.99
             who: billing
       meanwhile: the desk is killed
        customer: I'd like a refund for the API credits order, I haven't used them yet.
           model: issue_refund {"order_id": "ord_1002", "reason": "I haven't used them yet"}
           model: “I have refunded 49.99 USD for ord_1002; it arrives in 3-5 business days.”
             bot: … 49.99 … 3-5 business days
             who: billing
       meanwhile: the desk is killed
        customer: Can you also downgrade my plan to free?
           model: update_customer_plan {"new_plan": "free"}
           model: “You are on the free plan now.”
             bot: … free
             who: billing
        customer: Refund ord_1002 again
           model: issue_refund {"order_id": "ord_1002", "reason": "wants it again"}
           model: the result
             bot: … ord_1002 has already been refunded in full: 49.99 USD
        customer: Refund ord_2001 please
           model: issue_refund {"order_id": "ord_2001", "reason": "wants it back"}
           model: the result
             bot: … There is no order ord_2001 in this account.
        customer: Refund ord_9999 please
           model: issue_refund {"order_id": "ord_9999", "reason": "wants it back"}
           model: the result
             bot: … There is no order ord_9999 in this account.
        customer: Cancel ord_1001
           model: cancel_order {"order_id": "ord_1001"}
           model: the result
             bot: … ord_1001 is delivered; only pending orders can be cancelled.
        customer: Refund ord_1001
           model: issue_refund {"order_id": "ord_1001", "reason": "The customer wants it"}
           model: the result
             bot: … documented reason
           never: Done`,
    },
    {
      title: "above the limit a person decides",
      customer: "cust_002",
      told: `
        customer: Refund ord_2001 please
           model: lookup_customer {}
           model: transfer_to_billing {"reason": "a refund"}
           model: issue_refund {"order_id": "ord_2001", "reason": "it never worked for us"}
           model: “A colleague has to approve this.”
           proof: cust_002
             bot: … approv
            desk: … Approval # … Refund 999.99 USD for ord_2001
           never: Done
           staff: (Approve)
             bot: … Done: Refund 999.99 USD for ord_2001`,
    },
  ],
  offline: [
    {
      title: "a refund that nobody has to read about",
      customer: "cust_001",
      told: `
        customer: Refund ord_1002, I never used the credits
           proof: cust_001
             bot: … 49.99`,
    },
  ],
};
