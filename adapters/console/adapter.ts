/** The console: one terminal, or a pipe, is a customer's thread and the staff's channel in one. */
import type { Readable } from "node:stream";
import type { Clock } from "../../src/clock.ts";
import { DeskError, faultOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Person } from "../../src/message.ts";
import type { Platform, Post, Posted, Receiver, Target } from "../../src/platform.ts";
import { customerSaid, mayAnswer, type Place, type StaffLine, staffLine, staffSaid } from "./incoming.ts";
import { createLineQueue } from "./line-queue.ts";
import { changeOf, linesForCustomer, linesForStaff } from "./outgoing.ts";
import { plain } from "./plain-text.ts";
import type { Printed } from "./printed.ts";
import { type Line, readLines } from "./read-lines.ts";
import { customerThread, customerUser, deskChannel, isDesk, staffUser, ticketThread } from "./thread-id.ts";
import { wrapped } from "./wrap.ts";

export interface ConsoleParts {
  config: {
    /** The thread to resume; without it the customer's own, or `main`. */
    thread?: string | undefined;
    /** The customer who is taken as verified. */
    as?: string | undefined;
  };
  input: Readable;
  /** Writes at once and whole. */
  write(text: string): void;
  /** Remembers over a death what has been written. */
  printed: Printed;
  /** A person at a terminal sees a prompt and a greeting. */
  interactive: boolean;
  /** How wide the terminal is at this moment. */
  columns?(): number | undefined;
  /** Resolves when nothing is under way in the lanes that concern the console. */
  idle(concerns: (lane: string) => boolean): Promise<void>;
  /** What has been said in a thread. */
  summary(thread: string): Promise<string>;
  /** The number of a ticket that is not resolved: this one, else the thread's, else the newest. */
  openTicket(thread: string, number?: number): Promise<number | undefined>;
  /** Input has ended, or somebody typed quit. */
  ended(): void;
  /** Longest line that is taken. */
  lineCharactersMax: number;
  clock: Clock;
  log: Log;
}

export function createConsoleAdapter(parts: ConsoleParts): Platform {
  const { config, clock } = parts;
  const thread = customerThread(config.thread ?? config.as ?? "main");
  const customer: Person = {
    id: customerUser(config.as),
    tenant: "local",
    name: config.as ?? "customer",
    ...(config.as ? { customer: config.as } : {}),
  };
  let desk: Receiver | undefined;
  let prompting = false;
  /** The cursor stands behind a prompt. */
  let atPrompt = false;
  /** The ticket that staff have named last. */
  let named: number | undefined;

  const columns = (): number | undefined => (parts.interactive ? parts.columns?.() : undefined);

  const lines = createLineQueue<Line>({
    kindOf(line) {
      if (typeof line !== "string" || isWord(line)) return "other";
      if (staffLine(line)) return "staff";
      return mayAnswer(line) ? "other" : "customer";
    },
    take,
    async hasGround(line) {
      const staff = typeof line === "string" ? staffLine(line) : undefined;
      if (staff?.does !== "press") return false;
      const about = await parts.openTicket(thread, numberIn(staff));
      return about !== undefined && (staff.ticket === undefined || about === Number(staff.ticket));
    },
    async settled() {
      await parts.idle((lane) => lane === thread || isDesk(lane) || lane.startsWith("ticket:"));
      parts.log.info("console.quiet");
    },
    resting: prompt,
    full: (full) => (full ? parts.input.pause() : parts.input.resume()),
    over() {
      leavePrompt();
      parts.ended();
    },
    clock,
  });

  /** False: the conversation is over. */
  async function take(line: Line): Promise<boolean> {
    try {
      if (typeof line !== "string") {
        const { tooLong } = line;
        show([
          `That line was not taken: it has ${tooLong} characters, and the most is ${parts.lineCharactersMax}.`,
        ]);
      } else if (line.trim() === "quit") return false;
      else if (line.trim() === "summary") {
        const said = (await parts.summary(thread)).split("\n");
        show(said.flatMap((one) => wrapped(plain(one), columns())));
      } else await receive(line);
    } catch (error) {
      parts.log.error("message.refused", { error });
      const why = error instanceof DeskError ? error.remedy : faultOf(error);
      show([`Your message was not taken. ${why}`]);
    }
    return true;
  }

  async function receive(line: string): Promise<void> {
    const place: Place = { thread, customer, id: clock.id("c"), now: clock.now() };
    const staff = staffLine(line);
    if (staff) await receiveStaff(staff, place);
    else await desk?.receive(customerSaid(line, place));
  }

  async function receiveStaff(staff: StaffLine, place: Place): Promise<void> {
    if (staff.does === "decide") {
      if (staff.approval === undefined) show(["[desk] Which one? @staff approve N, or @staff deny N WHY."]);
      else await desk?.receive(staffSaid(staff, staff.approval, place));
      return;
    }
    named = numberIn(staff);
    const open = await parts.openTicket(thread, named);
    if (open === undefined && named === undefined) show(["[desk] There is no open ticket."]);
    const number = staff.does === "press" ? (named ?? open) : open;
    if (staff.does === "press" && number === undefined) return;
    await desk?.receive(staffSaid(staff, number === undefined ? undefined : String(number), place));
  }

  function numberIn(staff: StaffLine): number | undefined {
    return staff.does === "press" && staff.ticket !== undefined ? Number(staff.ticket) : named;
  }

  function show(shown: readonly string[]): void {
    parts.write(`${parts.interactive ? "\r\u001B[K" : ""}${shown.join("\n")}\n`);
    if (prompting) prompt(true);
  }

  function prompt(resting: boolean): void {
    prompting = resting;
    if (!parts.interactive || !resting) return;
    parts.write("> ");
    atPrompt = true;
  }

  /** What the shell prints next begins on a line of its own. */
  function leavePrompt(): void {
    if (atPrompt) parts.write("\n");
    atPrompt = false;
  }

  async function working(id: string): Promise<void> {
    if (id === thread && !prompting) parts.write("\r\u001B[K…");
  }

  function greet(): void {
    const who = config.as ? `customer ${config.as}` : "a customer";
    const told = [
      `You are ${who}, in the thread ${thread.split(":").at(-1)}: ask something.`,
      "For the desk: @staff take · @staff TEXT · @staff // NOTE · @staff hand back · @staff resolve",
      "Also: summary · quit",
    ];
    show(told.flatMap((line) => wrapped(line, columns())));
  }

  return {
    name: "console",
    turnPerMessage: true,
    deskChannel,

    async connect(receiver) {
      desk = receiver;
      if (parts.interactive) greet();
      readLines(parts.input, {
        lineCharactersMax: parts.lineCharactersMax,
        lines(read) {
          atPrompt = false;
          lines.add(read.filter((line) => typeof line !== "string" || plain(line).trim() !== ""));
        },
        ended: lines.end,
      });
      if (!lines.busy) prompt(true);
    },

    async post(target: Target, post: Post, key: string): Promise<Posted> {
      const place = "thread" in target ? target.thread : target.channel;
      if (isDesk(place)) show(linesForStaff(post, columns()));
      else if (place === thread) show(linesForCustomer(post, columns()));
      // What an earlier run left for another thread: nobody may take it for this one's.
      else show(linesForCustomer(post, columns()).map((line) => `(${place.split(":").at(-1)}) ${line}`));
      const ticket = post.card ? post.buttons?.find(({ action }) => action.startsWith("ticket.")) : undefined;
      const posted = { id: idOf(key), thread: ticket ? ticketThread(ticket.value) : String(place) };
      parts.printed.add(key, posted.thread);
      return posted;
    },

    async find(_target, key) {
      const there = parts.printed.threadOf(key);
      return there === undefined ? undefined : { id: idOf(key), thread: there };
    },

    /** Of a card that has changed, its head and foot are printed again. */
    async edit(_message, post) {
      show(post.card ? [changeOf(post.card)] : linesForStaff(post, columns()));
    },

    async mark(_message, mark, set) {
      if (set) show([mark === "failed" ? "[desk] ⚠️ not sent" : "[desk] ✅ sent"]);
    },

    async answer(_interaction, post) {
      show(linesForStaff(post, columns()));
      return true;
    },

    // A pipe has no use for it, and nothing would wipe it away.
    ...(parts.interactive ? { working } : {}),

    forget: async (threads) => parts.printed.forget(threads),

    belongs: async (user, group) => user === staffUser && (group === deskChannel || group === staffUser),

    async close() {
      leavePrompt();
      parts.input.destroy();
    },
  };
}

const idOf = (key: string): string => `console:local:${key}`;

/** What is neither a customer's nor staff's. */
function isWord(line: string): boolean {
  return line.trim() === "quit" || line.trim() === "summary";
}
