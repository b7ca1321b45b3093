import { furnitureStore } from "../../fixtures/scenarios.ts";
import type { Chapter } from "./story.ts";

/** Articles with their sources, an order with its tracking, and a charge that only a person can look at. */
export const knowledgeAndOrders: Chapter = {
  name: "knowledge-and-orders",
  workspace: { shop: furnitureStore },
  stories: [
    {
      title: "shipping, a return, an order, and then a person",
      told: `
        customer: How long does standard shipping take?
           model: “Standard shipping takes 5 to 7 business days [1].”
             bot: … 5 to 7 business days … Shipping
        customer: Can I send something back without the receipt?
           model: “You can return items within 30 days, with the original receipt [1].”
             bot: … 30 days … receipt … Returns
        customer: Where is ORD-12345?
           model: lookup_order {"order_id": "ORD-12345"}
           model: “Your Desk Lamp has been shipped: https://track.example.com/123”
             bot: … shipped … https://track.example.com/123
        customer: You charged my card three times and nobody answers. This is unacceptable.
           model: escalate_to_human {"reason": "Charged three times, nobody has answered", "queue": "billing", "priority": "high"}
             bot: … your ticket is #
            desk: … You charged my card three times … billing … Take
           staff: (Take)
            desk: … Taken by
           staff: Hello, I have found the two charges too many. They are on their way back.
             bot: … They are on their way back.
        customer: Thank you!
            desk: … Thank you!
             bot: (silence)
           staff: // remember to tell accounting
           staff: (Resolve)
             bot: … resolved
           never: accounting`,
    },
  ],
};
