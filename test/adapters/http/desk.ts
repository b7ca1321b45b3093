/**
 * A desk behind the HTTP adapter, small but with the manners of the real one: an event is taken once under its keys, a
 * thread's events are dealt with one after the other, what was said is kept in a store that outlives the process.
 */
import { connect, type Socket } from "node:net";
import { afterEach } from "vitest";
import { createHttpAdapter, type HttpAdapter, type HttpParts } from "../../../adapters/http/adapter.ts";
import type { Line, Session } from "../../../adapters/http/sessions.ts";
import { createClock } from "../../../src/clock.ts";
import { DeskError } from "../../../src/errors.ts";
import { createLog, type Log } from "../../../src/log.ts";
import type { Incoming } from "../../../src/message.ts";
import type { Draft, Post, Receiver } from "../../../src/platform.ts";

interface Kept {
  opener: string;
  specialist: string | undefined;
  turns: number;
  ticket: number | undefined;
  withStaff: boolean;
  lines: Line[];
}

/** What is durable: the next desk may be opened with it. */
export interface Store {
  threads: Map<string, Kept>;
  keys: Set<string>;
}

const newStore = (): Store => ({ threads: new Map(), keys: new Set() });

/** What a reply is made from. */
export interface Turn {
  event: Incoming;
  /** Of a message its text, of a press its name and value. */
  text: string;
  thread: string;
  /** Posts something that is not the reply: a notice, or staff's words under a name. */
  aside(post: Post): Promise<void>;
  /** The reply while it is written, where somebody watches. */
  draft(): Draft | undefined;
}

/** `undefined`: the bot does not reply. */
export type Answering = (turn: Turn) => Promise<Post | undefined> | Post | undefined;

export interface DeskOptions extends Partial<Omit<HttpParts, "config" | "sessions">> {
  config?: Partial<HttpParts["config"]>;
  store?: Store;
  answering?: Answering;
  log?: Log;
}

export interface TestDesk {
  adapter: HttpAdapter;
  url: string;
  store: Store;
  received: Incoming[];
  /** May be exchanged at any time. */
  answering: Answering;
  /** The next events are refused with this. */
  refusals: unknown[];
  aside(thread: string, post: Post): Promise<void>;
  close(): Promise<void>;
}

export async function openDesk(options: DeskOptions = {}): Promise<TestDesk> {
  const { store = newStore(), clock = createClock() } = options;
  const lanes = new Map<string, Promise<void>>();
  let keys = 0;
  const key = () => `o_${clock.now().toString(36)}x${++keys}`;

  const adapter = createHttpAdapter({
    config: { host: "127.0.0.1", port: 0, apiKeys: [], ...options.config },
    sessions: {
      async find(thread): Promise<Session | undefined> {
        const kept = store.threads.get(thread);
        return kept && { ...kept, items: kept.lines.length };
      },
      messages: async (thread, limit) => store.threads.get(thread)?.lines.slice(-limit) ?? [],
      async reset(thread) {
        const kept = store.threads.get(thread) as Kept;
        if (kept.withStaff) throw new DeskError("thread_move", "a person has it");
        Object.assign(kept, { turns: 0, specialist: undefined, lines: [] });
      },
      knows: async (known) => store.keys.has(known),
    },
    idle: options.idle ?? (async (thread) => lanes.get(thread)),
    metrics: options.metrics ?? (async () => "# TYPE deskhand_turns_total counter\ndeskhand_turns_total 1\n"),
    ready: options.ready ?? (async () => ({ ready: true, checks: { ledger: true } })),
    ...(options.limits ? { limits: options.limits } : {}),
    clock,
    log: options.log ?? createLog("silent"),
  });

  async function aside(thread: string, post: Post): Promise<void> {
    const id = key();
    const from = post.as ? "staff" : "bot";
    store.threads.get(thread)?.lines.push({ from, id, at: clock.now(), post });
    await adapter.post({ thread }, post, id);
  }

  async function deal(event: Incoming, thread: string): Promise<void> {
    const kept = store.threads.get(thread) as Kept;
    const replyTo =
      event.kind === "message" ? event.message.id : event.kind === "action" ? event.message : undefined;
    const text =
      event.kind === "message"
        ? event.message.text
        : event.kind === "action"
          ? `${event.name} ${event.value}`
          : "";
    const id = key();
    let draft: Draft | undefined;
    const post = await desk.answering({
      event,
      text,
      thread,
      aside: (other) => aside(thread, other),
      draft() {
        draft = adapter.draft?.({ thread }, id, replyTo);
        return draft;
      },
    });
    if (!post) return;
    kept.turns += 1;
    kept.specialist ??= "triage";
    const full: Post = {
      ...post,
      turn: { number: kept.turns, specialist: kept.specialist },
      ...(replyTo ? { replyTo } : {}),
    };
    kept.lines.push({ from: "bot", id, at: clock.now(), post: full });
    if (draft) await draft.finish(full);
    else await adapter.post({ thread }, full, id);
  }

  const receiver: Receiver = {
    async receive(event) {
      const refusal = desk.refusals.shift();
      if (refusal) throw refusal;
      if (event.keys.some((one) => store.keys.has(one))) return;
      for (const one of event.keys) store.keys.add(one);
      desk.received.push(event);
      if (event.kind !== "message" && event.kind !== "action") return;
      const message = event.kind === "message" ? event.message : undefined;
      const thread = message?.thread ?? (event.kind === "action" ? (event.thread ?? "") : "");
      const kept = store.threads.get(thread) ?? {
        opener: message?.author.id ?? "",
        specialist: undefined,
        turns: 0,
        ticket: undefined,
        withStaff: false,
        lines: [],
      };
      store.threads.set(thread, kept);
      if (message)
        kept.lines.push({ from: "customer", id: message.id, at: message.sentAt, text: message.text });
      const before = lanes.get(thread) ?? Promise.resolve();
      lanes.set(
        thread,
        before.then(() => deal(event, thread)),
      );
    },
    suggest: async () => [],
  };

  await adapter.connect(receiver);
  const desk: TestDesk = {
    adapter,
    url: `http://127.0.0.1:${adapter.address()?.port}`,
    store,
    received: [],
    answering: options.answering ?? (({ text }) => ({ text: `You said: ${text}` })),
    refusals: [],
    aside,
    close: () => adapter.close(),
  };
  return desk;
}

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A request with a JSON body, or none. */
export async function ask(
  desk: Pick<TestDesk, "url">,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(`${desk.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await json(response) };
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

export const say = (
  desk: Pick<TestDesk, "url">,
  message: string,
  session?: unknown,
  headers?: Record<string, string>,
): Promise<Reply> =>
  ask(desk, "/chat", session === undefined ? { message } : { session_id: session, message }, headers);

export interface ServerEvent {
  event: string;
  data: Record<string, unknown>;
}

/** An open stream of events; `rest` reads it to its end. */
export async function listen(
  desk: Pick<TestDesk, "url">,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{
  response: Response;
  events: AsyncGenerator<ServerEvent>;
  rest(): Promise<ServerEvent[]>;
  leave(): void;
}> {
  const leaving = new AbortController();
  const response = await fetch(`${desk.url}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  const events = eventsOf(response);
  return {
    response,
    events,
    async rest() {
      const all: ServerEvent[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    leave: () => leaving.abort(),
  };
}

async function* eventsOf(response: Response): AsyncGenerator<ServerEvent> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event && data) yield { event, data: JSON.parse(data) as Record<string, unknown> };
    }
  }
}

/** What somebody who follows the events has in front of them at the end. */
export function seenIn(events: readonly ServerEvent[]): string {
  return events.reduce((seen, { event, data }) => {
    if (event === "text") return seen + String(data.text);
    return event === "replace" ? String(data.text) : seen;
  }, "");
}

/** Something that happens when it is told to. */
export function gate(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Opens desks that are closed after each test; requests that are still open then do not hold it up. */
export function useDesks(): (options?: DeskOptions) => Promise<TestDesk> {
  const desks: TestDesk[] = [];
  afterEach(async () => {
    await Promise.all(desks.splice(0).map((desk) => desk.close()));
  });
  return async (options = {}) => {
    const desk = await openDesk({ limits: { closeGraceMs: 50 }, ...options });
    desks.push(desk);
    return desk;
  };
}

/** A connection on which a test writes what it likes. */
export interface Connection {
  socket: Socket;
  text(): string;
  ended: Promise<void>;
}

/** Connections that are cut after each test. */
export function useConnections(): (desk: TestDesk) => Connection {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  return (desk) => {
    const socket = connect(desk.adapter.address()?.port ?? 0, "127.0.0.1");
    sockets.push(socket);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
    socket.on("error", () => {});
    const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    return { socket, text: () => text, ended };
  };
}
