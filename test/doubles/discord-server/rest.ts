/** The REST side of the double: HTTP, credentials, rate limits, faults, and a log of every call. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { Refusal } from "./limits.ts";

export interface Call {
  method: string;
  /** Without `/api/v10`. */
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  files: UploadedFile[];
  headers: IncomingHttpHeaders;
  /** Whether it carried the bot's token. */
  authorized: boolean;
  at: number;
  /** Set when it has been answered. */
  status?: number;
}

export interface UploadedFile {
  field: string;
  name: string;
  mediaType: string;
  content: Uint8Array;
}

/**
 * What goes wrong with a call:
 *   status    answered so, without doing anything; `after` does it first
 *   limited   429 with this many seconds, of the route, of everything, or for the reason that a code tells
 *   hang      no answer at all; `after` does it first
 *   reset     the connection breaks; `after` does it first
 *   garbage   200 with something that is no JSON
 *   slow      done and answered after this long
 *   wall      not done: a page of HTML from what stands before the API
 */
export type Trouble =
  | { kind: "status"; status: number; code?: number; message?: string; after?: boolean }
  | { kind: "limited"; seconds: number; global?: boolean; code?: number }
  | { kind: "hang"; after?: boolean }
  | { kind: "reset"; after?: boolean }
  | { kind: "garbage" }
  | { kind: "slow"; ms: number }
  | { kind: "wall"; status: number };

export interface Fault {
  method?: string;
  path?: RegExp;
  /** How many calls it hits; 1 unless told. */
  times?: number;
  trouble: Trouble;
}

export interface Answer {
  status: number;
  body?: unknown;
  raw?: { content: Uint8Array; mediaType: string };
}

export interface RestOptions {
  token(): string;
  handle(call: Call): Answer | Promise<Answer>;
  /** Calls of one route and channel: `limit` in `perMs`. */
  bucket: { limit: number; perMs: number };
  globalPerSecond: number;
  /** 401, 403 and 429 in ten minutes, above which the address is banned. */
  invalidMax: number;
  /** No more than a small server says. */
  sparse: boolean;
}

interface Bucket {
  used: number;
  resetAt: number;
}

export function createRest(options: RestOptions) {
  const calls: Call[] = [];
  const faults: Fault[] = [];
  const buckets = new Map<string, Bucket>();
  const hanging = new Set<ServerResponse>();
  const forbidden: { until: number; matches(call: Call): boolean }[] = [];
  const ownRoutes = new Map<string, (body: Record<string, unknown>) => Promise<unknown>>();
  let second = { at: 0, used: 0 };
  let invalid: number[] = [];
  let disobeyed = 0;

  const server: Server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) reply(response, 500, { code: 0, message: String(error) });
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await read(request);
    const own = ownRoutes.get(call.path);
    if (own) {
      reply(response, 200, await own(call.body));
      return;
    }
    calls.push(call);
    response.on("finish", () => {
      call.status = response.statusCode;
    });
    if (invalid.filter((at) => Date.now() - at < 600_000).length > options.invalidMax) {
      response
        .writeHead(429, { "content-type": "text/html", "retry-after": "600" })
        .end("<html>banned</html>");
      return;
    }
    if (forbidden.some((one) => one.until > Date.now() && one.matches(call))) disobeyed += 1;
    const trouble = takeFault(call);
    if (trouble?.kind === "limited") {
      limit(response, call, trouble.seconds, trouble.global ?? false, trouble.code);
      return;
    }
    if (trouble?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, trouble.ms).unref());
    else if (trouble && !("after" in trouble && trouble.after)) {
      upset(response, trouble);
      return;
    }
    const headers = spend(response, call);
    if (!headers) return;
    const answer = await answerTo(call);
    if (trouble && trouble.kind !== "slow") upset(response, trouble);
    else if (answer.raw) {
      response.writeHead(answer.status, { "content-type": answer.raw.mediaType }).end(answer.raw.content);
    } else reply(response, answer.status, answer.body, headers);
  }

  async function answerTo(call: Call): Promise<Answer> {
    try {
      return await options.handle(call);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code, message, errors } = error;
      return { status, body: { code, message, ...(errors ? { errors } : {}) } };
    }
  }

  async function read(request: IncomingMessage): Promise<Call> {
    const url = new URL(request.url ?? "/", "http://double");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const type = request.headers["content-type"] ?? "";
    const call: Call = {
      method: request.method ?? "GET",
      path: url.pathname.replace(/^\/api(\/v\d+)?/, ""),
      query: url.searchParams,
      body: {},
      files: [],
      headers: request.headers,
      authorized: request.headers.authorization === `Bot ${options.token()}`,
      at: Date.now(),
    };
    const whole = Buffer.concat(chunks);
    if (whole.length === 0) return call;
    if (!type.startsWith("multipart/")) {
      call.body = JSON.parse(String(whole)) as Call["body"];
      return call;
    }
    const form = await new Response(whole, { headers: { "content-type": type } }).formData();
    for (const [field, value] of form.entries()) {
      if (field === "payload_json") call.body = JSON.parse(String(value)) as Call["body"];
      else if (typeof value !== "string") {
        const content = new Uint8Array(await value.arrayBuffer());
        call.files.push({ field, name: value.name, mediaType: value.type, content });
      }
    }
    return call;
  }

  function takeFault(call: Call): Trouble | undefined {
    const fault = faults.find(
      (one) => (!one.method || one.method === call.method) && (!one.path || one.path.test(call.path)),
    );
    if (!fault) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
    return fault.trouble;
  }

  function upset(response: ServerResponse, trouble: Trouble): void {
    switch (trouble.kind) {
      case "status":
        reply(response, trouble.status, { code: trouble.code ?? 0, message: trouble.message ?? "trouble" });
        return;
      case "hang":
        hanging.add(response);
        return;
      case "reset":
        response.socket?.resetAndDestroy();
        return;
      case "garbage":
        response.writeHead(200, { "content-type": "application/json" }).end("<html>");
        return;
      case "wall":
        invalid.push(Date.now());
        response
          .writeHead(trouble.status, { "content-type": "text/html; charset=UTF-8" })
          .end("<!DOCTYPE html><title>Attention Required! | Cloudflare</title>");
        return;
      case "limited":
      case "slow":
        return;
    }
  }

  /** Takes one from the bucket; undefined when it was empty and the call has been refused. */
  function spend(response: ServerResponse, call: Call): Record<string, string> | undefined {
    const now = Date.now();
    if (/^\/interactions\/|^\/attachments\//.test(call.path)) return {};
    if (now - second.at >= 1000) second = { at: now, used: 0 };
    second.used += 1;
    if (second.used > options.globalPerSecond) {
      limit(response, call, (second.at + 1000 - now) / 1000, true);
      return undefined;
    }
    const name = bucketOf(call);
    const known = buckets.get(name);
    const bucket = known && known.resetAt > now ? known : { used: 0, resetAt: now + options.bucket.perMs };
    buckets.set(name, bucket);
    if (bucket.used >= options.bucket.limit) {
      limit(response, call, (bucket.resetAt - now) / 1000, false);
      return undefined;
    }
    bucket.used += 1;
    if (options.sparse) return {};
    return {
      "x-ratelimit-limit": String(options.bucket.limit),
      "x-ratelimit-remaining": String(options.bucket.limit - bucket.used),
      "x-ratelimit-reset": String(bucket.resetAt / 1000),
      "x-ratelimit-reset-after": String((bucket.resetAt - now) / 1000),
      "x-ratelimit-bucket": name.replace(/\W+/g, "-").toLowerCase(),
    };
  }

  function limit(
    response: ServerResponse,
    call: Call,
    seconds: number,
    global: boolean,
    code?: number,
  ): void {
    const bucket = bucketOf(call);
    const isMeant = (next: Call) =>
      code === undefined ? bucketOf(next) === bucket : next.path === call.path;
    forbidden.push({
      until: Date.now() + seconds * 1000,
      matches: (next) => !next.path.startsWith("/interactions/") && (global || isMeant(next)),
    });
    reply(
      response,
      429,
      {
        message: "You are being rate limited.",
        retry_after: seconds,
        global,
        ...(code === undefined ? {} : { code }),
      },
      {
        "retry-after": String(seconds),
        "x-ratelimit-scope": global ? "global" : "user",
        ...(global
          ? { "x-ratelimit-global": "true" }
          : { "x-ratelimit-bucket": bucket.replace(/\W+/g, "-") }),
      },
    );
  }

  function reply(
    response: ServerResponse,
    status: number,
    body: unknown,
    headers: Record<string, string> = {},
  ): void {
    if (status === 401 || status === 403 || status === 429) invalid.push(Date.now());
    if (status === 204 && options.sparse) {
      response.writeHead(200, { "content-type": "application/json" }).end();
      return;
    }
    if (status === 204) {
      response.writeHead(204, headers).end();
      return;
    }
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(body ?? null));
  }

  return {
    server,
    calls,
    /** A route of the double's own, outside Discord's. */
    answerAt(path: string, answer: (body: Record<string, unknown>) => Promise<unknown>): void {
      ownRoutes.set(path, answer);
    },
    /** The next calls that match go wrong so. */
    fault(fault: Fault): void {
      faults.push({ ...fault });
    },
    clearFaults(): void {
      faults.length = 0;
    },
    /** Calls that have been waiting for an answer in vain find out. */
    dropHanging(): void {
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    get invalidRequests() {
      return invalid.length;
    },
    /** Calls that were made although they had been told to wait. */
    get disobeyed() {
      return disobeyed;
    },
    forgive(): void {
      invalid = [];
    },
    close(): Promise<void> {
      for (const response of hanging) response.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Routes are one bucket for each channel, guild or webhook. */
function bucketOf(call: Call): string {
  const [first = "", major = "", ...rest] = call.path.split("/").filter((part) => part !== "");
  const generic = rest.map((part) => (/^\d+$/.test(part) ? "id" : part)).join("/");
  const route = generic.replace(/reactions\/.*/, "reactions");
  const method = route.includes("reactions") ? "ANY" : call.method;
  return `${method} ${first}/${major}/${route}`;
}
