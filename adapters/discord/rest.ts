/**
 * Discord's REST API over discord.js's own client, which keeps the buckets. It never retries: the outbox does, and
 * looks first. What it is told to wait, it waits: a call inside a Retry-After fails here, without being made, with the
 * time that is left, and only for its own route and channel; calls to others go on.
 */
import {
  DefaultRestOptions,
  DiscordAPIError,
  HTTPError,
  RateLimitError,
  REST,
  type ResponseLike,
} from "@discordjs/rest";
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Waits } from "../../src/waits.ts";
import { type Answered, type Effect, faultOfAnswer, faultOfSilence } from "./faults.ts";
import { createPace, type Urgency } from "./pace.ts";
import { isSnowflake, timeOfSnowflake } from "./thread-id.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Path = `/${string}`;

export interface CallOptions {
  body?: unknown;
  query?: Record<string, string>;
  files?: { name: string; data: Uint8Array; contentType: string }[];
  /** False for an interaction's own webhook, whose address is its credential. */
  authorized?: boolean;
  /** How much it matters when there is much to do; a `courtesy` is then not made, and its result is undefined. */
  urgency?: Urgency;
}

export interface Rest {
  /** @throws DeskError one of the platform_ codes */
  call<T>(method: Method, path: Path, options?: CallOptions): Promise<T>;
  /** Milliseconds since 1970 by Discord's own clock, as far as it has told; a second late at most, never early. */
  now(): number;
  /** What only catches up is not asked for any more. */
  stopReading(): void;
  close(): void;
}

export interface RestParts {
  token: string;
  /** Ends in `/api`, or in `/api/v10`. */
  apiUrl: string;
  /** Discord's own limit unless it has raised it for this bot. */
  callsPerSecond?: number;
  /** What Discord has said, by route and channel, and about everything. */
  waits: Waits;
  clock: Clock;
}

const timeoutMs = 10_000;
/** Files go as fast as the line does. */
const uploadTimeoutMs = 120_000;
/** Discord says 50, and counts by its own clock. */
const callsPerSecond = 48;
/** Discord bans an address after 10,000 of these in ten minutes; this bot stops long before. */
const invalidMax = 1_000;
const invalidWindowMs = 600_000;
/** Edits of messages older than an hour have a limit of their own, for all of a channel's. */
const oldEdits = { code: 30046, fromMs: 3_600_000 } as const;
/** How long a refused token is not tried again. */
const refusedTokenMs = 30_000;

export function createRest(parts: RestParts): Rest {
  const { waits, clock } = parts;
  const pace = createPace({ clock, perSecond: parts.callsPerSecond ?? callsPerSecond });
  let invalid: number[] = [];
  let tokenRefusedAt: number | undefined;
  const closing = new AbortController();
  let serverTime: { at: number; elapsed: number } | undefined;

  const { api, version } = rootOf(parts.apiUrl);

  const client = new REST({
    api,
    version,
    retries: 0,
    timeout: timeoutMs,
    globalRequestsPerSecond: Number.POSITIVE_INFINITY,
    rejectOnRateLimit: () => true,
    makeRequest: (url, init) => observed(url, init),
  });

  /** Every request that is really made. @throws DeskError for a 429, and for a 5xx, whose body discord.js drops */
  async function observed(
    ...request: Parameters<typeof DefaultRestOptions.makeRequest>
  ): Promise<ResponseLike> {
    const [url, init] = request;
    const { method = "GET" } = init;
    const response = await (init.body instanceof FormData
      ? upload(url, init, init.body)
      : DefaultRestOptions.makeRequest(url, init));
    const at = Date.parse(response.headers.get("date") ?? "");
    if (Number.isFinite(at)) serverTime = { at, elapsed: clock.elapsed() };
    const path = new URL(url).pathname.replace(/^.*?\/v\d+(?=\/)/, "");
    if (response.status === 429) throw await limitedBy(response, method, path);
    if (response.status >= 500) throw await failedBy(response, method, path);
    if (response.status === 401 || response.status === 403) invalid.push(clock.elapsed());
    if (response.status === 403 && !isJson(response)) throw walled(routeOf(method, path));
    return method === "PUT" || method === "DELETE" ? withoutEmptyJson(response) : response;
  }

  /** A form with files, which may take longer than the library grants any call. */
  async function upload(url: string, init: Init, form: FormData): Promise<ResponseLike> {
    const ends = new AbortController();
    const cancel = clock.after(uploadTimeoutMs, () => ends.abort());
    const signal = AbortSignal.any([ends.signal, closing.signal]);
    try {
      return await DefaultRestOptions.makeRequest(url, { ...(await packed(init, form)), signal });
    } finally {
      cancel();
    }
  }

  async function limitedBy(response: ResponseLike, method: string, path: string): Promise<DeskError> {
    const text = await response.text().catch(() => "");
    const told = readJson(text) as { retry_after?: unknown; global?: unknown; code?: unknown } | undefined;
    const seconds = Number(told?.retry_after ?? response.headers.get("retry-after") ?? 1);
    const waitMs = Math.ceil((Number.isFinite(seconds) && seconds > 0 ? seconds : 1) * 1000) + 50;
    // Without JSON it is not the API that answers but the wall before it: that is about everything.
    const everything =
      told?.global === true || response.headers.has("x-ratelimit-global") || told === undefined;
    if (response.headers.get("x-ratelimit-scope") !== "shared") invalid.push(clock.elapsed());
    const route = routeOf(method, path);
    const key = told?.code === oldEdits.code ? ofOldEdits(route) : route;
    waits.note(everything ? "everything" : key, waitMs);
    return rateLimited(waitMs, everything ? "every call" : key);
  }

  const now = () =>
    serverTime ? Math.floor(serverTime.at + clock.elapsed() - serverTime.elapsed) : clock.now();

  function isOldEdit(route: string, path: string): boolean {
    const [, message = ""] = /^\/channels\/\d+\/messages\/(\d+)$/.exec(path) ?? [];
    if (!route.startsWith("PATCH ") || !isSnowflake(message)) return false;
    return now() - timeOfSnowflake(message) > oldEdits.fromMs;
  }

  async function failedBy(response: ResponseLike, method: string, path: string): Promise<DeskError> {
    const told = readJson(await response.text().catch(() => "")) as
      | { code?: unknown; message?: unknown }
      | undefined;
    const answered = {
      status: response.status,
      code: Number(told?.code) || 0,
      message: String(told?.message ?? ""),
    };
    return faultOfAnswer(answered, routeOf(method, path), effectOf(method), true);
  }

  /** @throws DeskError when this call must not be made now */
  function checkMayCall(route: string, path: string, authorized: boolean): void {
    const elapsed = clock.elapsed();
    // First answers to interactions are outside the global limit, and have three seconds.
    const keys = isFirstAnswer(route) ? [route] : ["everything", route];
    if (isOldEdit(route, path)) keys.push(ofOldEdits(route));
    for (const key of keys) {
      const left = waits.left(key);
      if (left > 0) throw rateLimited(left, key === "everything" ? "every call" : key);
    }
    invalid = invalid.filter((at) => elapsed - at < invalidWindowMs);
    if (invalid.length >= invalidMax) {
      const left = invalidWindowMs - (elapsed - (invalid[0] as number));
      throw rateLimited(left, "every call, because so many were refused");
    }
    if (authorized && tokenRefusedAt !== undefined && elapsed - tokenRefusedAt < refusedTokenMs) {
      throw new DeskError("platform_unauthorized", "Discord has just refused the bot's token");
    }
  }

  async function call<T>(method: Method, path: Path, options: CallOptions = {}): Promise<T> {
    const { body, query, files, authorized = true, urgency = "reply" } = options;
    const route = routeOf(method, path);
    checkMayCall(route, path, authorized);
    if (!isFirstAnswer(route)) {
      if (!(await pace.turn(urgency))) {
        if (urgency === "courtesy") return undefined as T;
        throw new DeskError("platform_unavailable", "Discord is being left");
      }
      checkMayCall(route, path, authorized);
    }
    // The library forgets a token that has been refused once.
    client.setToken(parts.token);
    try {
      const answer = await client.request({
        method: method as never,
        fullRoute: path,
        auth: authorized,
        ...(body === undefined ? {} : { body }),
        ...(query === undefined ? {} : { query: new URLSearchParams(query) }),
        ...(files === undefined || files.length === 0
          ? {}
          : { files: files.map((one) => ({ ...one, data: Buffer.from(one.data) })) }),
      });
      if (authorized) tokenRefusedAt = undefined;
      return answer as T;
    } catch (error) {
      if (error instanceof DeskError) throw error;
      if (error instanceof RateLimitError) throw rateLimited(Math.max(50, error.retryAfter), route);
      const answered = answeredBy(error);
      if (!answered) throw faultOfSilence(error, route, effectOf(method));
      if (answered.status === 401 && authorized) tokenRefusedAt = clock.elapsed();
      throw faultOfAnswer(answered, route, effectOf(method), authorized);
    }
  }

  return {
    call,
    now,
    stopReading: pace.stopReading,
    close() {
      closing.abort();
      client.clearHashSweeper();
      client.clearHandlerSweeper();
    },
  };
}

/** `…/api` of `…/api/` and `…/api/v10`: the library puts the version there itself. */
function rootOf(apiUrl: string): { api: string; version: string } {
  const [, api = apiUrl, version = "10"] = /^(.*?)(?:\/v(\d+))?\/*$/.exec(apiUrl) ?? [];
  return { api, version };
}

type Init = Parameters<typeof DefaultRestOptions.makeRequest>[1];

/**
 * A form as bytes. The library hands it to the process's global dispatcher, which may be of another version of undici
 * (the Slack adapter brings one): that does not know this one's forms.
 */
async function packed(init: Init, given: FormData): Promise<Init> {
  const form = new Response(given);
  const type = form.headers.get("content-type") ?? "";
  const headers = { ...(init.headers as Record<string, string>), "content-type": type };
  return { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) };
}

/** Discord says 204 where it has nothing to say; some servers say nothing in JSON, which is none. */
async function withoutEmptyJson(response: ResponseLike): Promise<ResponseLike> {
  if (!response.ok || !isJson(response)) return response;
  const text = await response.text();
  const headers = new Headers(response.headers);
  if (text.trim() === "") headers.delete("content-type");
  return new Response(text, { status: response.status, headers });
}

const isJson = (response: ResponseLike): boolean =>
  response.headers.get("content-type")?.startsWith("application/json") ?? false;

/** Not the API has refused it, but the wall before it, which lets it through another time. */
const walled = (route: string): DeskError =>
  new DeskError(
    "platform_unavailable",
    `what stands before Discord's API did not let ${route} through (403)`,
  );

const ofOldEdits = (route: string): string => `${route} of old messages`;

const isFirstAnswer = (route: string): boolean => route.startsWith("POST /interactions/");

const effectOf = (method: string): Effect => (method === "GET" ? "none" : "write");

function rateLimited(waitMs: number, what: string): DeskError {
  return new DeskError("platform_rate_limited", `Discord asks to wait ${Math.ceil(waitMs)} ms with ${what}`, {
    retryAfterMs: Math.ceil(waitMs),
  });
}

function answeredBy(error: unknown): Answered | undefined {
  if (error instanceof DiscordAPIError) {
    return { status: error.status, code: Number(error.code) || 0, message: error.message };
  }
  if (error instanceof HTTPError) return { status: error.status, code: 0, message: error.message };
  return undefined;
}

/** The route of a call, with the channel or guild that its limits belong to and without anything secret. */
function routeOf(method: string, path: string): string {
  const [first = "", major = "", ...rest] =
    path
      .split("?")[0]
      ?.split("/")
      .filter((part) => part !== "") ?? [];
  const secret = first === "webhooks" || first === "interactions";
  const generic = rest
    .map((part, n) => (secret && n === 0 ? "…" : /^\d+$/.test(part) ? "…" : part))
    .join("/");
  // Adding and removing reactions is one bucket, whatever the emoji.
  const route = generic.replace(/reactions\/.*/, "reactions");
  return `${route.includes("reactions") ? "PUT" : method} /${first}/${major}${route === "" ? "" : `/${route}`}`;
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
