/** `/support` and people's own pages, 👍 and 👎: what is asked for, or said, beside a conversation. */
import { audit } from "../ledger/audit.ts";
import { type Admitted, markDone, stillWaits } from "../ledger/inbox.ts";
import { type Ticket, ticketsOfUser } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Incoming, Person } from "../message.ts";
import type { Platform } from "../platform.ts";
import { platformOf } from "../thread.ts";
import { customerHelp, parseCommand, type StaffCommand, staffHelp } from "./commands.ts";
import { type CustomerCommandParts, createCustomerCommands } from "./customer-commands.ts";
import type { Desk } from "./desk.ts";
import { toStaff } from "./notices.ts";
import type { Staff } from "./staff.ts";
import { type CarriedOut, noteOn, sendSnippet } from "./staff-commands.ts";
import type { Receiver } from "./transfer.ts";

export interface ServiceParts extends CustomerCommandParts {
  platforms: ReadonlyMap<string, Platform>;
  queues: readonly string[];
  snippets: readonly { name: string; text: string }[];
  desk: Desk;
  staff: Staff;
  /** Sets the kill switch, in one commit with what goes with it. */
  pause(paused: boolean, by: string, also: (tx: Transaction) => Promise<void>): Promise<void>;
  log: Log;
}

export type Service = ReturnType<typeof createService>;

type Call = Extract<Incoming, { kind: "command" | "home" }>;
type CommandCall = Extract<Call, { kind: "command" }>;

const ticketsShown = 20;

export function createService(parts: ServiceParts) {
  const { ledger, log } = parts;
  const customers = createCustomerCommands(parts);

  async function serve(admitted: Admitted, call: Call): Promise<void> {
    const isStaff = await parts.staff.includes(call.by);
    if (call.kind === "home") await showHome(call.by, isStaff);
    else await answer(call, await carryOut(admitted, call, isStaff));
    await ledger.write(async (tx) => {
      if (await stillWaits(tx, admitted.id)) await markDone(tx, [admitted.id]);
    });
  }

  /** What the asker reads. What changes anything is one commit with its event: it is not done again after a death. */
  async function carryOut(admitted: Admitted, call: CommandCall, isStaff: boolean): Promise<string> {
    if (call.name === "open_ticket") return openAbout(admitted, call, isStaff);
    const command = parseCommand(call.text);
    switch (command.does) {
      case "person":
        return customers.askForPerson(admitted, call);
      case "status":
        return statusOf(await ledger.read((tx) => ticketsOfUser(tx, call.by.id, ticketsShown)));
      case "forget":
        return customers.askToBeForgotten(admitted, call);
      case "open":
        return customers.openPrivately(admitted, call, command.question);
      case "help":
        return isStaff ? `${staffHelp}\n${customerHelp}` : customerHelp;
      case "tickets":
      case "press":
      case "note":
      case "snippet":
      case "transfer":
      case "pause":
        return isStaff ? forStaff(admitted, call, command) : refuse(admitted, call, command.does);
    }
  }

  /** A ticket about a message: about none of the human channel's, and about others' messages for staff only. */
  async function openAbout(admitted: Admitted, call: CommandCall, isStaff: boolean): Promise<string> {
    const { about, by } = call;
    if (!about || about.channel === parts.channel()) return toStaff.notFromHere();
    if (!isStaff && about.author.id !== by.id) return refuse(admitted, call, "open_ticket");
    return customers.openAbout(admitted, call, about, isStaff);
  }

  async function forStaff(admitted: Admitted, call: CommandCall, command: StaffCommand): Promise<string> {
    const { by } = call;
    switch (command.does) {
      case "tickets":
        return listed(await parts.desk.tickets(ticketsShown + 1));
      case "press":
        return (await parts.desk.press(admitted, command.action, command.ticket, by)) || toStaff.done();
      case "note":
        return commit((tx) => noteOn(tx, parts, admitted, { ...command, by }));
      case "snippet":
        return commit((tx) => sendSnippet(tx, parts, admitted, { ...command, in: call.thread, by }));
      case "transfer": {
        const to = await receiverNamed(command.to, by);
        if (!to) return toStaff.noReceiver(parts.queues);
        return (await parts.desk.transfer(admitted, command.ticket, to, by)) || toStaff.done();
      }
      case "pause":
        await parts.pause(command.paused, by.id, (tx) => markDone(tx, [admitted.id]));
        return command.paused ? toStaff.paused() : toStaff.unpaused();
    }
  }

  /** A customer's own tickets; who waits for a person hears when there will be one. */
  function statusOf(tickets: readonly Ticket[]): string {
    const waits = tickets.some(({ state }) => state === "open" || state === "taken");
    const away = waits ? parts.away() : "";
    return away === "" ? listed(tickets) : `${listed(tickets)}\n\n${away}`;
  }

  /** A queue, or somebody who is staff at this moment. */
  async function receiverNamed(to: string, by: Person): Promise<Receiver | undefined> {
    const queue = parts.queues.find((name) => name.toLowerCase() === to.toLowerCase());
    if (queue !== undefined) return { queue };
    if (to === by.id) return { person: by };
    if (!to.includes(":")) return undefined;
    const person = await personOf(to, by);
    return person && (await parts.staff.includes(person)) ? { person } : undefined;
  }

  async function personOf(id: string, by: Person): Promise<Person | undefined> {
    const platform = parts.platforms.get(platformOf(id));
    try {
      return platform?.person ? await platform.person(id) : { id, tenant: by.tenant, name: id };
    } catch (error) {
      log.warn("person.unknown", { user: id, error });
      return undefined;
    }
  }

  async function commit(work: (tx: Transaction) => Promise<CarriedOut>): Promise<string> {
    const { told, rows } = await ledger.write(work);
    parts.push(rows);
    return told;
  }

  async function refuse(admitted: Admitted, call: CommandCall, command: string): Promise<string> {
    log.warn("command.refused", { command, by: call.by.id });
    await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      await audit(tx, parts.clock, { actor: call.by.id, action: "command.refused", subject: command });
    });
    return toStaff.notStaff();
  }

  async function showHome(person: Person, isStaff: boolean): Promise<void> {
    const tickets = isStaff
      ? await parts.desk.tickets(ticketsShown + 1)
      : await ledger.read((tx) => ticketsOfUser(tx, person.id, ticketsShown));
    const title = isStaff ? "Open tickets" : "Your tickets";
    try {
      await parts.platforms
        .get(platformOf(person.id))
        ?.home?.(person.id, { text: `## ${title}\n\n${listed(tickets)}` });
    } catch (error) {
      log.warn("home.failed", { error });
    }
  }

  async function answer(call: CommandCall, text: string): Promise<void> {
    try {
      await parts.platforms.get(platformOf(call.by.id))?.answer?.(call.interaction, { text });
    } catch (error) {
      log.warn("answer.failed", { command: call.name, error });
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
    if (rating) log.info("feedback.given", { rating, turn });
  }

  return { serve, rate };
}

function listed(tickets: readonly Ticket[]): string {
  if (tickets.length === 0) return "There are no tickets.";
  const lines = tickets
    .slice(0, ticketsShown)
    .map(
      (ticket) => `- #${ticket.number} ${ticket.ask} (${ticket.state.replace("_", " ")}, ${ticket.priority})`,
    );
  return [...lines, ...(tickets.length > ticketsShown ? ["- … and more"] : [])].join("\n");
}
