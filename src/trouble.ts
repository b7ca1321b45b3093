/** What breaks the program: it is tried again, it delays nobody else, and in the end a person gets it. */
import type { Clock } from "./clock.ts";
import { toStaff } from "./desk/notices.ts";
import { type Appeal, enqueueForTicket, enqueueToStaff, type Opened } from "./desk/open-ticket.ts";
import { audit } from "./ledger/audit.ts";
import { type Admitted, countDeath, countFailure, park as parkRows, waitingIn } from "./ledger/inbox.ts";
import { enqueue, type OutboxRow } from "./ledger/outbox.ts";
import { advanceThread, findThread, moveThread, type Thread } from "./ledger/threads.ts";
import { ticketOfDeskThread } from "./ledger/tickets.ts";
import { writeMessage } from "./ledger/transcript.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Incoming, Message } from "./message.ts";
import type { ThreadId } from "./thread.ts";

export interface TroubleParts {
  ledger: Ledger;
  escalate(tx: Transaction, appeal: Appeal): Promise<Opened>;
  /** Staff are shown what a customer wrote or pressed, where a person has the thread. */
  showStaff(tx: Transaction, thread: Thread, admitted: Admitted): Promise<OutboxRow[]>;
  brokenNotice(ticket: number): string;
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
  log: Log;
}

export type Trouble = ReturnType<typeof createTrouble>;

export function createTrouble(parts: TroubleParts) {
  const { ledger, clock, log } = parts;

  /** Dealing with a lane has failed; true: try again later. */
  async function failed(lane: string, error: unknown): Promise<boolean> {
    log.error("turn.broke", { lane, error });
    try {
      await ledger.write(async (tx) => {
        const first = (await waitingIn(tx, lane, 1))[0];
        if (first) await countFailure(tx, [first.id]);
      });
    } catch (ledgerError) {
      log.error("turn.uncounted", { lane, error: ledgerError });
    }
    return true;
  }

  /** Puts aside what has broken the program too often; a customer's message becomes a ticket. */
  async function park(admitted: Admitted): Promise<void> {
    log.error("inbox.parked", { inbox: admitted.id, lane: admitted.lane, kind: admitted.event.kind });
    parts.push(await ledger.write((tx) => parkIn(tx, admitted)));
  }

  async function parkIn(tx: Transaction, admitted: Admitted): Promise<OutboxRow[]> {
    const { event } = admitted;
    await parkRows(tx, [admitted.id]);
    const where = threadOf(event);
    const thread = where === undefined ? undefined : await findThread(tx, where);
    await audit(tx, clock, {
      actor: "bot",
      action: "inbox.parked",
      subject: admitted.id,
      ...(thread ? { thread: thread.id } : {}),
    });
    const message = event.kind === "message" ? event.message : undefined;
    if (!thread) return message ? tellWriter(tx, message) : [];
    if (message) await record(tx, thread, message);
    if (thread.control === "escalated" || thread.control === "taken_over")
      return parts.showStaff(tx, thread, admitted);
    const opened = await parts.escalate(tx, {
      thread: thread.control === "resolved" ? await moveThread(tx, thread, "reopen") : thread,
      escalation: { reason: "The program failed on this message again and again.", priority: "high" },
      ...asked(event),
      transcript: [],
      sources: [],
    });
    const notice = await enqueue(tx, clock, {
      lane: thread.id,
      author: "bot",
      thread: thread.id,
      fence: opened.thread.version,
      send: {
        does: "post",
        to: { thread: thread.id },
        post: { text: parts.brokenNotice(opened.ticket.number) },
      },
    });
    return [...opened.rows, notice];
  }

  /** Somebody of staff wrote it in a ticket's thread, and believes that it has reached the customer. */
  async function tellWriter(tx: Transaction, { id, thread, channel }: Message): Promise<OutboxRow[]> {
    const ticket = await ticketOfDeskThread(tx, thread);
    if (!ticket) return [];
    const send = { does: "mark" as const, message: id, mark: "failed" as const, set: true };
    const marked = await enqueueForTicket(tx, clock, ticket, { author: "desk", send });
    return [
      marked,
      ...(await enqueueToStaff(tx, { channel: () => channel, clock }, ticket, toStaff.broke())),
    ];
  }

  async function record(tx: Transaction, thread: Thread, message: Message): Promise<void> {
    const seq = await advanceThread(tx, thread, { count: 1, turn: false, now: clock.now() });
    const { id, author, text, files, sentAt } = message;
    await writeMessage(tx, thread.id, seq + 1, {
      id,
      author: "customer",
      by: author,
      text,
      files,
      at: sentAt,
    });
  }

  return { failed, park, countDeath: (lane?: string) => ledger.write((tx) => countDeath(tx, lane)) };
}

/** Where a customer has written, or pressed a button of a question that was put to them. */
function threadOf(event: Incoming): ThreadId | undefined {
  if (event.kind === "message") return event.message.thread;
  const answers = event.kind === "action" && /^intent\.(confirm|cancel)$/.test(event.name);
  return answers ? event.thread : undefined;
}

function asked(event: Incoming): Pick<Appeal, "lastWords" | "asked"> {
  if (event.kind !== "message")
    return { lastWords: toStaff.pressed(event.kind === "action" && event.name === "intent.confirm") };
  const { id, author, text, files } = event.message;
  return { lastWords: text, asked: [{ id, name: author.name, text, files }] };
}
