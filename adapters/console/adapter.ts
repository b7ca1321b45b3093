/**
 * The console: one terminal, or a pipe, is a customer's thread and the staff's channel in one.
 *
 * Each line waits until what the line before it caused has ended, so that a pipe reads like a conversation. Only a staff
 * line that arrives while the bot is at work does not wait: a person may always step in.
 */
import { writeSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Clock } from "../../src/clock.ts";
import { faultOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Person } from "../../src/message.ts";
import type { Platform, Post, Posted, Receiver, Target } from "../../src/platform.ts";
import { customerSaid, type Place, staffLine, staffSaid } from "./incoming.ts";
import { linesOf } from "./outgoing.ts";
import { readLines } from "./read-lines.ts";
import { customerThread, customerUser, deskChannel, isDesk, staffUser, ticketThread } from "./thread-id.ts";

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
  /** A person at a terminal sees a prompt and a greeting. */
  interactive: boolean;
  /** Resolves when nothing is under way in the desk. */
  idle(): Promise<void>;
  /** The running summary of a thread. */
  summary(thread: string): Promise<string>;
  /** Input has ended, or somebody typed quit. */
  ended(): void;
  /** Longest line that is taken. */
  lineCharactersMax: number;
  clock: Clock;
  log: Log;
}

export function writeToStandardOutput(text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // A pipe that is full for the moment; one that is closed has no reader to serve.
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") continue;
      if ((error as NodeJS.ErrnoException).code === "EPIPE") return;
      throw error;
    }
  }
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
  const queue: string[] = [];
  let busy = false;
  let closed = false;
  let inputEnded = false;

  async function take(desk: Receiver, line: string): Promise<void> {
    const place: Place = { thread, customer, id: clock.id("c"), now: clock.now() };
    const staff = staffLine(line);
    if (!staff) {
      await desk.receive(customerSaid(line, place));
      return;
    }
    const ticket =
      (await desk.suggest("ticket", "", { id: staffUser, tenant: "local", name: "staff" })).at(-1)?.value ??
      "";
    if (ticket === "" && staff.does === "press" && !staff.ticket) {
      show(["[desk] There is no open ticket."]);
      return;
    }
    await desk.receive(staffSaid(staff, ticket, place));
  }

  async function pump(desk: Receiver): Promise<void> {
    if (busy) return;
    busy = true;
    for (let line = queue.shift(); line !== undefined && !closed; line = queue.shift()) {
      if (line.trim() === "quit") {
        finish();
        return;
      }
      await handle(desk, line);
      await parts.idle();
      parts.log.info("console.quiet");
    }
    busy = false;
    if (inputEnded) finish();
    else prompt();
  }

  async function handle(desk: Receiver, line: string): Promise<void> {
    try {
      if (line.trim() === "summary") show((await parts.summary(thread)).split("\n"));
      else await take(desk, line);
    } catch (error) {
      parts.log.error("message.refused", { error });
      show([`Your message was not taken: ${faultOf(error)}. Please try again.`]);
    }
  }

  function hear(desk: Receiver, lines: string[]): void {
    for (const line of lines) {
      if (line.trim() === "") continue;
      if (busy && queue.length === 0 && staffLine(line)) void handle(desk, line);
      else queue.push(line);
    }
    void pump(desk);
  }

  function finish(): void {
    if (closed) return;
    closed = true;
    parts.ended();
  }

  function show(lines: readonly string[]): void {
    parts.write(`${parts.interactive ? "\r\u001B[K" : ""}${lines.join("\n")}\n`);
    prompt();
  }

  function prompt(): void {
    if (parts.interactive && !closed && !busy) parts.write("> ");
  }

  return {
    name: "console",
    turnPerMessage: true,
    deskChannel,

    async connect(desk) {
      if (parts.interactive) {
        parts.write(
          `You are ${config.as ?? "a customer"}, in thread ${thread.split(":").at(-1)}. Ask something; \`@staff take\`, \`@staff TEXT\`, \`@staff hand back\`, \`@staff resolve\` speak for the desk; \`summary\`; \`quit\`.\n`,
        );
      }
      readLines(parts.input, {
        lineCharactersMax: parts.lineCharactersMax,
        lines: (lines) => hear(desk, lines),
        tooLong: (characters) =>
          show([
            `That line has ${characters} characters; the most is ${parts.lineCharactersMax}. It was not taken.`,
          ]),
        ended() {
          inputEnded = true;
          void pump(desk);
        },
      });
      prompt();
    },

    async post(target: Target, post: Post, key: string): Promise<Posted> {
      const place = "thread" in target ? target.thread : target.channel;
      const lines = linesOf(post);
      show(isDesk(place) ? lines.map((line) => `[desk] ${line}`) : lines);
      const ticket = post.card ? post.buttons?.[0]?.value : undefined;
      return { id: `console:local:${key}`, thread: ticket ? ticketThread(ticket) : String(place) };
    },

    /** A card that has changed is printed again, its head and foot alone. */
    async edit(message, post) {
      if (post.card) show([`[desk] ${post.card.title} — ${post.card.footer ?? ""}`]);
      else show(linesOf(post).map((line) => `(edited ${message.split(":").at(-1)}) ${line}`));
    },

    async mark(_message, mark, set) {
      if (set) show([mark === "failed" ? "[desk] ⚠️" : "[desk] ✅"]);
    },

    async answer(_interaction, post) {
      show(linesOf(post).map((line) => `[desk] ${line}`));
      return true;
    },

    belongs: async (user, group) => user === staffUser && (group === deskChannel || group === staffUser),

    async close() {
      closed = true;
      parts.input.destroy();
    },
  };
}
