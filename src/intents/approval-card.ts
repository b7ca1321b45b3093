/** What an approver sees: the company's data, not the model's words. Pure. */
import type { Intent } from "../ledger/intents.ts";
import type { Post } from "../platform.ts";

export function approvalCard(
  intent: Intent & { approval: number },
  customer: string,
  outcome?: string,
): Post {
  const { preview } = intent;
  const reason = (intent.input as { reason?: unknown }).reason;
  const facts = Object.entries(preview.facts ?? {}).map(([label, value]) => ({
    label: label.replaceAll("_", " "),
    value: String(value),
  }));
  const open = outcome === undefined;
  const value = String(intent.approval);
  return {
    text: `Approval #${value}: ${preview.text}`,
    card: {
      title: `Approval #${value}: ${preview.text}`,
      facts: [
        { label: "Customer", value: intent.customer || customer },
        { label: "Tool", value: intent.tool },
        ...facts,
      ],
      sections: typeof reason === "string" ? [{ label: "Reason", text: reason }] : [],
      footer: open ? "Waiting for a decision" : outcome,
    },
    ...(open
      ? {
          buttons: [
            { label: "Approve", action: "intent.approve", value, style: "primary" },
            {
              label: "Deny",
              action: "intent.deny",
              value,
              style: "danger",
              ask: { title: "Deny", label: "Why?" },
            },
          ],
        }
      : {}),
  };
}
