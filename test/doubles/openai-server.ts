/**
 * An OpenAI-compatible server on 127.0.0.1: chat completions as JSON and as a stream, embeddings, transcriptions,
 * models. What it answers in a chat is scripted; what it is asked is checked as strictly as real servers do, and kept.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, answerBody, pause, reset, sendAnswer } from "./openai-answers.ts";
import { faultsOf } from "./openai-requests.ts";

export type { Answer } from "./openai-answers.ts";

/** What the server does with one request. */
export type Reply =
  | Answer
  | { status: number; headers?: Record<string, string>; body?: unknown }
  /** Nothing, ever; or the connection is cut before any answer. */
  | { fault: "hang" | "reset" }
  /** Bytes as they are; the end is clean unless said otherwise. */
  | {
      raw: (string | Uint8Array)[];
      rawStatus?: number;
      contentType?: string;
      chunkDelayMs?: number;
      end?: "hang" | "reset";
    };

/** A queue of replies, after which every answer is "ok"; or a function of the request and its number, from 0. */
export type Script = Reply[] | ((request: ReceivedRequest, number: number) => Reply | Promise<Reply>);

export interface OpenAIServerOptions {
  script?: Script;
  /** Any other key gets 401; every key is taken when absent. */
  apiKey?: string;
  /** Names of request fields that get 400, as servers do that do not know them. */
  refuses?: string[];
  /** What a strict chat template takes. */
  roles?: "free" | "alternating" | "no_system";
  models?: string[];
  /** Replies for the paths that are not chat; undefined is the ordinary answer. */
  other?: (request: ReceivedRequest, number: number) => Reply | undefined;
  embeddings?: { dimensions?: number; encoding?: "as_asked" | "float" | "base64"; order?: "reversed" };
  /** Where a ticket belongs; `{}`, which is no route, where nothing is said. */
  route?: (request: ReceivedRequest) => Reply;
  /** What is heard in every recording. */
  transcript?: string;
}

export interface ReceivedRequest {
  /** Below `/v1`: `/chat/completions`. */
  path: string;
  /** Without the key. */
  headers: IncomingHttpHeaders;
  /** Whether it carried the server's `apiKey`. */
  authorized: boolean;
  /** Parsed JSON; for a form, its fields, files as `{ name, type, bytes }`. */
  body: Record<string, unknown>;
  /** Milliseconds since the server's start. */
  at: number;
  /** True once the client has gone away before the answer was complete. */
  cancelled: boolean;
}

export interface OpenAIServer {
  /** Ends in `/v1`. */
  url: string;
  requests: ReceivedRequest[];
  /** The requests for chat completions, but for those that ask where a ticket belongs. */
  chats(): ReceivedRequest[];
  /** The requests that ask where a ticket belongs. */
  routes(): ReceivedRequest[];
  /** Connections that have been opened so far. */
  connections(): number;
  close(): Promise<void>;
}

export async function createOpenAIServer(options: OpenAIServerOptions = {}): Promise<OpenAIServer> {
  const requests: ReceivedRequest[] = [];
  const started = performance.now();
  const counts = new Map<string, number>();
  let connections = 0;

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await receive(incoming, options.apiKey, started);
    requests.push(request);
    outgoing.on("close", () => {
      request.cancelled = !outgoing.writableFinished;
    });
    const kind = asksForRoute(request) ? "route" : request.path;
    const number = counts.get(kind) ?? 0;
    counts.set(kind, number + 1);
    if (options.apiKey !== undefined && !request.authorized) {
      refuse(outgoing, 401, "Incorrect API key provided", "invalid_api_key");
      return;
    }
    const reply = await replyTo(request, number, options);
    if (reply) await send(reply, request, outgoing);
    else answerOther(request, outgoing, options);
  }

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  server.on("connection", () => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    chats: () => requests.filter((one) => one.path === "/chat/completions" && !asksForRoute(one)),
    routes: () => requests.filter(asksForRoute),
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(
  incoming: IncomingMessage,
  apiKey: string | undefined,
  started: number,
): Promise<ReceivedRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const { authorization, ...headers } = incoming.headers;
  return {
    path: (incoming.url ?? "").replace(/^\/v1/, ""),
    headers: { ...headers, ...(authorization ? { authorization: "***" } : {}) },
    authorized: authorization === `Bearer ${apiKey}`,
    body: await parseBody(Buffer.concat(parts), incoming.headers["content-type"] ?? ""),
    at: performance.now() - started,
    cancelled: false,
  };
}

async function parseBody(bytes: Buffer, type: string): Promise<Record<string, unknown>> {
  if (bytes.length === 0) return {};
  if (!type.startsWith("multipart/")) return JSON.parse(bytes.toString()) as Record<string, unknown>;
  const form = await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData();
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form) {
    fields[name] =
      typeof value === "string" ? value : { name: value.name, type: value.type, bytes: value.size };
  }
  return fields;
}

/** The scripted reply, a refusal of what no server would take, or undefined for the ordinary answer of the path. */
async function replyTo(
  request: ReceivedRequest,
  number: number,
  options: OpenAIServerOptions,
): Promise<Reply | undefined> {
  if (request.path !== "/chat/completions") return options.other?.(request, number);
  const fault = faultsOf(request.body, options.refuses ?? [], options.roles ?? "free");
  if (fault) {
    const error = { message: fault.message, type: "invalid_request_error", param: fault.param, code: null };
    return { status: 400, body: { error } };
  }
  if (asksForRoute(request)) return options.route?.(request) ?? { text: "{}" };
  const { script } = options;
  if (typeof script === "function") return script(request, number);
  return script?.shift() ?? { text: "ok" };
}

function asksForRoute({ body }: ReceivedRequest): boolean {
  const format = body.response_format as { json_schema?: { name?: string } } | undefined;
  return format?.json_schema?.name === "route";
}

async function send(reply: Reply, request: ReceivedRequest, outgoing: ServerResponse): Promise<void> {
  if ("status" in reply) {
    outgoing.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    outgoing.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {}));
  } else if ("fault" in reply) {
    if (reply.fault === "reset") outgoing.socket?.resetAndDestroy();
  } else if ("raw" in reply) {
    outgoing.writeHead(reply.rawStatus ?? 200, { "content-type": reply.contentType ?? "text/event-stream" });
    for (const part of reply.raw) {
      outgoing.write(part);
      await pause(reply.chunkDelayMs ?? 0);
    }
    if (reply.end === "reset") await reset(outgoing);
    else if (reply.end !== "hang") outgoing.end();
  } else if (request.body.stream === true && !reply.whole) await sendAnswer(reply, request.body, outgoing);
  else json(outgoing, answerBody(reply, request.body));
}

function answerOther(request: ReceivedRequest, outgoing: ServerResponse, options: OpenAIServerOptions): void {
  switch (request.path) {
    case "/models":
      json(outgoing, {
        object: "list",
        data: (options.models ?? ["test-model"]).map((id) => ({ id, object: "model" })),
      });
      return;
    case "/embeddings":
      json(outgoing, embeddings(request.body, options.embeddings ?? {}));
      return;
    case "/audio/transcriptions":
      json(outgoing, { text: options.transcript ?? "hello" });
      return;
    default:
      refuse(outgoing, 404, `Unknown path ${request.path}`, "not_found");
  }
}

/** Texts that share words have vectors that are alike. */
function embeddings(body: Record<string, unknown>, options: NonNullable<OpenAIServerOptions["embeddings"]>) {
  const { dimensions = 64, encoding = "as_asked", order } = options;
  const asked = body.encoding_format === "base64" ? "base64" : "float";
  const texts = Array.isArray(body.input) ? (body.input as string[]) : [String(body.input)];
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, dimensions);
    const packed = (encoding === "as_asked" ? asked : encoding) === "base64";
    const embedding = packed ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  if (order === "reversed") data.reverse();
  return {
    object: "list",
    model: body.model,
    data,
    usage: { prompt_tokens: texts.length, total_tokens: texts.length },
  };
}

export function vectorOf(text: string, dimensions = 64): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["-"]) {
    let hash = 7;
    for (const character of word) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
    vector[hash % dimensions]! += 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((part) => part / length);
}

function json(outgoing: ServerResponse, body: unknown): void {
  outgoing.writeHead(200, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

function refuse(outgoing: ServerResponse, status: number, message: string, code: string): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } }));
}
