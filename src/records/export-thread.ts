/** One thread as its customer may have it: without the words of others who wrote there, and without what answered them. */
import { setImmediate } from "node:timers/promises";
import type { Ledger, Row } from "../ledger.ts";
import type { ThreadId, UserId } from "../thread.ts";
import { deedOf, iso, messageOf, parsed, ticketOf, turnOf, writeOf } from "./record-shapes.ts";
import { repeats } from "./words.ts";

/** @param accounts of the customer; everybody else who wrote as a customer is somebody else */
export async function exportThread(
  ledger: Ledger,
  thread: ThreadId,
  accounts: readonly UserId[],
): Promise<Record<string, unknown>> {
  const rows = async (sql: string): Promise<Row[]> => {
    await setImmediate();
    return ledger.read((tx) => tx.all(sql, thread));
  };
  const [head] = await rows("SELECT * FROM threads WHERE id = ?");
  const said = await rows("SELECT * FROM messages WHERE thread = ? ORDER BY seq");
  const others = said.filter((row) => row.author === "customer" && !accounts.includes(String(row.by_user)));
  const turns = new Set(others.map((row) => row.turn).filter((turn) => turn !== null));
  const people = new Set(others.map((row) => String(row.by_user)));
  const speaksOfOthers = repeats(
    others.map((row) => String(row.text)),
    [...people],
  );
  const isTheirs = (row: Row): boolean =>
    !others.includes(row) && !turns.has(row.turn ?? "") && !speaksOfOthers(JSON.stringify(row));
  const messages = said.filter(isTheirs);
  const known = new Set(said.map((row) => row.id));
  return {
    id: thread,
    state: head?.control ?? null,
    visibility: head?.visibility ?? null,
    name: head?.opener_name ?? null,
    opened_at: iso(head?.opened_at),
    active_at: iso(head?.active_at),
    messages: messages.map(messageOf),
    /** Messages of others, and replies that answered them. */
    left_out: said.length - messages.length,
    turns: (await rows("SELECT * FROM journal WHERE thread = ? ORDER BY seq")).filter(isTheirs).map(turnOf),
    notices: (
      await rows("SELECT id, lane, author, created_at, send FROM outbox WHERE thread = ? ORDER BY id")
    )
      .filter((row) => row.lane === thread && row.author === "bot" && !known.has(String(row.id)))
      .filter(isTheirs)
      .map(({ id, created_at, send }) => ({ id, at: iso(created_at), post: postIn(parsed(send)) })),
    tickets: (await rows("SELECT * FROM tickets WHERE thread = ? ORDER BY number")).map((row) =>
      ticketOf(withoutOthers(row, speaksOfOthers)),
    ),
    writes: (await rows("SELECT * FROM intents WHERE thread = ? ORDER BY id")).filter(isTheirs).map(writeOf),
    deeds: (await rows("SELECT * FROM audit WHERE thread = ? ORDER BY id"))
      .filter((row) => !people.has(String(row.actor)) && isTheirs(row))
      .map(deedOf),
  };
}

const postIn = (send: unknown): unknown => (send as { post?: { text?: unknown } } | null)?.post?.text ?? null;

/** A ticket is told whole, but for what somebody else has said. */
function withoutOthers(row: Row, speaksOfOthers: (text: string) => boolean): Row {
  const hide = (value: unknown): unknown =>
    typeof value === "string" && speaksOfOthers(value) ? "(another customer's words)" : value;
  const brief = Object.entries(parsed(row.brief) as Record<string, unknown>).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.filter((one) => !speaksOfOthers(JSON.stringify(one))) : hide(value),
  ]);
  return {
    ...row,
    ask: hide(row.ask) as string,
    reason: hide(row.reason) as string,
    brief: JSON.stringify(Object.fromEntries(brief)),
  };
}
