/**
 * A `fetch` for the SDK over undici's own client. Node 20's built-in one costs several times as much CPU, most of it in
 * web streams; here the answer's body is undici's stream as it is, an async iterable of bytes.
 *
 * It does what an API client needs and no more: no redirects (a redirect would carry the key elsewhere), no cookies, no
 * compression, no proxy. It has no time limits of its own except for connecting: those are the caller's.
 */
import { Agent } from "undici";

export interface UndiciFetch {
  fetch: typeof globalThis.fetch;
  /** Ends the connections, and what is still going on over them. */
  close(): Promise<void>;
}

/** Bytes of a body that `text` and `json` read; the SDK uses them for errors only. */
const wholeBytesMax = 1_000_000;

export function createUndiciFetch(): UndiciFetch {
  // keep-alive stays at undici's 4 s: common servers close after 5 s, and a request that meets the close is lost
  const agent = new Agent({ pipelining: 1, connect: { timeout: 10_000 }, headersTimeout: 0, bodyTimeout: 0 });

  async function fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input instanceof Request ? input.url : input);
    const { body, type } = await pack(init.body);
    const headers = init.headers instanceof Headers && !type ? init.headers : new Headers(init.headers);
    if (type) headers.set("content-type", type);
    // Where nothing is said of it a server may pack its answer in any way.
    if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: init.method ?? "GET",
      headers,
      body,
      signal: init.signal ?? null,
    });
    return asResponse(url.href, answer.statusCode, answer.headers, answer.body);
  }

  return { fetch, close: () => agent.destroy() };
}

/** Text and bytes go as they are; a form is written out by the built-in classes it was made with. */
async function pack(
  body: RequestInit["body"],
): Promise<{ body: string | Uint8Array | null; type?: string | undefined }> {
  if (body === undefined || body === null) return { body: null };
  if (typeof body === "string" || body instanceof Uint8Array) return { body };
  const packed = new Response(body);
  const type = packed.headers.get("content-type") ?? undefined;
  return { body: new Uint8Array(await packed.arrayBuffer()), type };
}

/** Unlike the built-in class it takes any text a server sends, and costs nothing. Names arrive in lower case. */
class ReceivedHeaders extends Map<string, string | null> {
  override get(name: string): string | null {
    return super.get(name.toLowerCase()) ?? null;
  }
}

/** As much of a Response as the SDK and its callers use. */
function asResponse(
  url: string,
  status: number,
  received: Record<string, string | string[] | undefined>,
  body: AsyncIterable<Uint8Array>,
): Response {
  const headers = new ReceivedHeaders();
  for (const [name, value] of Object.entries(received)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const text = async () => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > wholeBytesMax) break;
    }
    return new TextDecoder().decode(Buffer.concat(chunks));
  };
  const response = {
    url,
    status,
    ok: status >= 200 && status < 300,
    headers,
    body,
    text,
    json: async () => JSON.parse(await text()) as unknown,
  };
  return response as unknown as Response;
}
