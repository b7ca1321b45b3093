/** A small shop for the offline model's tests: three articles, two orders. */
import type { ModelRequest, TranscriptItem } from "../../src/language-model.ts";
import { createConversation, escalation, passage, type TestTool, tool } from "./offline-conversation.ts";

const shipping = passage(
  "shipping",
  "Standard shipping takes 5 to 7 business days. Express shipping takes 1-2 business days.\n\nShipping is free for orders over $50. Below that, standard shipping costs $4.99.",
  "Shipping",
);
const returns = passage(
  "returns",
  "You can return items within 30 days with the original receipt. To start a return:\n\n1. Open account.example.com/returns.\n2. Print the label.\n3. Drop the parcel off.",
  "Returns",
);
const plans = passage(
  "plans",
  "| plan | price | seats |\n|---|---|---|\n| Free | $0 | 1 |\n| Pro | $19.99 a month | 5 |",
  "Plans and prices",
);
export const articles = [shipping, returns, plans];

export const pattern = { order_id: { type: "string", pattern: "^ORD-\\d+$" } };
const orders: Record<string, unknown> = {
  "ORD-1": { id: "ORD-1", status: "shipped", tracking_url: "https://track.example.com/1" },
  "ORD-2": { id: "ORD-2", status: "processing" },
};
export const lookup = () =>
  tool(
    "lookup_order",
    "Look up one order.",
    pattern,
    (args) => orders[String(args.order_id)] ?? { found: false },
  );

export function talk(tools: TestTool[] = [lookup(), escalation()], passages = articles) {
  return createConversation({ passages, specialists: { main: tools } });
}

export async function ask(text: string, tools?: TestTool[], passages?: typeof articles) {
  return talk(tools, passages).say(text);
}

export function request(transcript: TranscriptItem[]): ModelRequest {
  return { instructions: "", passages: articles, transcript, tools: [lookup().spec, escalation().spec] };
}
