/** The company of the run: a workspace as people write it, with tools that move money through the payment backend. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Above this a person approves; in minor units. */
export const approvalAboveMinor = 50_000;

/** @param verified whether customers are known by the platform's own directory */
export function writeCompany(folder: string, verified: boolean): void {
  const files: Record<string, string> = {
    "desk.yaml": deskFile(verified),
    "agents/support.md": specialist,
    "knowledge/hours.md": article,
    "identity.ts": identity,
    "payments.ts": payments,
    "tools/send_credit.ts": tool("send_credit", verified),
    "tools/issue_refund.ts": tool("issue_refund", verified),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const deskFile = (verified: boolean) => `name: Chaos Company
entry: support
queues: [general, billing]
limits:
  messages_per_minute_max: 10000
  tool_calls_per_minute_max: 10000
  turns_per_session_max: 10000
  tokens_per_customer_per_day_max: 1000000000
  tokens_per_day_max: 1000000000000
  tool_timeout_ms: 3000
identity: { method: ${verified ? "directory_email" : "none"} }
tools:
  send_credit: { confirm: none, ${money} }
  issue_refund: { confirm: customer, ${money} }
desk: { relay: staff }
`;

const money = `money: { currency: USD, at_once_under: "100.00", with_reason_up_to: "500.00", per_customer_per_day_max: "1000000.00" }`;

const specialist = `---
description: Answers customers.
tools: [send_credit, issue_refund]
---
Help the customer.
`;

const article = `---
title: Opening hours
---
Our office is open from nine to five on working days.
`;

const identity = `import { defineIdentity } from "deskhand";

export default defineIdentity({
  find: (claim) => (claim.includes("@") ? { id: claim.split("@")[0], email: claim } : undefined),
});
`;

/** What is in doubt is looked up before it is tried again; what the backend has stored, a 500 too, it says again. */
const payments = `const backend = process.env.PAYMENTS_URL;

export async function order(id, signal) {
  const answer = await fetch(\`\${backend}/orders/\${id}\`, { signal });
  return answer.json();
}

export async function settled(context) {
  const answer = await fetch(\`\${backend}/payments/\${context.intent.idempotencyKey}\`, { signal: context.signal });
  if (answer.status === 404) return { done: false };
  if (answer.status !== 200) throw new Error(\`the backend answers \${answer.status}\`);
  return { done: true, result: await answer.json() };
}

export async function pay(subject, minor, context) {
  const answer = await fetch(\`\${backend}/payments\`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": context.intent.idempotencyKey },
    body: JSON.stringify({ subject, minor, customer: context.customer.id }),
    signal: context.signal,
  });
  if (answer.status === 200) return answer.json();
  if (answer.status === 500) {
    const after = await settled(context);
    if (after.done) return after.result;
  }
  throw new Error(\`the backend answers \${answer.status}\`);
}
`;

const tool = (name: string, verified: boolean) => `import { defineTool, z } from "deskhand";
import { order, pay, settled } from "../payments.ts";

export default defineTool({
  name: "${name}",
  description: "Moves money to the customer for an order.",
  effect: "write",
  account: ${verified},
  input: z.object({ order_id: z.string().regex(/^ord_\\d{1,12}$/), reason: z.string().min(3).max(500) }),
  async preview({ order_id }, { signal }) {
    const found = await order(order_id, signal);
    const minor = found.captured_minor - found.refunded_minor;
    if (minor <= 0) return { ok: false, reason: order_id + " has been paid back already." };
    return {
      ok: true,
      subject: order_id,
      amount: { minor, currency: "USD" },
      text: "Pay back " + (minor / 100).toFixed(2) + " USD for " + order_id,
      facts: { captured_minor: found.captured_minor, refunded_minor: found.refunded_minor, placed: found.placed },
    };
  },
  async run({ order_id }, context) {
    return pay(order_id, context.intent.preview.amount.minor, context);
  },
  settle: (_input, context) => settled(context),
});
`;
