/**
 * The gateway over discord.js's own connection. What is ours:
 *
 * - The session outlives the process (`session.ts`).
 * - A closed token, or intents that were not granted, end the connection with one clear error.
 * - Closing leaves the session resumable, by this process or another; connecting goes on with what is noted of it.
 */

import type { REST } from "@discordjs/rest";
import { WebSocketManager, WebSocketShardEvents, WebSocketShardStatus } from "@discordjs/ws";
import type { GatewayReadyDispatchData } from "discord.js";
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { atMost } from "./at-most.ts";
import { firstContact, tokenRefused } from "./first-contact.ts";
import { gatewayAddress } from "./gateway-address.ts";
import { createIdentifyThrottle } from "./identify-throttle.ts";
import type { Rest } from "./rest.ts";
import { createSession, type Identity, type Opened } from "./session.ts";
import type { Notes } from "./watermarks.ts";

export interface Gateway {
  /** Resolves when a session has begun or been resumed; not before a connection has been closed. @throws DeskError */
  connect(): Promise<void>;
  /** Ends an attempt to connect, which then fails. */
  interrupt(): void;
  /** Leaves the session resumable, and notes it. */
  close(): Promise<void>;
  /** Whether there is a connection with a session. */
  readonly connected: boolean;
  readonly identity: Identity | undefined;
}

export interface Dispatched extends Opened {
  name: string;
  data: unknown;
}

export interface GatewayParts {
  token: string;
  rest: Rest;
  notes: Notes;
  clock: Clock;
  log: Log;
  /** An event; `taken` is to be called when it needs no repetition. */
  dispatch(event: Dispatched): void;
  /** A session has begun: nothing of what happened before it will be sent. */
  began(ready: GatewayReadyDispatchData): void;
  /** A session goes on; what was missed has been sent again. */
  resumed(): void;
  /** The connection has ended for good, after it had been up. */
  ended(error: DeskError): void;
}

/** Guilds, their messages and reactions, DMs and their reactions, and what messages say. */
const gatewayIntents = (1 << 0) | (1 << 9) | (1 << 10) | (1 << 12) | (1 << 13) | (1 << 15);

const closings: Readonly<Record<number, string>> = {
  4004: tokenRefused,
  4010: "Discord refuses the shard",
  4011: "the bot is in too many guilds for one connection",
  4012: "Discord no longer speaks this version of its gateway",
  4013: "Discord does not know an intent that was asked for",
  4014: "the Message Content intent is off: turn it on under Bot, Privileged Gateway Intents, in the developer portal",
};

const connectWithinMs = 30_000;
const closeWithinMs = 3_000;
const beginsWithinMs = 1_000;
/** What a connection gets that is not wanted any more, so that no other follows it. */
const never = new Promise<never>(() => undefined);
const goodbye = { code: 4200, reason: "Deskhand stops listening" } as const;
/** As often as notes are saved. */
const keepEveryMs = 1_000;

export function createGateway(parts: GatewayParts): Gateway {
  const { notes, clock, log } = parts;
  const session = createSession({ notes, intents: gatewayIntents });
  const throttle = createIdentifyThrottle({ notes, now: parts.rest.now, clock, log });
  let manager: WebSocketManager | undefined;
  let state: "closed" | "new" | "up" | "closing" | "dead" = "closed";
  let connected = false;
  /** Those with a connection on which Discord has said hello. */
  const greeted = new WeakSet<WebSocketManager>();
  let leaving = new AbortController();
  let settle: ((end: { error?: DeskError }) => void) | undefined;
  let stopKeeping: (() => void) | undefined;

  function build(): WebSocketManager {
    const made = new WebSocketManager({
      token: parts.token,
      intents: gatewayIntents,
      // All that the library asks of it is where the gateway is.
      rest: { get: () => gatewayAddress(parts.rest) } as unknown as REST,
      shardCount: 1,
      shardIds: [0],
      retrieveSessionInfo: () => (wanted(made) ? session.info : never),
      updateSessionInfo: (_, next) => {
        // Closing on purpose, the library forgets the session; we do not.
        if (wanted(made)) session.update(next);
      },
      buildIdentifyThrottler: async (self) => {
        const { total, max_concurrency } = (await self.fetchGatewayInformation()).session_start_limit;
        return {
          waitForIdentify: (_, signal) => throttle.wait({ total, concurrency: max_concurrency }, signal),
        };
      },
    });
    made.on(WebSocketShardEvents.Hello, () => {
      if (wanted(made)) greeted.add(made);
      else void made.destroy(goodbye);
    });
    made.on(WebSocketShardEvents.Ready, ({ data }) => {
      if (made !== manager) return;
      session.began({ self: data.user.id, application: data.application?.id ?? data.user.id });
      log.info("discord.session_began", { guilds: data.guilds?.length });
      parts.began(data);
      arrived();
    });
    made.on(WebSocketShardEvents.Resumed, () => {
      if (made !== manager) return;
      log.info("discord.session_resumed");
      parts.resumed();
      arrived();
    });
    made.on(WebSocketShardEvents.Dispatch, ({ data }) => {
      if (made === manager) take(data.t, data.d, data.s);
    });
    made.on(WebSocketShardEvents.Closed, ({ code }) => {
      greeted.delete(made);
      if (made === manager) closed(code);
    });
    made.on(WebSocketShardEvents.Error, ({ error }) => log.warn("discord.gateway_error", { error }));
    made.on(WebSocketShardEvents.Debug, ({ message }) => log.debug("discord.gateway", { message }));
    return made;
  }

  const wanted = (made: WebSocketManager): boolean => made === manager && state !== "closing";

  function take(name: string, data: unknown, sequence: number): void {
    if (state === "closing") return;
    parts.dispatch({ name, data, ...session.opened(sequence) });
  }

  function arrived(): void {
    if (state === "new") state = "up";
    connected = true;
    settle?.({});
  }

  function closed(code: number): void {
    const fatal = closings[code];
    connected = false;
    if (state === "closing") return;
    if (fatal === undefined) {
      log.warn("discord.connection_lost", { closed: code });
      return;
    }
    const wasUp = state === "up";
    state = "dead";
    const error = new DeskError("platform_unauthorized", `${fatal} (gateway closed with ${code})`);
    settle?.({ error });
    if (wasUp) parts.ended(error);
  }

  /** The manager reconnects by itself, so only asking where the gateway is can be tried again. */
  function find(made: WebSocketManager): Promise<void> {
    const { signal } = leaving;
    return firstContact({ what: "Discord's gateway", leaving: signal, clock, log }, async () => {
      const { session_start_limit: limit } = await made.fetchGatewayInformation(true);
      if (limit.remaining > 0) return;
      throw new DeskError("platform_rate_limited", "the bot has identified too often today", {
        retryAfterMs: limit.reset_after,
      });
    });
  }

  async function connect(): Promise<void> {
    session.restore();
    leaving = new AbortController();
    state = "new";
    stopKeeping = clock.every(keepEveryMs, session.keep);
    manager = build();
    await find(manager);
    if (leaving.signal.aborted) throw left();
    const outcome = new Promise<{ error?: DeskError }>((resolve) => {
      settle = resolve;
    });
    // A rejection here is one of the closings, or a network's trouble after which the library goes on by itself.
    manager.connect().catch((error: unknown) => log.debug("discord.gateway", { error }));
    const end = await atMost(clock, connectWithinMs, outcome);
    if (end === undefined) {
      throw new DeskError("platform_unavailable", "Discord's gateway does not let the bot in");
    }
    if (end.error) throw end.error;
  }

  async function close(): Promise<void> {
    const before = state;
    if (before === "closed") return;
    stopKeeping?.();
    session.keep();
    state = "closing";
    const made = manager;
    if (made && before !== "dead") {
      await atMost(clock, greeted.has(made) ? closeWithinMs : beginsWithinMs, shut(made));
    }
    manager = undefined;
    connected = false;
    state = "closed";
  }

  /**
   * A connection that is just being made cannot be closed: the library would leave it with nobody to hear that it breaks,
   * which ends the process. It comes to its own end, here or in the background.
   */
  async function shut(made: WebSocketManager): Promise<void> {
    for (let n = 0; ; n++) {
      const status = (await made.fetchStatus()).first();
      if (status === undefined || status === WebSocketShardStatus.Idle) break;
      if (greeted.has(made) && (status === WebSocketShardStatus.Ready || n >= 10)) break;
      await clock.sleep(100);
    }
    await made.destroy(goodbye);
  }

  return {
    connect,
    interrupt() {
      leaving.abort(left());
      if (state === "new") settle?.({ error: left() });
    },
    close,
    get connected() {
      return connected;
    },
    get identity() {
      return session.identity;
    },
  };
}

const left = () => new DeskError("platform_unavailable", "Discord is being left");
