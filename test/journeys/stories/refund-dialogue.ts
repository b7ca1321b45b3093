import { electronicsStore } from "../../fixtures/scenarios.ts";
import type { Chapter } from "./story.ts";

/** One agent, one tool: it asks for the order once, remembers it, and never makes anything up. */
export const refundDialogue: Chapter = {
  name: "refund-dialogue",
  workspace: { shop: electronicsStore },
  stories: [
    {
      title: "a refund, and how long it takes",
      told: `
        customer: I want a refund for my keyboard
           model: “Happy to help. What is your order number?”
             bot: … order …
           never: ORD-1001 … ORD-1002 … 89.50
        customer: It's ORD-1002
           model: lookup_order {"order_id": "ORD-1002"}
           model: “Your Mechanical Keyboard (ORD-1002) is in processing.”
             bot: … Mechanical Keyboard … processing
           never: USB-C
        customer: How long will the refund take?
           model: “Refunds take 3 to 5 business days once they are in processing [1].”
             bot: … 3 to 5 business days … Refund times`,
    },
    {
      title: "an order that there is not",
      told: `
        customer: What about ORD-9999?
           model: lookup_order {"order_id": "ORD-9999"}
           model: “I can't find ORD-9999. Is the number right?”
             bot: … ORD-9999
           never: processing … refunded`,
    },
  ],
};
