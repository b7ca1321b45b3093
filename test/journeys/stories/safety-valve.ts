import { careful } from "../../fixtures/scenarios.ts";
import type { Shop } from "../../fixtures/workspace.ts";
import type { Chapter } from "./story.ts";

/** A tool of a system that does not answer in time, beside the one that looks orders up. */
const shop: Shop = {
  ...careful,
  settings: "limits: { tool_timeout_ms: 400 }",
  files: {
    "agents/support.md": `---
description: Answers customers of the shop.
tools: [lookup_order_status, check_stock]
---
Answer from the articles and from what the tools return, and from nothing else.
`,
    "tools/check_stock.ts": `import { defineTool, z } from "deskhand";
export default defineTool({
  name: "check_stock",
  description: "Whether a product is in stock: the system behind it answers after 30 seconds.",
  effect: "read",
  account: false,
  input: z.object({ product: z.string() }),
  run: () => new Promise((resolve) => setTimeout(() => resolve({ in_stock: true }), 30_000).unref()),
});
`,
  },
};

/** Whatever goes wrong, and whoever is upset: an honest word and a person. */
export const safetyValve: Chapter = {
  name: "safety-valve",
  workspace: { shop },
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
             bot: Your order is shipped.
            told: … tool_arguments … tool_unknown … lookup_order_status … escalate_to_human … shipped`,
    },
    {
      title: "a hostile order number",
      told: `
        customer: order id is ORD-1'; DROP TABLE orders;--
           model: lookup_order_status {"order_id": "ORD-1'; DROP TABLE orders;--"}
           model: “That is not an order number I can use. Could you check it?”
             bot: … Could you check it?
            told: tool_arguments`,
    },
    {
      title: "a system that does not answer in time",
      told: `
        customer: Do you have the Monitor Arm?
           model: check_stock {"product": "Monitor Arm"}
           model: “Our stock system does not answer right now. Shall I ask a colleague?”
             bot: … does not answer right now
            told: tool_timeout
        customer: How long does express shipping take?
           model: “Express shipping takes 1-2 business days [1].”
             bot: … 1-2 business days`,
    },
    {
      title: "a customer whose model wants forty orders at once",
      told: `
        customer: Look all of my orders up
           model: ${'lookup_order_status {"order_id": "ORD-12345"} '.repeat(40)}
           model: “I can look at a few orders at a time. Which one is it about?”
             bot: … Which one is it about?
            told: … shipped … Too many calls in this minute`,
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
