/**
 * HTTP for everything the adapter asks of Slack, over undici's own request: Node 20's built-in fetch costs several times
 * as much. Redirects are never followed, so that a token never reaches another host.
 */
import type { webApi } from "@slack/bolt";
import { Agent, type Dispatcher } from "undici";

export interface Http {
  /** For Slack's client. */
  readonly fetch: NonNullable<webApi.WebClientOptions["fetch"]>;
  request(url: string | URL, options: RequestOptions): Promise<Dispatcher.ResponseData>;
  /** Closes every connection; what is still under way fails. */
  close(): Promise<void>;
}

export interface RequestOptions {
  method: "GET" | "POST";
  headers?: Record<string, string>;
  body?: Dispatcher.DispatchOptions["body"];
  /** For the whole exchange, the body's end included. */
  timeoutMs: number;
}

/** When a 429 does not say for how long. */
const defaultRetrySeconds = 5;

export function createHttp(): Http {
  const agent = new Agent({ keepAliveTimeout: 30_000, connect: { timeout: 5_000 } });
  const send = (url: string | URL, options: Omit<Dispatcher.RequestOptions, "origin" | "path">) => {
    const { origin, pathname, search } = new URL(url);
    return agent.request({ ...options, origin, path: pathname + search });
  };
  return {
    async fetch(url, init) {
      const response = await send(String(url), {
        method: "POST",
        headers: init?.headers as Record<string, string>,
        body: init?.body as string,
        signal: init?.signal ?? null,
      });
      return asResponse(String(url), response, await response.body.text());
    },
    request: (url, { timeoutMs, method, headers, body }) =>
      send(url, {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        ...(headers ? { headers } : {}),
        ...(body === undefined ? {} : { body }),
      }),
    close: () => agent.destroy(),
  };
}

/** The part of a Response that Slack's client reads; a whole one costs as much again as the request. */
function asResponse(url: string, response: Dispatcher.ResponseData, text: string): Response {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(response.headers)) headers.set(name, String(value));
  const status = response.statusCode;
  if (status === 429) headers.set("retry-after", String(retrySeconds(headers.get("retry-after"))));
  const part = {
    url,
    status,
    statusText: "",
    ok: status >= 200 && status < 300,
    headers: {
      get: (name: string) => headers.get(name.toLowerCase()) ?? null,
      entries: () => headers.entries(),
    },
    text: async () => text,
  };
  return part as unknown as Response;
}

/** Whole seconds, at least one: a missing or unreadable value is no leave to go on. */
function retrySeconds(value: string | undefined): number {
  const seconds = Math.ceil(Number(value));
  return Number.isFinite(seconds) && value !== undefined && value !== ""
    ? Math.max(1, seconds)
    : defaultRetrySeconds;
}
