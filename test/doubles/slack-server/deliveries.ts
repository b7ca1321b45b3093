/**
 * How Slack brings events to an app: signed HTTP requests or Socket Mode envelopes, acknowledged within a time, retried
 * when they are not. Interactions and commands are brought once, and their answer handed back.
 */
import { createHmac, randomUUID } from "node:crypto";
import { type ClientRequest, request as httpRequest } from "node:http";
import type { Json } from "./block-kit.ts";
import type { ServerSocket } from "./websocket.ts";

export type DeliveryKind = "events_api" | "interactive" | "slash_commands";

export interface Delivery {
  kind: DeliveryKind;
  payload: Json;
  /** 0 for the first attempt. */
  attempt: number;
  acknowledged: boolean;
  /** The HTTP status, or 200 for an acknowledged envelope; 0 when nothing came back. */
  status: number;
  /** What came back with the acknowledgement. */
  response: unknown;
  tookMs: number;
}

export interface DeliveryOptions {
  signingSecret: string;
  ackTimeoutMs: number;
  /** Slack: at once, after a minute, after five. */
  retryDelaysMs: readonly number[];
}

export interface Deliveries {
  /** Where the app listens, each in turn; none for Socket Mode. */
  eventsUrls: readonly string[];
  /** Every attempt, in order. */
  readonly log: Delivery[];
  /** Called after every attempt. */
  onAttempt: ((delivery: Delivery) => void) | undefined;
  /** Brings it, with retries; resolves with the last attempt. */
  deliver(kind: DeliveryKind, payload: Json): Promise<Delivery>;
  addSocket(socket: ServerSocket): void;
  readonly sockets: readonly ServerSocket[];
  /** Asks connections to go, as Slack does every few hours; they stay usable until the app closes them. */
  recycle(count: number): void;
  /** Breaks every connection, and every request that is under way. */
  hangUp(): void;
  /** The next acknowledgements are lost on their way. */
  loseAcks(count: number): void;
  /** The next events are brought twice. */
  duplicate(count: number): void;
  /** Holds events back until `release`, which brings them in the order given. */
  hold(): void;
  release(order?: "same" | "reversed"): void;
  /** Resolves when nothing is on its way. */
  settled(): Promise<void>;
  close(): void;
}

export function createDeliveries(options: DeliveryOptions): Deliveries {
  const sockets: ServerSocket[] = [];
  const waiting = new Map<string, (response: unknown) => void>();
  const log: Delivery[] = [];
  const underWay = new Set<Promise<unknown>>();
  const requests = new Set<ClientRequest>();
  let acksToLose = 0;
  let toDuplicate = 0;
  let held: (() => void)[] | undefined;
  let turn = 0;
  let closed = false;

  async function attempt(kind: DeliveryKind, payload: Json, n: number): Promise<Delivery> {
    const started = performance.now();
    const { eventsUrls } = deliveries;
    turn += 1;
    const url = eventsUrls[turn % Math.max(1, eventsUrls.length)];
    const brought =
      url === undefined ? await overSocket(kind, payload, n) : await overHttp(url, kind, payload, n);
    let acknowledged = brought.status === 200;
    if (acknowledged && kind === "events_api" && acksToLose > 0) {
      acksToLose -= 1;
      acknowledged = false;
    }
    const delivery = {
      kind,
      payload,
      attempt: n,
      ...brought,
      acknowledged,
      tookMs: performance.now() - started,
    };
    log.push(delivery);
    deliveries.onAttempt?.(delivery);
    return delivery;
  }

  function overHttp(url: string, kind: DeliveryKind, payload: Json, n: number) {
    const json = JSON.stringify(payload);
    const body =
      kind === "events_api"
        ? json
        : kind === "interactive"
          ? new URLSearchParams({ payload: json }).toString()
          : new URLSearchParams(payload as Record<string, string>).toString();
    const timestamp = String(Math.floor(Date.now() / 1000));
    const type = kind === "events_api" ? "application/json" : "application/x-www-form-urlencoded";
    return post(
      url,
      body,
      {
        "content-type": type,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": sign(options.signingSecret, timestamp, body),
        ...(n > 0 ? { "x-slack-retry-num": String(n), "x-slack-retry-reason": "http_timeout" } : {}),
      },
      options.ackTimeoutMs,
      requests,
    );
  }

  async function overSocket(kind: DeliveryKind, payload: Json, n: number) {
    const open = sockets.filter((socket) => socket.open);
    const socket = open[turn % Math.max(1, open.length)];
    if (!socket) return { status: 0, response: undefined };
    const id = randomUUID();
    const answered = new Promise<{ status: number; response: unknown }>((resolve) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        resolve({ status: 0, response: undefined });
      }, options.ackTimeoutMs);
      waiting.set(id, (response) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve({ status: 200, response });
      });
    });
    const retry = n > 0 ? { retry_attempt: n, retry_reason: "timeout" } : {};
    const accepts = kind !== "events_api";
    socket.send(
      JSON.stringify({ envelope_id: id, type: kind, payload, accepts_response_payload: accepts, ...retry }),
    );
    return answered;
  }

  async function withRetries(kind: DeliveryKind, payload: Json): Promise<Delivery> {
    let last = await attempt(kind, payload, 0);
    if (kind !== "events_api") return last;
    for (const [n, delay] of options.retryDelaysMs.entries()) {
      if (last.acknowledged || closed) break;
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (closed) break;
      last = await attempt(kind, payload, n + 1);
    }
    return last;
  }

  const deliveries: Deliveries = {
    eventsUrls: [],
    onAttempt: undefined,
    log,
    sockets,
    deliver(kind, payload) {
      const start = () => {
        const going = withRetries(kind, payload);
        underWay.add(going);
        void going.finally(() => underWay.delete(going));
        if (kind === "events_api" && toDuplicate > 0) {
          toDuplicate -= 1;
          void withRetries(kind, payload);
        }
        return going;
      };
      if (!held || kind !== "events_api") return start();
      return new Promise((resolve) => held?.push(() => resolve(start())));
    },
    addSocket(socket) {
      sockets.push(socket);
      socket.onText = (text) => {
        const { envelope_id, payload } = JSON.parse(text) as { envelope_id?: string; payload?: unknown };
        if (envelope_id) waiting.get(envelope_id)?.(payload);
      };
      socket.onClose = () => {
        const place = sockets.indexOf(socket);
        if (place >= 0) sockets.splice(place, 1);
      };
      socket.send(
        JSON.stringify({
          type: "hello",
          num_connections: sockets.length,
          debug_info: { host: "double", approximate_connection_time: 18_060 },
          connection_info: { app_id: "A1" },
        }),
      );
    },
    recycle(count) {
      for (const socket of sockets.slice(0, count)) {
        socket.send(
          JSON.stringify({ type: "disconnect", reason: "warning", debug_info: { host: "double" } }),
        );
      }
    },
    hangUp() {
      for (const socket of [...sockets]) socket.destroy();
      for (const request of requests) request.destroy(new Error("hung up"));
    },
    loseAcks(count) {
      acksToLose = count;
    },
    duplicate(count) {
      toDuplicate = count;
    },
    hold() {
      held ??= [];
    },
    release(order = "same") {
      const go = held ?? [];
      held = undefined;
      for (const start of order === "same" ? go : go.reverse()) start();
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close() {
      closed = true;
      for (const socket of [...sockets]) socket.destroy();
    },
  };
  return deliveries;
}

export function sign(secret: string, timestamp: string, body: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

/** A plain POST; status 0 when no answer came in time. @param underWay holds it until it is over */
export function post(
  url: string,
  body: string,
  headers: Record<string, string>,
  timeoutMs: number,
  underWay = new Set<ClientRequest>(),
): Promise<{ status: number; response: unknown }> {
  return new Promise((resolve) => {
    const request = httpRequest(
      url,
      {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        timeout: timeoutMs,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, response: parsed(text) });
        });
      },
    );
    underWay.add(request);
    request.on("close", () => underWay.delete(request));
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", () => resolve({ status: 0, response: undefined }));
    request.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
