/**
 * Slack's requests over HTTP: `/slack/events` takes events, interactivity and commands. A request is checked before
 * anything is done with it, taken before it is acknowledged, and answered 500 when it could not be taken, so that Slack
 * brings it again.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../../src/clock.ts";
import { DeskError, faultOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { type Json, record } from "./payload.ts";
import type { Handle, Receiver } from "./receiver.ts";

export interface HttpReceiverParts {
  host: string;
  port: number;
  /** Undefined where the server is only there for installing: then no event is taken. */
  signingSecret: string | undefined;
  handle: Handle;
  clock: Clock;
  log: Log;
  /** Pages of the installation, by path. */
  pages?: (request: IncomingMessage, response: ServerResponse, path: string) => boolean;
  /** Told of the port it listens on, which is a free one when 0 was asked for. */
  onListening?: (port: number) => void;
}

export const eventsPath = "/slack/events";
/** Slack's own payloads are far smaller. */
const bodyBytesMax = 2 * 1024 * 1024;
/** How far a signature's time may be from ours, either way. */
const windowMs = 5 * 60_000;

export function createHttpReceiver(parts: HttpReceiverParts): Receiver {
  const { host, port, handle, clock, log } = parts;
  const secret = parts.signingSecret === undefined ? undefined : createSecretKey(parts.signingSecret, "utf8");
  let server: Server | undefined;

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (path === eventsPath && secret !== undefined) {
      if (request.method === "POST") await take(request, response, secret);
      else answer(response, 405);
      return;
    }
    if (request.method === "GET" && parts.pages?.(request, response, path)) return;
    answer(response, 404);
  }

  async function take(request: IncomingMessage, response: ServerResponse, key: KeyObject): Promise<void> {
    const body = await read(request);
    if (body === undefined) {
      response.setHeader("connection", "close");
      answer(response, 413);
      return;
    }
    if (isCertificateCheck(request, body)) {
      answer(response, 200);
      return;
    }
    if (!isGenuine(request, body, key, clock.now())) {
      log.warn("slack.request_refused", { why: "not signed by Slack, or not now" });
      answer(response, 401);
      return;
    }
    const payload = parse(request, body);
    if (!payload) {
      log.warn("slack.request_refused", { why: "malformed" });
      answer(response, 400);
      return;
    }
    if (payload.type === "url_verification") answer(response, 200, { challenge: payload.challenge });
    else await hand(payload, response);
  }

  async function hand(payload: Json, response: ServerResponse): Promise<void> {
    try {
      answer(response, 200, await handle(payload));
    } catch (error) {
      log.warn("slack.not_taken", { type: payload.type, error });
      answer(response, 500);
    }
  }

  return {
    start() {
      const listening = createServer(
        { requestTimeout: 15_000, headersTimeout: 10_000 },
        (request, response) => {
          route(request, response).catch((error: unknown) => {
            log.warn("slack.request_failed", { error });
            answer(response, 400);
          });
        },
      );
      server = listening;
      return new Promise((resolve, reject) => {
        const refused = (cause: Error): void => {
          const fault = `SLACK_HOST, SLACK_PORT: cannot listen on ${host}:${port}: ${faultOf(cause)}`;
          reject(new DeskError("command_failed", fault, { cause }));
        };
        listening.once("error", refused);
        listening.listen(port, host, () => {
          listening.off("error", refused);
          listening.on("error", (error) => log.error("slack.listener_failed", { error }));
          const address = listening.address();
          if (address !== null && typeof address === "object") parts.onListening?.(address.port);
          resolve();
        });
      });
    },
    async close() {
      const listening = server;
      server = undefined;
      if (!listening) return;
      const closed = new Promise((resolve) => listening.close(resolve));
      listening.closeIdleConnections();
      const cancel = clock.after(3_000, () => listening.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

/** The body as text; undefined when it is too large. Rejects when it breaks off. */
function read(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > bodyBytesMax) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else resolve(undefined);
    });
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the request broke off")));
  });
}

/**
 * `v0=` and the HMAC of `v0:TIMESTAMP:BODY`, of a time within five minutes of now, either way. Bolt's own check lets the
 * future pass, and costs three HMACs with a random key for one.
 */
function isGenuine(request: IncomingMessage, body: string, secret: KeyObject, nowMs: number): boolean {
  const stamp = request.headers["x-slack-request-timestamp"];
  const signature = request.headers["x-slack-signature"];
  if (typeof stamp !== "string" || !/^\d{1,12}$/.test(stamp)) return false;
  if (Math.abs(nowMs - Number(stamp) * 1_000) > windowMs) return false;
  const [, given] = /^v0=([0-9a-f]{64})$/.exec(String(signature)) ?? [];
  if (given === undefined) return false;
  const own = createHmac("sha256", secret).update(`v0:${stamp}:${body}`).digest();
  return timingSafeEqual(own, Buffer.from(given, "hex"));
}

/** Events come as JSON, commands as a form, interactions as JSON in a form's `payload`. */
function parse(request: IncomingMessage, body: string): Json | undefined {
  try {
    if (!isForm(request)) return record(JSON.parse(body));
    const fields = new URLSearchParams(body);
    const payload = fields.get("payload");
    return payload === null ? Object.fromEntries(fields) : record(JSON.parse(payload));
  } catch {
    return undefined;
  }
}

/** Slack sometimes looks whether the address has a certificate; that request is not signed, and asks for nothing. */
function isCertificateCheck(request: IncomingMessage, body: string): boolean {
  return isForm(request) && body.length < 1_000 && new URLSearchParams(body).get("ssl_check") === "1";
}

function isForm(request: IncomingMessage): boolean {
  return request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
}

function answer(response: ServerResponse, status: number, body?: Json): void {
  if (response.headersSent || response.destroyed) return;
  if (body === undefined) response.writeHead(status, { "content-length": "0" }).end();
  else response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
