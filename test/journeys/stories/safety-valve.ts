import { careful } from "../../fixtures/scenarios.ts";
import type { Chapter } from "./story.ts";

/** Whatever goes wrong, and whoever is upset: an honest word and a person. */
export const safetyValve: Chapter = {
  name: "safety-valve",
  workspace: { shop: careful },
  stories: [
    {
      title: "an answer, an order, and a promise that was not kept",
      told: `
        customer: How long does express shipping take?
           model: “Express shipping takes 1-2 business days [1].”
             bot: … 1-2 business days … Shipping
        customer: Where is my order ORD-12345?
           model: lookup_order_status {"order_id": "ORD-12345"}
           model: “Your Headphones are shipped; the tracking number is 1Z999AA10123456784.”
             bot: … shipped … 1Z999AA10123456784
        customer: This is ridiculous, I was promised next-day delivery!
           model: escalate_to_human {"reason": "Was promised next-day delivery", "priority": "high"}
             bot: … your ticket is #
            desk: … I was promised next-day delivery! … High … Take`,
    },
    {
      title: "a model that asks for the same failing call again and again",
      told: `
        customer: Where is my order ORD-67890?
          faulty: 30 × lookup_order_status {"order_id": "nonsense"}
             bot: I am sorry … your ticket is #
            desk: … lookup_order_status failed`,
    },
    {
      title: "a model that never comes to an end",
      told: `
        customer: What is the state of my order?
          faulty: 30 × lookup_order_status {"order_id": "ORD-12345"}
             bot: I am sorry … your ticket is #`,
    },
    {
      title: "arguments that are not JSON, and a tool that does not exist",
      told: `
        customer: Where is my order ORD-12345?
           model: lookup_order_status {"order_id": ORD-12345
           model: cancel_everything {}
           model: lookup_order_status {"order_id": "ORD-12345"}
           model: “Your order is shipped.”
             bot: Your order is shipped.`,
    },
    {
      title: "a hostile order number",
      told: `
        customer: order id is ORD-1'; DROP TABLE orders;--
           model: lookup_order_status {"order_id": "ORD-1'; DROP TABLE orders;--"}
           model: “That is not an order number I can use. Could you check it?”
             bot: … Could you check it?`,
    },
    {
      title: "somebody who wants a person, and gets one",
      told: `
        customer: I want to speak to a human
             bot: … your ticket is #
            desk: … I want to speak to a human
           staff: (Take)
            desk: … Taken by
           staff: Hello, how can I help?
             bot: … how can I help?
           staff: (Hand back)
             bot: … back with the assistant
        customer: How long does express shipping take?
           model: “Express shipping takes 1-2 business days [1].”
             bot: … 1-2 business days`,
    },
  ],
  offline: [
    {
      title: "an answer, an order, and a promise that was not kept",
      told: `
        customer: How long does express shipping take?
             bot: … 1-2 business days … Shipping
        customer: Where is my order ORD-12345?
             bot: … shipped … 1Z999AA10123456784
        customer: This is ridiculous, I was promised next-day delivery!
             bot: … your ticket is #
            desk: … I was promised next-day delivery! … High … Take`,
    },
    {
      title: "a hostile order number",
      told: `
        customer: order id is ORD-1'; DROP TABLE orders;--
             bot: … order
           never: shipped … processing`,
    },
  ],
};
