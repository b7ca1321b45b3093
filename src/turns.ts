/** A turn's beginning and end in the ledger: what the agent is given, and the one commit in which its outcome becomes true. */
import type { Outcome } from "./agent/outcome.ts";
import type { Turn } from "./agent/turn.ts";
import type { Clock } from "./clock.ts";
import type { Appeal, Opened } from "./desk/open-ticket.ts";
import type { Privately } from "./desk/privately.ts";
import { messagesOf } from "./desk/relay.ts";
import type { Control } from "./lanes.ts";
import { audit } from "./ledger/audit.ts";
import { type Admitted, markHeard } from "./ledger/inbox.ts";
import { firstAsked } from "./ledger/intents.ts";
import { enqueue, type OutboxRow } from "./ledger/outbox.ts";
import { advanceThread, fenced, findThread, moveThread, type Thread, versionOf } from "./ledger/threads.ts";
import { writeJournal, writeMessage } from "./ledger/transcript.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Incoming, Person } from "./message.ts";
import type { Post } from "./platform.ts";
import type { Confirmation } from "./proposal.ts";
import type { Recall } from "./recall.ts";
import type { MessageId, ThreadId } from "./thread.ts";

export interface TurnsParts {
  ledger: Ledger;
  /** The verified customer behind an account, if there is one. */
  customerOf(person: Person): Promise<{ id: string; fresh: boolean } | undefined>;
  escalate(tx: Transaction, appeal: Appeal): Promise<Opened>;
  /** What was asked where others read is asked again in a private thread. */
  carryOver: Privately["carryOver"];
  /** The kill switch. */
  paused(): boolean;
  /** What a customer is told when a person has been asked. */
  escalationNotice(ticket: number): string;
  /** Platforms where each message has its own reply, and the reply says to which. */
  turnPerMessage(thread: ThreadId): boolean;
  recall: Recall;
  clock: Clock;
  log: Log;
}

export interface OpenTurn {
  turn: Turn;
  thread: Thread;
  admitted: readonly Admitted[];
  /** Who wrote or pressed. */
  author: Person | undefined;
  /** What the reply answers, where each message has its own. */
  replyTo: MessageId | undefined;
  /** The outbox row that says that it takes long, if that is said: whatever waits, it goes out before the reply. */
  notice: string;
  /** The outbox row that the reply will be. */
  reply: string;
  startedAt: number;
  began: number;
}

export type Turns = ReturnType<typeof createTurns>;

export function createTurns(parts: TurnsParts) {
  const { ledger, clock, log } = parts;

  async function begin(thread: Thread, admitted: readonly Admitted[], control: Control): Promise<OpenTurn> {
    const history = await parts.recall.history(thread);
    const messages = messagesOf(admitted);
    const author = messages.at(-1)?.author ?? presserOf(admitted[0]?.event);
    const [notice, reply] = [clock.id("o"), clock.id("o")];
    const event = await eventOf(admitted);
    const turn: Turn = {
      // The same when the turn is begun again: its writes are found again.
      id: `t_${event}`,
      event,
      opener: thread.opener,
      by: author?.id,
      pressed: pressOf(admitted[0]?.event),
      thread: thread.id,
      visibility: thread.visibility,
      turns: thread.turns,
      specialist: thread.specialist,
      customer: author?.id === thread.opener ? await parts.customerOf(author) : undefined,
      history,
      asked: messages.map((message) =>
        [message.text, ...message.files.map((file) => `[file: ${file.name}]`)].filter(Boolean).join("\n"),
      ),
      show: undefined,
      signal: control.signal,
      async stillOurs() {
        control.signal.throwIfAborted();
        if (parts.paused() || !control.holds()) throw fenced(thread.id);
        if ((await ledger.read((tx) => versionOf(tx, thread.id))) !== thread.version) throw fenced(thread.id);
      },
    };
    log.info("turn.started", { turn: turn.id, thread: thread.id, messages: admitted.length });
    const replyTo = parts.turnPerMessage(thread.id) ? answeredBy(admitted) : undefined;
    const ids = { replyTo, notice, reply };
    return { turn, thread, admitted, author, ...ids, startedAt: clock.now(), began: clock.elapsed() };
  }

  /** What the turn is known by: the first message, unless it was begun before, when an older one was not known of. */
  async function eventOf(admitted: readonly Admitted[]): Promise<string> {
    const ids = admitted.map((one) => one.id);
    const begun = ids.length > 1 ? await ledger.read((tx) => firstAsked(tx, ids)) : undefined;
    return begun ?? ids[0] ?? "";
  }

  /**
   * Everything the turn came to, in one commit: what was said, what was done, the reply, the ticket.
   * @throws DeskError ledger_conflict when the bot no longer has the thread; then nothing of it is true
   */
  async function end(open: OpenTurn, outcome: Outcome): Promise<OutboxRow[]> {
    const rows = await ledger.write((tx) => commit(tx, open, outcome));
    log.info("turn.ended", {
      turn: open.turn.id,
      thread: open.thread.id,
      outcome: outcome.kind,
      specialist: outcome.specialist,
      model: outcome.model,
      calls: outcome.entries.reduce(
        (count, item) => count + (item.role === "calls" ? item.calls.length : 0),
        0,
      ),
      sources: outcome.sources.length,
      tokens_in: outcome.tokens.input,
      tokens_out: outcome.tokens.output,
      ms: Math.round(clock.elapsed() - open.began),
    });
    return rows;
  }

  async function commit(tx: Transaction, open: OpenTurn, outcome: Outcome): Promise<OutboxRow[]> {
    const { turn, admitted } = open;
    const messages = messagesOf(admitted);
    const keep = outcome.keep ?? asItIs;
    const now = clock.now();
    let seq = await advanceThread(tx, open.thread, {
      count: messages.length + 2,
      turn: true,
      ...(outcome.specialist ? { specialist: outcome.specialist } : {}),
      now,
    });
    for (const message of messages) {
      seq += 1;
      await writeMessage(tx, turn.thread, seq, {
        id: message.id,
        author: "customer",
        by: message.author,
        text: keep(message.text),
        files: message.files,
        turn: turn.id,
        at: message.sentAt,
      });
    }
    await writeJournal(tx, turn.thread, seq + 1, {
      turn: turn.id,
      specialist: outcome.specialist,
      outcome: outcome.kind,
      model: outcome.model,
      entries: outcome.entries,
      tokens: outcome.tokens,
      startedAt: open.startedAt,
      endedAt: now,
    });
    await auditTurn(tx, open, outcome);
    const { thread, text, rows } = await conclude(tx, open, outcome);
    if (outcome.goesTo) rows.push(...(await parts.carryOver(tx, thread, outcome.goesTo, messages)));
    await writeMessage(tx, turn.thread, seq + 2, {
      id: open.reply,
      author: "bot",
      text,
      sources: outcome.sources,
      turn: turn.id,
      at: now,
    });
    await markHeard(tx, admitted);
    const reply = await enqueue(tx, clock, {
      id: open.reply,
      lane: thread.id,
      author: "bot",
      thread: thread.id,
      fence: thread.version,
      send: {
        does: "post",
        to: { thread: thread.id },
        post: {
          text,
          sources: outcome.sources,
          ...(outcome.kind === "answer" && outcome.model !== "none" ? { feedback: turn.id } : {}),
          ...(outcome.kind === "confirmation" ? asking(outcome.confirmation) : {}),
          turn: { number: open.thread.turns + 1, specialist: outcome.specialist },
          ...(open.replyTo ? { replyTo: open.replyTo } : {}),
        },
      },
    });
    return [reply, ...rows];
  }

  /** The words of the reply; with an escalation also the ticket. */
  async function conclude(
    tx: Transaction,
    open: OpenTurn,
    outcome: Outcome,
  ): Promise<{ thread: Thread; text: string; rows: OutboxRow[] }> {
    switch (outcome.kind) {
      case "answer":
      case "question":
      case "confirmation":
        return { thread: open.thread, text: outcome.text, rows: [] };
      case "escalation": {
        const opened = await parts.escalate(tx, {
          thread: open.thread,
          escalation: outcome.escalation,
          lastWords: open.turn.asked.map(outcome.keep ?? asItIs).join("\n"),
          transcript: [...open.turn.history, ...outcome.entries],
          sources: outcome.sources,
          turn: open.turn.id,
        });
        const notice = parts.escalationNotice(opened.ticket.number);
        return {
          thread: opened.thread,
          text: [outcome.text, notice].filter(Boolean).join("\n\n"),
          rows: opened.rows,
        };
      }
    }
  }

  async function auditTurn(tx: Transaction, open: OpenTurn, outcome: Outcome): Promise<void> {
    const { turn } = open;
    for (const item of outcome.entries) {
      if (item.role !== "result") continue;
      await audit(tx, clock, {
        actor: "bot",
        action: "tool.called",
        subject: item.name,
        thread: turn.thread,
        turn: turn.id,
        detail: { failed: item.failed },
      });
    }
    await audit(tx, clock, {
      actor: "bot",
      action: "turn.ended",
      subject: outcome.kind,
      thread: turn.thread,
      turn: turn.id,
      detail: {
        specialist: outcome.specialist,
        model: outcome.model,
        sources: outcome.sources.map((source) => source.title),
      },
    });
  }

  /** undefined: nobody has written there, or it has been erased. */
  const find = (id: ThreadId): Promise<Thread | undefined> => ledger.read((tx) => findThread(tx, id));

  /** @throws RangeError when nobody has written there */
  async function threadOf(id: ThreadId): Promise<Thread> {
    const thread = await find(id);
    if (!thread) throw new RangeError(`there is no thread ${id}`);
    return thread;
  }

  /** A customer has come back to a conversation that was resolved. */
  async function reopen(thread: Thread): Promise<void> {
    await ledger.write(async (tx) => {
      await moveThread(tx, thread, "reopen");
      await audit(tx, clock, {
        actor: thread.opener,
        action: "thread.reopened",
        subject: thread.id,
        thread: thread.id,
      });
    });
  }

  /** A line of the desk's own to a customer, while the bot has the thread. */
  function notify(thread: Thread, text: string): Promise<OutboxRow> {
    return ledger.write((tx) =>
      enqueue(tx, clock, {
        lane: thread.id,
        author: "bot",
        thread: thread.id,
        fence: thread.version,
        send: { does: "post", to: { thread: thread.id }, post: { text } },
      }),
    );
  }

  return { find, threadOf, reopen, begin, end, notify };
}

const asItIs = (text: string): string => text;

/** The customer's press of a button of the store's question. */
function pressOf(event: Incoming | undefined): Turn["pressed"] {
  if (event?.kind !== "action") return undefined;
  return { intent: event.value, yes: event.name === "intent.confirm" };
}

/** The last message, or what was pressed. */
function answeredBy(admitted: readonly Admitted[]): MessageId | undefined {
  const event = admitted.at(-1)?.event;
  if (event?.kind === "message") return event.message.id;
  return event?.kind === "action" ? event.message : undefined;
}

function presserOf(event: Incoming | undefined): Person | undefined {
  return event?.kind === "action" ? event.by : undefined;
}

/** The question's buttons. */
function asking(confirmation: Confirmation): Pick<Post, "confirmation" | "buttons"> {
  const { id } = confirmation;
  return {
    confirmation,
    buttons: [
      { label: "Confirm", action: "intent.confirm", value: id, style: "primary" },
      { label: "Cancel", action: "intent.cancel", value: id },
    ],
  };
}
