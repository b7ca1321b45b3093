/** The paths of the HTTP API: who may, what is asked, and the answer. Every refusal is a problem (RFC 9457). */
import { type Context, Hono } from "hono";
import { accepts } from "hono/accepts";
import type { Clock } from "../../src/clock.ts";
import { codeOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { type Access, isLoopback } from "./access.ts";
import { readJson } from "./body.ts";
import type { Chat } from "./chat.ts";
import { checkToken, type TokenCustomer } from "./customer-token.ts";
import type { Asker, Intake } from "./intake.ts";
import type { Life } from "./life.ts";
import type { HttpLimits } from "./limits.ts";
import { openApiDocument } from "./openapi.ts";
import { type OperationId, operations } from "./operations.ts";
import { conversationOf } from "./outgoing.ts";
import { Problem, responseTo } from "./problems.ts";
import { createRateLimit } from "./rate-limit.ts";
import { askedOf } from "./schemas.ts";
import type { Readiness, Sessions } from "./sessions.ts";

export interface ApiParts {
  access: Access;
  /** Where the server listens. */
  host: string;
  customerSecret: string | undefined;
  intake: Intake;
  chat: Chat;
  sessions: Sessions;
  metrics(): Promise<string>;
  ready(): Promise<Readiness>;
  life: Life;
  limits: HttpLimits;
  clock: Clock;
  log: Log;
}

const retryMs = 5_000;

export function createApi(parts: ApiParts): (request: Request) => Response | Promise<Response> {
  const { access, intake, chat, sessions, life, limits, clock, log } = parts;
  const perKey = createRateLimit(limits.keyPerMinute, clock);
  const document = openApiDocument(access.keyed);
  const app = new Hono();

  /** @throws Problem key-required */
  function tenantOf(c: Context): string {
    const tenant = access.tenantOf(c.req.header("authorization"));
    if (tenant === undefined) throw new Problem("key-required");
    return tenant;
  }

  /** The key's tenant, within its rate. */
  function enter(c: Context): string {
    const tenant = tenantOf(c);
    const wait = perKey.take(tenant);
    if (wait > 0) throw new Problem("too-many-requests", { retryAfterMs: wait });
    return tenant;
  }

  async function customerOf(c: Context): Promise<TokenCustomer | undefined> {
    const token = c.req.header("deskhand-customer");
    if (token === undefined) return undefined;
    const { tokenBytesMax: bytesMax, tokenSkewMs: skewMs } = limits;
    const checked = await checkToken(token, { secret: parts.customerSecret, bytesMax, skewMs, clock });
    if (!checked.ok) throw new Problem("customer-token-invalid", { detail: checked.why });
    return checked.customer;
  }

  function refuseWhenStopping(): void {
    if (life.state !== "open") throw new Problem("stopping", { retryAfterMs: retryMs });
  }

  const handlers: Record<OperationId, (c: Context) => Response | Promise<Response>> = {
    async chat(c) {
      const tenant = enter(c);
      refuseWhenStopping();
      const asked = askedOf(await readJson(c.req.raw, limits, clock));
      const streams = wantsEvents(c);
      const taken = await intake.take(asked, {
        tenant,
        customer: () => customerOf(c),
        idempotencyKey: idempotencyKeyOf(c),
        streams,
      });
      return streams ? chat.stream(taken, c.req.raw.signal) : chat.reply(taken, c.req.raw.signal);
    },

    async conversation(c) {
      const asker: Asker = { tenant: enter(c), customer: await customerOf(c) };
      const id = sessionIn(c);
      const { thread, session } = await intake.own(id, asker);
      const limit = limitOf(c, limits);
      const lines = limit === 0 ? [] : await sessions.messages(thread, limit);
      return c.json(conversationOf(id, asker.customer?.id, session, lines));
    },

    async reset(c) {
      const tenant = enter(c);
      refuseWhenStopping();
      const id = sessionIn(c);
      await intake.inTurn(tenant, id, async () => {
        const { thread, by } = await intake.own(id, { tenant, customer: await customerOf(c) });
        intake.mayGoOn(thread);
        await sessions.reset(thread, by);
      });
      return c.json({ status: "reset", session_id: id });
    },

    openapi: (c) => c.json(document),
    healthz: (c) => c.json({ status: "alive" }),

    async readyz(c) {
      const { ready, checks } = await parts.ready();
      const details = checks ? { checks } : {};
      if (!ready || life.state !== "open") {
        throw new Problem("not-ready", { ...details, retryAfterMs: retryMs });
      }
      return c.json({ status: "ready", ...details });
    },

    async metrics(c) {
      if (!isLoopback(parts.host) || isForwarded(c)) tenantOf(c);
      return c.text(await parts.metrics(), 200, {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
      });
    },
  };

  function problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const code = codeOf(error);
    if (code === "thread_move") return new Problem("with-staff");
    if (code?.startsWith("ledger_")) {
      log.warn("http.not_taken", { error });
      return new Problem("not-taken", { retryAfterMs: retryMs });
    }
    log.error("http.broke", { error });
    return new Problem("internal-error");
  }

  app.use(async (c, next) => {
    const began = clock.elapsed();
    await next();
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    if (life.state !== "open") c.header("connection", "close");
    const ms = Math.round(clock.elapsed() - began);
    log.debug("http.answered", { method: c.req.method, path: c.req.routePath, status: c.res.status, ms });
  });
  app.use(async (c, next) => {
    // Without keys a page in somebody's browser could have its own name lead to this machine, and ask.
    if (!access.keyed && !isLoopback(c.req.header("host") ?? "")) {
      throw new Problem("wrong-host", {
        detail: "Without HTTP_API_KEYS only requests to localhost are answered.",
      });
    }
    await next();
  });
  const byPath = new Map<string, string[]>();
  for (const { id, method, path } of operations) {
    const pattern = path.replace(/\{(\w+)\}/g, ":$1");
    app.on(method, pattern, (c) => handlers[id](c));
    const own = method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()];
    byPath.set(pattern, [...(byPath.get(pattern) ?? []), ...own]);
  }
  for (const [pattern, allow] of byPath) {
    app.all(pattern, () => {
      throw new Problem("method-not-allowed", { allow });
    });
  }
  app.notFound(() => responseTo(new Problem("unknown-path")));
  app.onError((error) => responseTo(problemOf(error)));
  return (request) => app.fetch(request);
}

const sessionIn = (c: Context): string => c.req.param("id") ?? "";

const eventsType = "text/event-stream";

function wantsEvents(c: Context): boolean {
  const best = accepts(c, {
    header: "Accept",
    supports: ["application/json", eventsType],
    default: "application/json",
  });
  return best === eventsType;
}

/** Whether a proxy says that it has handed the request on. */
function isForwarded(c: Context): boolean {
  return ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"].some(
    (name) => c.req.header(name) !== undefined,
  );
}

/** @throws Problem invalid-request */
function idempotencyKeyOf(c: Context): string | undefined {
  const key = c.req.header("idempotency-key");
  if (key === undefined || /^[ -~]{1,255}$/.test(key)) return key;
  throw new Problem("invalid-request", {
    detail: "Idempotency-Key takes 1 to 255 printable ASCII characters.",
  });
}

/** @throws Problem invalid-request */
function limitOf(c: Context, { messagesMax, messagesShown }: HttpLimits): number {
  const text = c.req.query("limit");
  if (text === undefined) return messagesShown;
  if (/^\d{1,6}$/.test(text) && Number(text) <= messagesMax) return Number(text);
  throw new Problem("invalid-request", { detail: `limit takes a whole number from 0 to ${messagesMax}.` });
}
