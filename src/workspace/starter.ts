/** The files of a new workspace: small, and it starts as it is. By their paths in it. */
export const starter: Readonly<Record<string, string>> = {
  "desk.yaml": `# Every key is optional, and environment variables win over this file.
name: My Company

# entry: support                  # the specialist (agents/*.md) who meets a customer first
# languages: [en]
# queues: [general, billing, technical]

# model:
#   name: gpt-4.1-mini            # any model of the endpoint in OPENAI_BASE_URL
#   temperature: 0.3

# office_hours:
#   zone: Europe/Berlin
#   week: { mon-fri: "09:00-17:00" }
#   outside: Nobody is at the desk right now. # when people are back is said behind it

# tools:                          # policy for each tool that writes; nothing here means: the customer confirms
#   issue_refund:
#     confirm: customer           # customer | none
#     money: { currency: USD, at_once_under: "100.00", with_reason_up_to: "500.00" }
#     approvers: [staff]

# desk:
#   channel: slack:C0123456789    # where staff work; needed with Slack or Discord
#   staff: members                # members of the channel, or a list of people, groups, roles

# links:
#   allow: [www.example.com]      # hosts that may be clickable in replies
`,
  "agents/support.md": `---
description: Answers customers.
tools: [lookup_order]
---
You answer the customers of My Company, an online shop.

Answer from the articles and from what tools return, and from nothing else. Be brief and friendly. When a customer asks
about an order and has not given its number, ask for it; with the number, call lookup_order.

Ask for a person when the customer wants one, is upset, or when neither the articles nor the tools cover the question.
`,
  "knowledge/shipping.md": `---
title: Shipping
category: shipping
---
Orders are shipped within 2 business days. Delivery takes 3 to 5 business days more.
`,
  "knowledge/returns.md": `---
title: Returns
category: policy
---
You can return unused items within 30 days of delivery. Write to us with your order number, and we send you a label.
`,
  "tools/lookup_order.ts": `import { defineTool, z } from "deskhand";

/** Ask your own shop here. */
const orders = new Map([
  ["A-1001", { status: "shipped", items: ["Tea pot"] }],
  ["A-1002", { status: "being packed", items: ["Two cups", "Saucer"] }],
]);

export default defineTool({
  name: "lookup_order",
  description: "Look up an order by its number (A- and digits): its status and items.",
  effect: "read",
  // Whoever knows the number may ask. Without this line a tool is only for verified customers.
  account: false,
  input: z.object({ order_id: z.string().regex(/^A-\\d{1,10}$/) }),
  run({ order_id }) {
    const order = orders.get(order_id);
    return order ? { found: true, order_id, ...order } : { found: false, order_id };
  },
});
`,
  "README.md": `# A Deskhand workspace

| what | where |
|---|---|
| name, limits, policies, the channel of your staff | \`desk.yaml\` |
| who answers, and how | \`agents/*.md\` |
| what may be said | \`knowledge/**/*.md\`, one article a file |
| what may be done | \`tools/*.ts\`, one tool a file |

Start it from Deskhand's folder with \`npm start -- --workspace PATH\` (of this folder) and write "Where is my order A-1001?". Check
it with \`npm run --silent deskhand -- doctor --workspace PATH\`.
Without a platform's token it talks to you in the terminal; without a model's key it quotes its articles.
`,
  ".gitignore": `.deskhand/
.env
`,
};
