/**
 * The one home of the `openai` SDK: it builds and sends the requests and reads the errors. It never retries and hands
 * every successful answer over unread; who called reads it as cheaply as it can be read. All it throws are DeskErrors,
 * or the signal's reason is the caller's to throw.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError, OpenAI } from "openai";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import { networkError, type RefusedError, statusError } from "./openai-errors.ts";
import { createUndiciFetch } from "./undici-fetch.ts";

export interface OpenAIClientParts {
  /** Absent for a server that wants none. */
  apiKey?: string | undefined;
  /** Ends in `/v1` for most servers; OpenAI's own when absent. */
  baseURL?: string | undefined;
  clock: Clock;
  /** One over undici when absent. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** An answer with a status of 2xx, not yet read. */
export type Bytes = AsyncIterable<Uint8Array>;

/** @throws RefusedError | DeskError model_unreachable | model_failed | model_rejected */
export interface OpenAIClient {
  chat(body: Record<string, unknown>, signal: AbortSignal): Promise<Bytes>;
  embeddings(body: Record<string, unknown>, signal: AbortSignal): Promise<Bytes>;
  transcription(file: File, model: string, signal: AbortSignal): Promise<Bytes>;
  models(signal: AbortSignal): Promise<Bytes>;
  /** Whether a text holds the key. */
  isSecret(text: string): boolean;
}

export function createOpenAIClient(parts: OpenAIClientParts): OpenAIClient {
  const { apiKey, clock } = parts;
  const isSecret = (text: string) => Boolean(apiKey) && text.includes(apiKey ?? "");
  let sdk: OpenAI | undefined;

  async function send(request: (sdk: OpenAI) => { asResponse(): Promise<Response> }): Promise<Bytes> {
    try {
      sdk ??= connect(parts);
      const response = await request(sdk).asResponse();
      if (!response.body)
        throw new DeskError("model_failed", `the endpoint answered ${response.status} and nothing`);
      return response.body as unknown as Bytes;
    } catch (error) {
      throw explain(error, clock, isSecret);
    }
  }

  return {
    chat: (body, signal) => send((to) => to.post(chatPath, { body, signal })),
    embeddings: (body, signal) => send((to) => to.post("/embeddings", { body, signal })),
    transcription: (file, model, signal) =>
      send((to) => to.audio.transcriptions.create({ file, model, response_format: "json" }, { signal })),
    models: (signal) => send((to) => to.get("/models", { signal })),
    isSecret,
  };
}

const chatPath = "/chat/completions";

/** All that the SDK would otherwise read from the environment is said here. */
function connect(parts: OpenAIClientParts): OpenAI {
  return new Endpoint({
    apiKey: parts.apiKey || "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: parts.baseURL || "https://api.openai.com/v1",
    maxRetries: 0,
    timeout: 2_147_483_647, // the caller's limits count, not the SDK's
    logLevel: "off", // it would log requests, that is, customers' words
    fetch: parts.fetch ?? createUndiciFetch().fetch,
    ...(parts.apiKey ? {} : { defaultHeaders: { Authorization: null } }),
  });
}

type Prepared = Awaited<ReturnType<OpenAI["buildRequest"]>>;

class Endpoint extends OpenAI {
  #chat: Prepared | undefined;

  /**
   * Every chat request has the address and the headers of the first, so the SDK works them out once: they are half of
   * what a request costs it.
   */
  override async buildRequest(...[options, attempt]: Parameters<OpenAI["buildRequest"]>): Promise<Prepared> {
    if (options.path !== chatPath) return super.buildRequest(options, attempt);
    if (!this.#chat) {
      const first = await super.buildRequest(options, attempt);
      const { body: _customersWords, signal: _theirs, ...req } = first.req;
      this.#chat = { ...first, req };
    }
    const { req, url, timeout } = this.#chat;
    return {
      req: { ...req, body: JSON.stringify(options.body), signal: options.signal ?? null },
      url,
      timeout,
    };
  }

  /** The SDK keeps only the `error` of an error's body; other servers say what is wrong elsewhere in it. */
  protected override makeStatusError(
    status: number,
    error: object,
    message: string | undefined,
    headers: Headers,
  ): APIError {
    return super.makeStatusError(status, { error: error ?? message }, message, headers);
  }
}

function explain(
  error: unknown,
  clock: Clock,
  isSecret: (text: string) => boolean,
): DeskError | RefusedError {
  if (error instanceof DeskError) return error;
  if (error instanceof APIConnectionTimeoutError) {
    return new DeskError("model_unreachable", "no connection in time");
  }
  if (error instanceof APIConnectionError) return networkError(error.cause);
  if (error instanceof APIError && error.status !== undefined) {
    return statusError({ status: error.status, headers: error.headers, body: error.error }, clock, isSecret);
  }
  // before anything was sent: an address that is none, a key that no header can carry
  return new DeskError("model_rejected", "no request can be made of the key and the address that are set");
}
