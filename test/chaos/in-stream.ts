/** Which takeovers fell into an answer that was growing before the customer's eyes. */
import type { RunRecord, Stroke } from "./record.ts";

/** As long as a press may be on its way. */
const pressMaxMs = 60_000;

export function takenInStream(record: RunRecord): { taken: number; growing: number } {
  const { books, pressed } = record;
  const taken = books.audit.filter((row) => row.action === "ticket.taken");
  const growing = taken.filter((row) => {
    const press = pressed.findLast(
      (one) =>
        one.label === "Take" &&
        one.value === row.subject &&
        one.at <= row.at &&
        one.at >= row.at - pressMaxMs,
    );
    return press !== undefined && grows(record.strokes, row.thread ?? "", press.at);
  });
  return { taken: taken.length, growing: growing.length };
}

/** Whether the last that happened to a draft in a thread before a time was that it began or went on. */
function grows(strokes: readonly Stroke[], thread: string, at: number): boolean {
  const last = strokes.findLast(
    (one) => one.done && one.thread === thread && one.at <= at && parts.has(one.does),
  );
  return last?.does === "draft" || last?.does === "more";
}

const parts = new Set<Stroke["does"]>(["draft", "more", "finish", "remove"]);
