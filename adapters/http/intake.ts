/** How a wish becomes an event of the desk: whose session, whether it may, whether it has been here before. */
import { createHash } from "node:crypto";
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Person } from "../../src/message.ts";
import type { Receiver } from "../../src/platform.ts";
import type { ThreadId } from "../../src/thread.ts";
import type { TokenCustomer } from "./customer-token.ts";
import type { Exchange, Exchanges } from "./exchanges.ts";
import { incomingOf, personOf } from "./incoming.ts";
import type { HttpLimits } from "./limits.ts";
import { Problem } from "./problems.ts";
import { createQueue } from "./queue.ts";
import { createRateLimit } from "./rate-limit.ts";
import { createRetries } from "./retries.ts";
import type { Answer, Asked } from "./schemas.ts";
import type { Session, Sessions } from "./sessions.ts";
import { messageId, newSession, platformName, threadOf } from "./thread-id.ts";

export interface IntakeParts {
  sessions: Sessions;
  exchanges: Exchanges;
  /** Undefined before the platform is connected. */
  desk(): Receiver | undefined;
  idle(thread: ThreadId): Promise<void>;
  limits: HttpLimits;
  clock: Clock;
  log: Log;
}

/** Who asks, as far as the request itself proves it. */
export interface Asker {
  tenant: string;
  customer: TokenCustomer | undefined;
}

/** A request to the chat. `customer` is checked only when its turn has come, so that no check lets a later one overtake. */
export interface Request {
  tenant: string;
  customer(): Promise<TokenCustomer | undefined>;
  idempotencyKey: string | undefined;
  streams: boolean;
}

export interface Taken {
  session: string;
  exchange: Exchange;
  /** Made once: a retry gets the same. */
  answer?: Promise<Answer>;
}

export interface Owned {
  thread: ThreadId;
  by: Person;
  session: Session;
}

const retryMs = 2_000;

export type Intake = ReturnType<typeof createIntake>;

export function createIntake(parts: IntakeParts) {
  const { sessions, exchanges, limits, clock, log } = parts;
  const queue = createQueue();
  const perSession = createRateLimit(limits.sessionPerMinute, clock);
  const retries = createRetries<Taken>(
    { keptMs: limits.answersKeptMs, keptMax: limits.answersKeptMax },
    clock,
  );

  /**
   * Resolves when the message is durable. Requests of one session are taken in the order in which they came.
   * @throws Problem
   */
  async function take(asked: Asked, request: Request): Promise<Taken> {
    const { session } = asked;
    if (session === undefined) return takeOnce(asked, request);
    return inTurn(request.tenant, session, () => takeOnce(asked, request));
  }

  async function takeOnce(asked: Asked, request: Request): Promise<Taken> {
    const asker: Asker = { tenant: request.tenant, customer: await request.customer() };
    const { idempotencyKey, streams } = request;
    if (idempotencyKey === undefined) return receive(asked, asker, { key: undefined, streams });
    const key = eventKey(asker, idempotencyKey);
    const print = digest(JSON.stringify(asked));
    return retries.once(key, print, async () => {
      if (await sessions.knows(key)) throw alreadyTaken(asked.session);
      return receive(asked, asker, { key, streams });
    });
  }

  async function receive(
    asked: Asked,
    asker: Asker,
    how: { key: string | undefined; streams: boolean },
  ): Promise<Taken> {
    const { thread, by, session } = await placeOf(asked, asker);
    const desk = parts.desk();
    if (!desk) throw new Problem("stopping", { retryAfterMs: retryMs });
    if (exchanges.count() >= limits.openMax) throw new Problem("not-taken", { retryAfterMs: retryMs });
    const id = clock.id("m");
    const exchange = exchanges.open(thread, messageId(thread, id), how.streams);
    try {
      await desk.receive(incomingOf(asked.wish, { thread, by, id, now: clock.now(), key: how.key }));
    } catch (error) {
      exchanges.giveUp(exchange);
      log.warn("http.not_taken", { thread, error });
      throw notTaken(error);
    }
    void settle(exchange);
    return { session, exchange };
  }

  /** A new session, or the asker's own. */
  async function placeOf(
    asked: Asked,
    asker: Asker,
  ): Promise<{ thread: ThreadId; by: Person; session: string }> {
    if (asked.session === undefined) {
      const session = newSession(clock);
      const thread = `${platformName}:${asker.tenant}:${session}`;
      return { thread, by: personOf(asker.tenant, session, asker.customer), session };
    }
    const { thread, by } = await own(asked.session, asker);
    mayGoOn(thread);
    if (exchanges.openIn(thread) >= limits.openPerSessionMax) throw tooMany(1_000);
    return { thread, by, session: asked.session };
  }

  /**
   * A session of the asker's own. Somebody else's is answered exactly as one that does not exist.
   * @throws Problem unknown-session
   */
  async function own(session: string, asker: Asker): Promise<Owned> {
    const thread = threadOf(asker.tenant, session);
    const found = thread && (await sessions.find(thread));
    const by = personOf(asker.tenant, session, asker.customer);
    if (!thread || !found || found.opener !== by.id) throw new Problem("unknown-session");
    return { thread, by, session: found };
  }

  /** @throws Problem too-many-requests */
  function mayGoOn(thread: ThreadId): void {
    const wait = perSession.take(thread);
    if (wait > 0) throw tooMany(wait);
  }

  /** One after the other with everything else that this session is asked for. */
  function inTurn<T>(tenant: string, session: string, work: () => Promise<T>): Promise<T> {
    const name = `${tenant}:${session}`;
    if (queue.length(name) >= limits.openPerSessionMax) throw tooMany(1_000);
    return queue.run(name, work);
  }

  /** When nothing is under way in the thread any more, a reply that is missing will stay so. */
  async function settle(exchange: Exchange): Promise<void> {
    try {
      await parts.idle(exchange.thread);
      exchanges.giveUp(exchange);
    } catch (error) {
      log.warn("http.idle_unknown", { thread: exchange.thread, error });
    }
  }

  return { take, own, mayGoOn, inTurn };
}

function tooMany(retryAfterMs: number): Problem {
  return new Problem("too-many-requests", { retryAfterMs });
}

function notTaken(error: unknown): Problem {
  const wait = error instanceof DeskError ? error.retryAfterMs : undefined;
  return new Problem("not-taken", { retryAfterMs: wait ?? retryMs });
}

function alreadyTaken(session: string | undefined): Problem {
  if (session !== undefined) {
    const detail = "Its answer is not at hand any more; it is in the conversation.";
    return new Problem("already-taken", { detail, session_id: session });
  }
  return new Problem("already-taken", {
    detail: "Its answer is not at hand any more. To ask again, send it with another key.",
  });
}

const digest = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** Keys of one customer never meet those of another. */
function eventKey({ tenant, customer }: Asker, idempotencyKey: string): string {
  return `${platformName}:${tenant}:idempotency/${digest(JSON.stringify([customer?.id ?? null, idempotencyKey]))}`;
}
