/**
 * What a customer wrote in a thread of somebody else: it goes, with the turns that answered it and what was made of it.
 * The rest of the thread is the other customer's and stays.
 */
import type { Transaction } from "../ledger.ts";
import type { MessageId, ThreadId } from "../thread.ts";
import type { Forgotten } from "./forget-rows.ts";
import { repeats } from "./words.ts";

export interface SaidThere {
  id: MessageId;
  turn: string | undefined;
  text: string;
}

const gone = "(erased)";

/** @param accounts of the customer */
export async function eraseElsewhere(
  tx: Transaction,
  thread: ThreadId,
  said: readonly SaidThere[],
  accounts: readonly string[],
): Promise<Pick<Forgotten, "messages" | "turns" | "posts">> {
  const speaksOfThem = repeats(
    said.map((one) => one.text),
    accounts,
  );
  const done = { messages: 0, turns: 0, posts: 0 };
  for (const { id } of said) {
    done.messages += await tx.run("DELETE FROM messages WHERE id = ?", id);
    done.posts += await tx.run("DELETE FROM outbox WHERE source = ?", id);
  }
  const turns = new Set(said.flatMap(({ turn }) => turn ?? []));
  const rest = await tx.all<{ id: string; author: string; turn: string | null; text: string }>(
    "SELECT id, author, turn, text FROM messages WHERE thread = ?",
    thread,
  );
  for (const { id, author, turn, text } of rest) {
    if (author === "customer" || !((turn !== null && turns.has(turn)) || speaksOfThem(text))) continue;
    done.messages += await tx.run("DELETE FROM messages WHERE id = ?", id);
    // A reply has the id of the row that posted it.
    done.posts += await tx.run("DELETE FROM outbox WHERE id = ?", id);
  }
  const journal = await tx.all<{ turn: string; entries: string }>(
    "SELECT turn, entries FROM journal WHERE thread = ?",
    thread,
  );
  for (const { turn, entries } of journal) {
    if (!turns.has(turn) && !speaksOfThem(entries)) continue;
    done.turns += await tx.run("DELETE FROM journal WHERE turn = ?", turn);
  }
  const posts = await tx.all<{ id: string; send: string }>(
    "SELECT id, send FROM outbox WHERE thread = ?",
    thread,
  );
  for (const { id, send } of posts) {
    if (speaksOfThem(send)) done.posts += await tx.run("DELETE FROM outbox WHERE id = ?", id);
  }
  await eraseFromTickets(tx, thread, speaksOfThem);
  return done;
}

/** A ticket is the other customer's: it stays, without the words that are not theirs. */
async function eraseFromTickets(
  tx: Transaction,
  thread: ThreadId,
  speaksOfThem: (text: string) => boolean,
): Promise<void> {
  const tickets = await tx.all<{ number: number; ask: string; reason: string; brief: string }>(
    "SELECT number, ask, reason, brief FROM tickets WHERE thread = ?",
    thread,
  );
  for (const { number, ask, reason, brief } of tickets) {
    if (![ask, reason, brief].some(speaksOfThem)) continue;
    const kept = Object.entries(JSON.parse(brief) as Record<string, unknown>).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? value.filter((one) => !speaksOfThem(JSON.stringify(one)))
        : // A summary says the same in other words.
          typeof value === "string" && (name === "summary" || speaksOfThem(value))
          ? gone
          : value,
    ]);
    await tx.run(
      "UPDATE tickets SET ask = ?, reason = ?, brief = ? WHERE number = ?",
      speaksOfThem(ask) ? gone : ask,
      speaksOfThem(reason) ? gone : reason,
      JSON.stringify(Object.fromEntries(kept)),
      number,
    );
  }
}
