/** A model that refunds ord_2001 as soon as it can, and otherwise says what stands in the way. */
import type { ReceivedRequest, Reply } from "../doubles/openai-server.ts";

interface Item {
  role: string;
  content: string | null;
}

export function asksForRefund({ body }: ReceivedRequest): Reply {
  const items = body.messages as Item[];
  const last = items.at(-1);
  const tools = ((body.tools ?? []) as { function: { name: string } }[]).map((tool) => tool.function.name);
  const result = last?.role === "tool" ? (last.content ?? "") : undefined;
  if (result?.includes("identity_needed"))
    return { text: "Before I can do that I need to know who you are." };
  if (result?.includes("pending")) return { text: "Please confirm it." };
  if (tools.includes("issue_refund") && !result?.includes("ok")) {
    return {
      calls: [
        { name: "issue_refund", arguments: { order_id: "ord_2001", reason: "it never worked for us" } },
      ],
    };
  }
  if (tools.includes("transfer_to_billing"))
    return { calls: [{ name: "transfer_to_billing", arguments: { reason: "a refund" } }] };
  return { text: `I could not do it.` };
}
