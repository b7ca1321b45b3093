/** The listening side: sockets, their time limits, what is not even HTTP, and the end. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Clock } from "../../src/clock.ts";
import { DeskError, faultOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { HttpLimits } from "./limits.ts";
import { bodyOf, Problem, type ProblemName, problemMediaType, problems, responseTo } from "./problems.ts";

export interface ServerParts {
  host: string;
  /** 0 takes a free one. */
  port: number;
  fetch(request: Request): Response | Promise<Response>;
  limits: HttpLimits;
  clock: Clock;
  log: Log;
}

export interface HttpServer {
  /** @throws DeskError config_invalid when it cannot listen there */
  listen(): Promise<void>;
  /** Undefined while it does not listen. */
  port(): number | undefined;
  /**
   * Takes no new connections and lets requests end. After `graceMs` calls `over`, so that those that still wait are
   * answered; then everything is cut off.
   */
  close(graceMs: number, over: () => void): Promise<void>;
}

const afterOverMs = 1_000;

export function createHttpServer(parts: ServerParts): HttpServer {
  const { host, limits, clock, log } = parts;
  /** What is not answered yet, with its connection. */
  const open = new Map<ServerResponse, Socket>();
  const idlers = new Set<() => void>();
  let server: Server | undefined;

  function failed(error: unknown): Response {
    if (error instanceof RequestError) return responseTo(new Problem("invalid-request"));
    log.error("http.broke", { error });
    return responseTo(new Problem("internal-error"));
  }

  function make(): Server {
    const answer = getRequestListener(parts.fetch, {
      hostname: host,
      overrideGlobalObjects: false,
      errorHandler: failed,
    });
    const made = createServer(
      {
        maxHeaderSize: limits.headerBytesMax,
        headersTimeout: limits.bodyTimeoutMs,
        // Bodies have their own, shorter time; this one is for what never comes that far.
        requestTimeout: limits.bodyTimeoutMs * 2,
        connectionsCheckingInterval: 1_000,
        requireHostHeader: false,
      },
      (request, response) => {
        track(request, response);
        void answer(request, response);
      },
    );
    // A response that never had its turn on a connection does not close with it.
    made.on("connection", (socket) => socket.once("close", () => forget(openOn(socket))));
    made.maxConnections = limits.connectionsMax;
    made.on("clientError", refuse);
    made.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
      track(request, response);
      writeProblem(response, "expectation-failed");
    });
    return made;
  }

  function track({ socket }: IncomingMessage, response: ServerResponse): void {
    open.set(response, socket);
    response.once("close", () => forget([response]));
  }

  function forget(responses: readonly ServerResponse[]): void {
    for (const response of responses) open.delete(response);
    if (open.size > 0) return;
    for (const done of idlers) done();
    idlers.clear();
  }

  const openOn = (socket: Duplex): ServerResponse[] =>
    [...open].filter(([, of]) => of === socket).map(([response]) => response);

  /** What cannot be read as a request. */
  function refuse(error: Error & { code?: string }, socket: Duplex): void {
    const begun = openOn(socket).some((response) => response.headersSent);
    if (begun || !socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    socket.end(rawProblem(kindOf(error.code)));
  }

  /** Resolves when every request has been answered, at the latest after `ms`. */
  function answered(ms: number): Promise<void> {
    if (open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      idlers.add(() => {
        cancel();
        resolve();
      });
    });
  }

  return {
    listen() {
      const starting = make();
      server = starting;
      return new Promise((resolve, reject) => {
        starting.once("error", (cause) => {
          const fault = `HTTP_HOST, HTTP_PORT: cannot listen on ${host}:${parts.port}: ${faultOf(cause)}`;
          reject(new DeskError("command_failed", fault, { cause }));
        });
        starting.listen(parts.port, host, () => {
          starting.removeAllListeners("error");
          starting.on("error", (error) => log.error("http.listener_failed", { error }));
          resolve();
        });
      });
    },
    port() {
      const address = server?.address();
      return address && typeof address === "object" ? address.port : undefined;
    },
    async close(graceMs, over) {
      const closing = server;
      server = undefined;
      if (!closing?.listening) {
        over();
        return;
      }
      const closed = new Promise((resolve) => closing.close(resolve));
      await answered(graceMs);
      over();
      await answered(afterOverMs);
      closing.closeAllConnections();
      await closed;
    },
  };
}

function kindOf(code: string | undefined): ProblemName {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return "headers-too-large";
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "request-too-slow";
    default:
      return "invalid-request";
  }
}

function writeProblem(response: ServerResponse, kind: ProblemName): void {
  const problem = new Problem(kind);
  response.writeHead(problem.status, { ...problem.headers, connection: "close" });
  response.end(JSON.stringify(bodyOf(problem)));
}

/** Where there is no response object yet. */
function rawProblem(kind: ProblemName): string {
  const { status } = problems[kind];
  const body = JSON.stringify(bodyOf(new Problem(kind)));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
