import { defineTool, z } from "deskhand";
import { once, settled } from "../store/once.ts";

const words = (max: number) => z.string().trim().min(1).max(max);

export default defineTool({
  name: "report_bug",
  description:
    "File a bug report for the engineers. Ask first for what is missing: the steps, what was expected, what happened instead.",
  effect: "write",
  // Anybody may report a bug.
  account: false,
  input: z.object({
    title: words(120).describe("The problem in one line."),
    steps: words(2000).describe("How to make it happen, step by step."),
    expected: words(1000).describe("What should have happened."),
    actual: words(1000).describe("What happened instead."),
    error_message: words(1000).optional().describe("Exactly as it was shown, if there was one."),
  }),
  preview: ({ title }) => ({ ok: true, subject: "bug report", text: `File a bug report: ${title}` }),
  run(report, context) {
    return once(context, (store) => {
      const row = store.get<{ id: number }>(
        "INSERT INTO bug_reports (customer_id, report, created_at) VALUES (?, ?, ?) RETURNING id",
        context.customer.id || null,
        JSON.stringify(report),
        context.now(),
      );
      return { filed: true, report_id: `BUG-${row?.id}` };
    });
  },
  settle: (_input, context) => settled(context),
});
