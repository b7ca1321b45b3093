/** What an approver sees: the company's data, not the model's words. Pure. */
import type { Intent } from "../ledger/intents.ts";
import { exponentOf } from "../money.ts";
import type { Post } from "../platform.ts";

export function approvalCard(
  intent: Intent & { approval: number },
  customer: string,
  harmless: (text: string) => string,
  outcome?: string,
): Post {
  const { preview } = intent;
  const title = harmless(`Approval #${intent.approval}: ${preview.text}`);
  const reason = (intent.input as { reason?: unknown }).reason;
  const currency = preview.amount?.currency;
  const facts = Object.entries(preview.facts ?? {}).map(([label, value]) => factOf(label, value, currency));
  const open = outcome === undefined;
  // A number may be given again by a desk that was restored; what its card showed is approved, and nothing else.
  const value = `${intent.approval} ${intent.id}`;
  return {
    text: title,
    card: {
      title,
      facts: [
        { label: "Customer", value: intent.customer || customer },
        { label: "Tool", value: intent.tool },
        ...facts,
      ],
      sections: typeof reason === "string" ? [{ label: "Reason", text: harmless(reason) }] : [],
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
              ask: { title: "Deny", label: "Why? (the customer reads this)" },
            },
          ],
        }
      : {}),
  };
}

/** What a button of a card carries; who types a number names no intent. */
export function readApproval(value: string): { number: number; id: string | undefined } {
  const [number, id] = value.split(" ");
  return { number: Number(number), id };
}

/** Amounts in minor units as people write them: `captured_minor: 4999` is `Captured: 49.99 USD`. */
function factOf(
  name: string,
  value: unknown,
  currency: string | undefined,
): { label: string; value: string } {
  const [, money] = /^(.+)_minor$/.exec(name) ?? [];
  if (money === undefined || currency === undefined || !Number.isSafeInteger(value))
    return { label: labelOf(name), value: String(value) };
  const digits = exponentOf(currency);
  return {
    label: labelOf(money),
    value: `${(Number(value) / 10 ** digits).toFixed(digits)} ${currency}`,
  };
}

/** `gift_card` is `Gift card`. */
function labelOf(name: string): string {
  return name.replaceAll("_", " ").replace(/^./u, (first) => first.toUpperCase());
}
