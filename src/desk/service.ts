/** `/support` and people's own pages: what is asked for by a command instead of in a conversation. */
import type { Clock } from "../clock.ts";
import { audit } from "../ledger/audit.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread, newestThreadOf } from "../ledger/threads.ts";
import { openTickets, type Ticket, ticketsOfUser } from "../ledger/tickets.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Incoming, Person } from "../message.ts";
import type { Platform } from "../platform.ts";
import { platformOf } from "../thread.ts";
import { customerHelp, parseCommand, staffHelp } from "./commands.ts";
import type { Desk } from "./desk.ts";
import { toCustomer } from "./notices.ts";
import type { Staff } from "./staff.ts";

export interface ServiceParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  desk: Desk;
  staff: Staff;
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
  log: Log;
}

export type Service = ReturnType<typeof createService>;

type Call = Extract<Incoming, { kind: "command" | "home" }>;

const ticketsShown = 20;

export function createService(parts: ServiceParts) {
  const { ledger } = parts;

  async function serve(admitted: Admitted, call: Call): Promise<void> {
    const isStaff = await parts.staff.includes(call.by);
    if (call.kind === "home") await showHome(call.by, isStaff);
    else await answer(call, await carryOut(call, isStaff));
    await ledger.write((tx) => markDone(tx, [admitted.id]));
  }

  /** What the asker reads. */
  async function carryOut(call: Extract<Call, { kind: "command" }>, isStaff: boolean): Promise<string> {
    const command = parseCommand(call.name === "open_ticket" ? "person" : call.text);
    switch (command.does) {
      case "person":
        return askForPerson(call);
      case "status":
        return listed(await ledger.read((tx) => ticketsOfUser(tx, call.by.id, ticketsShown)));
      case "tickets":
        return isStaff ? listed(await parts.desk.tickets(ticketsShown)) : customerHelp;
      case "press":
        return isStaff
          ? (await parts.desk.press(command.action, command.ticket, call.by)) || "Done."
          : customerHelp;
      case "help":
        return isStaff ? `${staffHelp}\n\n${customerHelp}` : customerHelp;
    }
  }

  async function askForPerson(call: Extract<Call, { kind: "command" }>): Promise<string> {
    const id = call.about?.thread ?? call.thread;
    const lastWords = call.about?.text ?? "/support person";
    const opened = await ledger.write(async (tx) => {
      const thread = (id && (await findThread(tx, id))) || (await newestThreadOf(tx, call.by.id));
      if (!thread || thread.opener !== call.by.id) return undefined;
      if (thread.control !== "automated" || thread.ticket === undefined) {
        if (thread.control === "escalated" || thread.control === "taken_over")
          return { known: thread.ticket ?? 0, rows: [] };
      }
      const {
        ticket,
        rows,
        thread: moved,
      } = await parts.desk.escalate(tx, {
        thread,
        escalation: { reason: "The customer asks for a person.", priority: "normal" },
        lastWords,
        transcript: [],
        sources: [],
      });
      const notice = await enqueue(tx, parts.clock, {
        lane: moved.id,
        author: "bot",
        thread: moved.id,
        fence: moved.version,
        send: { does: "post", to: { thread: moved.id }, post: { text: toCustomer.escalated(ticket.number) } },
      });
      return { known: ticket.number, rows: [...rows, notice] };
    });
    if (!opened) return "Write to me in a direct message first; then a person can answer you there.";
    parts.push(opened.rows);
    return toCustomer.escalated(opened.known);
  }

  async function showHome(person: Person, isStaff: boolean): Promise<void> {
    const tickets = isStaff
      ? await ledger.read((tx) => openTickets(tx, ticketsShown))
      : await ledger.read((tx) => ticketsOfUser(tx, person.id, ticketsShown));
    const title = isStaff ? "Open tickets" : "Your tickets";
    try {
      await parts.platforms
        .get(platformOf(person.id))
        ?.home?.(person.id, { text: `## ${title}\n\n${listed(tickets)}` });
    } catch (error) {
      parts.log.warn("home.failed", { error });
    }
  }

  async function answer(call: Extract<Call, { kind: "command" }>, text: string): Promise<void> {
    try {
      await parts.platforms.get(platformOf(call.by.id))?.answer?.(call.interaction, { text });
    } catch (error) {
      parts.log.warn("answer.failed", { command: call.name, error });
    }
  }

  /** 👍 or 👎 on a reply: `up TURN` or `down TURN`, on record with the turn. */
  async function rate(admitted: Admitted, action: Extract<Incoming, { kind: "action" }>): Promise<void> {
    const [, rating, turn] = /^(up|down) (\S{1,60})$/.exec(action.value) ?? [];
    await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      if (!rating || !turn) return;
      await audit(tx, parts.clock, {
        actor: action.by.id,
        action: "feedback.given",
        subject: rating,
        turn,
        ...(action.thread ? { thread: action.thread } : {}),
      });
    });
    if (rating) parts.log.info("feedback.given", { rating, turn });
  }

  return { serve, rate };
}

function listed(tickets: readonly Ticket[]): string {
  if (tickets.length === 0) return "There are no tickets.";
  return tickets
    .map(
      (ticket) => `- #${ticket.number} ${ticket.ask} (${ticket.state.replace("_", " ")}, ${ticket.priority})`,
    )
    .join("\n");
}
