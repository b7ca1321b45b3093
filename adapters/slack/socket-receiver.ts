/**
 * Slack's payloads over Socket Mode, on two connections at once. Slack closes each connection every few hours, and says
 * so some seconds before: then its successor is opened first, and the old one is left when the new one is up. Slack
 * sends each payload over any of the connections; what was not acknowledged on one comes again on another.
 *
 * A server that takes a single connection refuses the second, or drops the first for it. Then one is kept, and another
 * is tried for now and then.
 *
 * A connection is Bolt's own; it is told not to reconnect by itself, because it waits five seconds before it does, and
 * gives up for good on an error of the network.
 */
import { type App, type ReceiverEvent, SocketModeReceiver } from "@slack/bolt";
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Waits } from "../../src/waits.ts";
import { deskErrorFrom } from "./faults.ts";
import type { Http } from "./fetch.ts";
import { askedBy, whenPossible } from "./first-calls.ts";
import { record, textAt } from "./payload.ts";
import type { Handle, Receiver } from "./receiver.ts";
import { clientOptions, sdkLogger } from "./web-api.ts";

export interface SocketReceiverParts {
  appToken: string;
  apiUrl: string | undefined;
  http: Http;
  handle: Handle;
  /** Aborted, it does not wait any longer for what it cannot begin without. */
  giveUp?: AbortSignal;
  /** What Slack has said about opening connections. */
  waits: Waits;
  /** Told of every connection that could not be opened again for the token's sake. */
  onUnauthorized?: (error: DeskError) => void;
  clock: Clock;
  log: Log;
  /** At least two, at most ten. */
  connections?: number;
  /** A connection whose pings stay unanswered for this long is left; one that is merely quiet is not. */
  pingTimeoutMs?: number;
}

/** One open connection. */
interface Link {
  /** When it was opened, by `Clock.elapsed`. */
  readonly since: number;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>;
  /** Resolves when Slack has announced that it will close it. */
  readonly leaving: Promise<void>;
  close(): Promise<void>;
}

const opening = "apps.connections.open";
const openTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;
const defaultPingTimeoutMs = 10_000;
/** The server's own pings say little: our pings are answered, or the connection is dead. */
const serverPingTimeoutMs = 5 * 60_000;
const backoffMs = { first: 250, most: 30_000 } as const;
/** Between tries for a further connection while another one is up. */
const furtherMs = 5 * 60_000;
/** A connection that is lost so soon after another was opened was perhaps dropped for it. */
const displacedWithinMs = 3_000;
/** A connection that ends sooner was not wanted: the next one is not opened at once. */
const briefMs = 5_000;
/** Longer than a server that takes a single connection lets two live. */
const settledMs = 60_000;

export function createSocketReceiver(parts: SocketReceiverParts): Receiver {
  const { clock, log, giveUp } = parts;
  const stop = new AbortController();
  const open = new Set<Link>();
  /** Those that Slack has not announced to close. */
  const staying = new Set<Link>();
  /** How often, one time after the other, a connection was lost because another was opened, by the look of it. */
  let displacements = 0;
  const underWay = new Set<Promise<unknown>>();
  const handle: Handle = (body) => {
    const taking = parts.handle(body);
    underWay.add(taking);
    const settled = () => underWay.delete(taking);
    taking.then(settled, settled);
    return taking;
  };

  /** Keeps one connection up until the end. `first` is already open. */
  async function keepUp(first: Link): Promise<void> {
    let link = first;
    /** How often, one time after the other, a connection did not last. */
    let brief = 0;
    for (;;) {
      await Promise.race([link.gone, link.leaving]);
      const old = link;
      staying.delete(old);
      if (stop.signal.aborted) return;
      brief = clock.elapsed() - old.since < briefMs ? brief + 1 : 0;
      if (isDisplaced(old)) await patience(furtherMs);
      else if (brief > 1) await patience(Math.min(backoffMs.first * 2 ** brief, backoffMs.most));
      const next = await reopen();
      if (!next) return;
      link = next;
      void old.close().finally(() => open.delete(old));
    }
  }

  /** Twice, one time after the other, is no accident; what has been up for long is closed for other reasons. */
  function isDisplaced(link: Link): boolean {
    const now = clock.elapsed();
    const dropped = [...staying].some((one) => one.since > link.since && now - one.since < displacedWithinMs);
    displacements = dropped && (displacements >= 2 || now - link.since < settledMs) ? displacements + 1 : 0;
    if (displacements < 2) return false;
    log.info("slack.socket_single", { retryInMs: furtherMs });
    return true;
  }

  /** Waits with some jitter, and not less than was asked for; ends early when the receiver closes, or when the last connection is lost meanwhile. */
  async function patience(ms: number, askedMs = 0): Promise<void> {
    const lost = new AbortController();
    const stopWatching =
      staying.size > 0 ? clock.every(backoffMs.first, () => staying.size === 0 && lost.abort()) : () => {};
    const signal = AbortSignal.any([stop.signal, lost.signal]);
    const jittered = ms * (0.75 + clock.random() / 2);
    await clock.sleep(Math.max(jittered, askedMs), signal).catch(() => undefined);
    stopWatching();
  }

  async function reopen(): Promise<Link | undefined> {
    for (let waitMs: number = backoffMs.first; !stop.signal.aborted; waitMs *= 2) {
      try {
        return await openLink();
      } catch (error) {
        const further = staying.size > 0;
        const most = further ? furtherMs : backoffMs.most;
        log[further && waitMs > most ? "debug" : "warn"]("slack.socket_not_open", { error });
        if (error instanceof DeskError && error.code === "platform_unauthorized")
          parts.onUnauthorized?.(error);
        await patience(Math.min(waitMs, most), askedBy(error));
      }
    }
    return undefined;
  }

  async function openLink(): Promise<Link> {
    const link = await connect(parts, handle);
    open.add(link);
    staying.add(link);
    log.debug("slack.socket_open", { connections: open.size });
    if (stop.signal.aborted) await link.close();
    return link;
  }

  return {
    async start() {
      void keepUp(await whenPossible(openLink, { clock, log, ...(giveUp ? { signal: giveUp } : {}) }));
      for (let n = 1; n < (parts.connections ?? 2); n += 1) {
        void reopen().then((link) => (link ? keepUp(link) : undefined));
      }
    },
    async close() {
      stop.abort(new Error("closing"));
      await Promise.allSettled(underWay);
      await Promise.all([...open].map((link) => link.close()));
    },
  };
}

/** Opens one connection. @throws DeskError platform_* when Slack does not let it or does not answer */
async function connect(parts: SocketReceiverParts, handle: Handle): Promise<Link> {
  const { appToken, apiUrl, http, waits, clock, log } = parts;
  const retryAfterMs = waits.left(opening);
  if (retryAfterMs > 0)
    throw new DeskError("platform_rate_limited", `${opening}: Slack has asked to wait`, { retryAfterMs });
  const receiver = new SocketModeReceiver({
    appToken,
    logger: sdkLogger(log),
    autoReconnectEnabled: false,
    clientPingTimeout: parts.pingTimeoutMs ?? defaultPingTimeoutMs,
    serverPingTimeout: serverPingTimeoutMs,
    installerOptions: { clientOptions: clientOptions(http, log, apiUrl) },
  });
  const taking = {
    async processEvent({ body, ack }: ReceiverEvent) {
      const payload = record(body);
      if (payload) await ack(await handle(payload));
    },
  };
  receiver.init(taking as unknown as App);
  const { client } = receiver;
  const gone = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
  const leaving = announceLeaving(client, log);
  const started = receiver.start().catch((error: unknown) => {
    if (error === undefined)
      throw new DeskError("platform_unavailable", "the Socket Mode connection was not accepted");
    const refusal = deskErrorFrom(error, opening, true);
    if (refusal.retryAfterMs !== undefined) waits.note(opening, refusal.retryAfterMs);
    throw refusal;
  });
  const close = () => shut(client, clock);
  await withinTime(started, clock).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { since: clock.elapsed(), gone, leaving, close };
}

/**
 * Bolt's client leaves at once when Slack announces the end of a connection. Here the announcement is kept from it; and
 * what it cannot read is logged instead of ending the program.
 */
function announceLeaving(client: SocketModeReceiver["client"], log: Log): Promise<void> {
  const take = client.listeners("ws_message")[0];
  client.removeAllListeners("ws_message");
  return new Promise((resolve) => {
    client.on("ws_message", async (data: string | ArrayBuffer, isBinary: boolean) => {
      const reason = reasonToLeave(data);
      if (reason !== undefined) {
        log[planned.has(reason) ? "debug" : "warn"]("slack.socket_leaving", { reason });
        resolve();
        return;
      }
      try {
        await take?.(data, isBinary);
      } catch (error) {
        log.warn("slack.request_refused", { why: "malformed envelope", error });
      }
    });
  });
}

/** Slack recycles its connections; any other reason (`too_many_websockets`, `link_disabled`) is for whoever operates the desk. */
const planned: ReadonlySet<string> = new Set(["warning", "refresh_requested"]);

/** Why Slack will close the connection, when this says so. */
function reasonToLeave(data: string | ArrayBuffer): string | undefined {
  // Events are long and announcements short: this keeps the former from being read twice.
  if (typeof data !== "string" || data.length > 2_000) return undefined;
  try {
    const message = record(JSON.parse(data));
    return message?.type === "disconnect" ? (textAt(message, "reason") ?? "unknown").slice(0, 80) : undefined;
  } catch {
    return undefined;
  }
}

async function withinTime(started: Promise<unknown>, clock: Clock): Promise<void> {
  const patience = new AbortController();
  const late = clock.sleep(openTimeoutMs, patience.signal).then(() => {
    throw new DeskError("platform_unavailable", "the Socket Mode connection did not come up in time");
  });
  late.catch(() => undefined);
  try {
    await Promise.race([started, late]);
  } finally {
    patience.abort(new Error("done"));
  }
}

/** Says goodbye, and does not wait for an answer for long. */
async function shut(client: SocketModeReceiver["client"], clock: Clock): Promise<void> {
  const patience = new AbortController();
  await Promise.race([
    client.disconnect().catch(() => undefined),
    clock.sleep(closeTimeoutMs, patience.signal).catch(() => undefined),
  ]);
  patience.abort(new Error("done"));
}
