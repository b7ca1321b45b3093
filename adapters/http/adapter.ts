/** The HTTP API as a platform: every session is a private thread, every request is answered by its own reply. */
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Platform, Receiver, Target } from "../../src/platform.ts";
import type { ThreadId } from "../../src/thread.ts";
import { createAccess, isLoopback } from "./access.ts";
import { createApi } from "./api.ts";
import { createChat } from "./chat.ts";
import { createExchanges } from "./exchanges.ts";
import { createIntake } from "./intake.ts";
import { createLife } from "./life.ts";
import { type HttpLimits, httpLimits } from "./limits.ts";
import { createHttpServer, type HttpServer } from "./server.ts";
import type { Readiness, Sessions } from "./sessions.ts";
import { isSession, platformName } from "./thread-id.ts";

export interface HttpParts {
  config: {
    host: string;
    /** 0 takes a free one. */
    port: number;
    /** None: everybody on this machine may ask; only where `host` is its loopback. */
    apiKeys: readonly string[];
    /** Signs the customers' tokens; without it nobody is verified. */
    customerSecret?: string | undefined;
  };
  sessions: Sessions;
  /** Resolves when nothing is under way in this thread: no turn waits or runs, nothing is left to be posted there. */
  idle(thread: ThreadId): Promise<void>;
  /** Prometheus' text format, without personal data. */
  metrics(): Promise<string>;
  ready(): Promise<Readiness>;
  /** Over the defaults. */
  limits?: Partial<HttpLimits>;
  clock: Clock;
  log: Log;
}

export interface HttpAdapter extends Platform {
  /** Where it listens; undefined before `connect` and after `close`. */
  address(): { host: string; port: number } | undefined;
}

export function createHttpAdapter(parts: HttpParts): HttpAdapter {
  const { config, sessions, clock, log } = parts;
  const limits = { ...httpLimits, ...parts.limits };
  const life = createLife();
  const exchanges = createExchanges(clock);
  let desk: Receiver | undefined;
  let server: HttpServer | undefined;

  const intake = createIntake({
    sessions,
    exchanges,
    desk: () => desk,
    idle: parts.idle,
    limits,
    clock,
    log,
  });
  const chat = createChat({ sessions, life, limits, clock, log });

  async function connect(receiver: Receiver): Promise<void> {
    const { host, port, apiKeys, customerSecret } = config;
    if (apiKeys.length === 0 && !isLoopback(host)) {
      throw new DeskError("config_invalid", `HTTP_API_KEYS is not set, but HTTP_HOST is ${host}`);
    }
    const access = await createAccess(apiKeys);
    const { metrics, ready } = parts;
    const fetch = createApi({
      access,
      host,
      customerSecret,
      intake,
      chat,
      sessions,
      metrics,
      ready,
      life,
      limits,
      clock,
      log,
    });
    desk = receiver;
    server = createHttpServer({ host, port, fetch, limits, clock, log });
    await server.listen();
    log.info("http.listening", { host, port: server.port(), keys: apiKeys.length });
  }

  return {
    name: platformName,
    turnPerMessage: true,
    connect,

    post: async (target, post, key) => exchanges.post(sessionThread(target), key, post),
    find: async (_target, key) => exchanges.posted(key),
    draft: (target, key, replyTo) => exchanges.draft(sessionThread(target), key, replyTo),
    answer: async (interaction, post) => exchanges.answer(interaction, post),

    address() {
      const port = server?.port();
      return port === undefined ? undefined : { host: config.host, port };
    },

    async close() {
      life.stop();
      await server?.close(limits.closeGraceMs, life.end);
      server = undefined;
      desk = undefined;
    },
  };
}

/** @throws DeskError platform_unreachable */
function sessionThread(target: Target): ThreadId {
  if ("thread" in target && isSession(target.thread)) return target.thread;
  throw new DeskError("platform_unreachable", "over HTTP there are sessions and nothing else");
}
