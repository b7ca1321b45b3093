import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { Writable } from "node:stream";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { DeskError, type ErrorCode } from "../../src/errors.ts";
import type { OpenAIModelParts } from "../../src/language-model/openai-model.ts";
import { createOpenAIModel } from "../../src/language-model/openai-model.ts";
import { createLog } from "../../src/log.ts";
import type { Reply } from "../doubles/openai-server.ts";
import { apiKey, modelParts, openDesk, saying } from "./openai-desk.ts";

const words = "my card is 4111 1111 1111 1111";

/** One step that fails, with everything that could be read of the failure. */
async function fail(reply: Reply, parts: Partial<OpenAIModelParts> = {}) {
  const desk = await openDesk({ script: () => reply }, parts);
  const error: unknown = await desk.ask(saying(words)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DeskError);
  const printed = printedIn(error);
  expect(printed).not.toContain(apiKey);
  expect(printed).not.toContain("4111");
  expect(desk.logged.join()).not.toContain(apiKey);
  expect(desk.logged.join()).not.toContain("4111");
  return { error: error as DeskError, ...desk };
}

/** An error as `inspect`, JSON and the log show it. */
function printedIn(error: unknown): string {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  createLog("debug", sink).error("model.failed", { error });
  return [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), ...lines].join("\n");
}

const telling = (status: number, code: string | number | null = "some_code") => ({
  status,
  body: { error: { message: `Bad key ${apiKey}; you said: ${words}`, type: "some_type", param: null, code } },
});
const chunk = (delta: unknown, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

describe("a failed step", () => {
  const quick = { timeoutMs: 150, idleTimeoutMs: 100 };
  const cases: [title: string, code: ErrorCode, reply: Reply, parts?: Partial<OpenAIModelParts>][] = [
    ["a bad request", "model_rejected", telling(400)],
    ["a wrong key", "model_rejected", telling(401)],
    ["no money", "model_rejected", telling(402)],
    ["a forbidden model", "model_rejected", telling(403)],
    ["an unknown model", "model_rejected", telling(404)],
    ["a redirect", "model_rejected", { status: 308, headers: { location: "http://127.0.0.1:1/v1" } }],
    ["an answer that is too large", "model_rejected", telling(413)],
    ["a request that does not fit", "model_rejected", telling(422)],
    ["a server's own timeout", "model_timeout", telling(408)],
    ["a lock", "model_failed", telling(409)],
    ["a rate limit", "model_rate_limited", telling(429)],
    ["a server's error", "model_failed", telling(500)],
    ["a bad gateway's page", "model_failed", { status: 502, body: `<html>${apiKey} ${words}</html>` }],
    ["an overloaded server", "model_failed", telling(503)],
    ["an overloaded server, by Anthropic's number", "model_failed", telling(529)],
    ["a hang before the headers", "model_timeout", { fault: "hang" }, quick],
    ["a hang in the middle", "model_timeout", { text: words, after: "hang", finishReason: null }, quick],
    ["a hang in a plain body", "model_timeout", { raw: ['{"choices":'], end: "hang" }, quick],
    [
      "a stream that drips without end",
      "model_timeout",
      { text: Array.from({ length: 100 }, () => "a "), chunkDelayMs: 20 },
      quick,
    ],
    ["a reset before the headers", "model_failed", { fault: "reset" }],
    ["a reset in the middle", "model_failed", { text: words, after: "reset", finishReason: null }],
    ["a stream that ends in the middle of an event", "model_interrupted", { text: words, after: "cut" }],
    ["no finish_reason", "model_interrupted", { text: words, finishReason: null, done: false }],
    ["no finish_reason before [DONE]", "model_interrupted", { text: words, finishReason: null }],
    ['a finish_reason "null"', "model_interrupted", { raw: [chunk({ content: "a" }, "null")] }],
    ["an empty stream", "model_interrupted", { raw: [] }],
    ["a cut text", "model_interrupted", { text: words, finishReason: "length" }],
    ["a cut text in a plain body", "model_interrupted", { text: words, finishReason: "length", whole: true }],
    [
      "a cut call",
      "model_interrupted",
      { calls: [{ name: "lookup_order", arguments: `{"order_id":"${words}` }], finishReason: "length" },
    ],
    ["a filtered answer", "model_rejected", { text: words, finishReason: "content_filter" }],
    ["an answer given up", "model_failed", { text: words, finishReason: "error" }],
    ["a chunk that is not JSON", "model_failed", { raw: [chunk({ content: "a" }), `data: {${words}\n\n`] }],
    ["a chunk that is not an object", "model_failed", { raw: ["data: 17\n\n"] }],
    ["a plain body that is not JSON", "model_failed", { raw: [`{"choices":[${words}`] }],
    ["a plain body without choices", "model_failed", { raw: ['{"id":"x"}'] }],
    ["a web page", "model_failed", { raw: [`<!doctype html><p>${words}`], contentType: "text/html" }],
    [
      "an error in the stream",
      "model_failed",
      { raw: [chunk({ content: "a" }), `data: ${JSON.stringify(telling(500).body)}\n\n`] },
    ],
    [
      "an error event",
      "model_failed",
      { raw: [`event: error\ndata: ${JSON.stringify({ message: `${words} ${apiKey}` })}\n\n`] },
    ],
    [
      "a rate limit in the stream",
      "model_rate_limited",
      { raw: [`data: ${JSON.stringify({ error: { message: words, code: 429 } })}\n\n`] },
    ],
    [
      "a spent quota in a plain body",
      "model_rate_limited",
      { raw: [JSON.stringify({ error: { message: words, type: "insufficient_quota" } })] },
    ],
    [
      "an error object without a frame",
      "model_failed",
      { raw: [`data: ${JSON.stringify({ object: "error", message: words, code: 50_000 })}\n\n`] },
    ],
    [
      "an error that is a sentence",
      "model_failed",
      { raw: [JSON.stringify({ error: `${words} ${apiKey}` })] },
    ],
    ["an event of many megabytes", "model_failed", { raw: [`data: {"a":"${"x".repeat(5_000_000)}"}\n\n`] }],
  ];
  for (const [title, code, reply, parts] of cases) {
    it(`is ${code} and tells neither key nor customer's words: ${title}`, async () => {
      const { error, server } = await fail(reply, parts);
      expect(error.code).toBe(code);
      expect(server.requests).toHaveLength(1);
    });
  }

  it("names the status and the server's code", async () => {
    expect((await fail(telling(429, "rate_limit_exceeded"))).error.message).toBe(
      "the endpoint answered 429 (rate_limit_exceeded)",
    );
    expect((await fail(telling(400, null))).error.message).toBe("the endpoint answered 400 (some_type)");
    expect((await fail(telling(400, 400))).error.message).toBe("the endpoint answered 400 (some_type)");
    expect((await fail({ status: 500, body: "oops" })).error.message).toBe("the endpoint answered 500");
    expect(
      (await fail({ status: 400, body: [{ error: { code: 400, status: "INVALID_ARGUMENT" } }] })).error
        .message,
    ).toBe("the endpoint answered 400 (INVALID_ARGUMENT)");
  });

  it("takes no code that is the key, or a sentence", async () => {
    expect((await fail(telling(400, apiKey))).error.message).toBe("the endpoint answered 400 (some_type)");
    expect((await fail(telling(400, words))).error.message).toBe("the endpoint answered 400 (some_type)");
  });

  it("has shown at most what came before it broke", async () => {
    const { ask } = await openDesk({
      script: [{ text: ["one ", "two "], after: "reset", finishReason: null }],
    });
    const shown: string[] = [];
    await expect(ask().then(({ shown: all }) => shown.push(...all))).rejects.toMatchObject({
      code: "model_failed",
    });
  });

  it("passes on what `show` throws as it is", async () => {
    const { model } = await openDesk();
    const reason = new Error("the draft is gone");
    const step = model.step(saying("Hello"), {
      signal: new AbortController().signal,
      show: () => {
        throw reason;
      },
    });
    await expect(step).rejects.toBe(reason);
  });
});

describe("a server that asks to wait", () => {
  const date = "Wed, 01 Jan 2025 00:00:00 GMT";
  const cases: [title: string, headers: Record<string, string>, wait: number | undefined][] = [
    ["seconds", { "retry-after": "7" }, 7_000],
    ["parts of a second", { "retry-after": "0.5" }, 500],
    ["milliseconds, which are more exact", { "retry-after-ms": "1234", "retry-after": "2" }, 1_234],
    ["a date by the server's own clock", { "retry-after": "Wed, 01 Jan 2025 00:00:09 GMT", date }, 9_000],
    ["a date that is past", { "retry-after": "Tue, 31 Dec 2024 00:00:00 GMT", date }, 0],
    ["nonsense", { "retry-after": "soon" }, undefined],
    ["nothing", {}, undefined],
  ];
  for (const [title, headers, wait] of cases) {
    it(`is heard: ${title}`, async () => {
      const { error } = await fail({ ...telling(429), headers });
      expect(error).toMatchObject({ code: "model_rate_limited", retryAfterMs: wait });
    });
  }

  it("is heard when it is overloaded, too", async () => {
    const { error } = await fail({ ...telling(503), headers: { "retry-after": "3" } });
    expect(error).toMatchObject({ code: "model_failed", retryAfterMs: 3_000 });
  });
});

describe("an endpoint that is not there", () => {
  async function askAt(baseURL: string, parts: Partial<OpenAIModelParts> = {}): Promise<unknown> {
    const model = createOpenAIModel({ ...(await modelParts(baseURL)), ...parts });
    return model
      .step(saying(words), { signal: new AbortController().signal })
      .catch((error: unknown) => error);
  }

  it("is model_unreachable when the connection is refused", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => listener.close(resolve));
    for (const fetch of [{}, { fetch: globalThis.fetch }]) {
      expect(await askAt(`http://127.0.0.1:${port}/v1`, fetch)).toMatchObject({
        code: "model_unreachable",
        message: "no connection (ECONNREFUSED)",
      });
    }
  });

  it("is model_unreachable when the name does not exist", async () => {
    expect(await askAt("http://model.invalid/v1")).toMatchObject({ code: "model_unreachable" });
  });

  it("is model_unreachable when a secure connection meets a server that speaks plain HTTP", async () => {
    const { server } = await openDesk();
    expect(await askAt(server.url.replace("http:", "https:"))).toMatchObject({ code: "model_unreachable" });
  });

  it("is model_failed when what answers does not speak HTTP", async () => {
    const listener = createServer((socket) => socket.end("220 smtp.example.com ready\r\n")).listen(
      0,
      "127.0.0.1",
    );
    onTestFinished(() => void listener.close());
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as AddressInfo;
    expect(await askAt(`http://127.0.0.1:${port}/v1`)).toMatchObject({ code: "model_failed" });
  });

  it("is model_rejected when the address or the key cannot be used at all, without saying the key", async () => {
    const { server } = await openDesk();
    for (const error of [
      await askAt("nowhere"),
      await askAt(server.url, { apiKey: `${apiKey}\n${apiKey}` }),
    ]) {
      expect(error).toMatchObject({ code: "model_rejected" });
      expect(printedIn(error)).not.toContain(apiKey);
    }
    expect(server.requests).toHaveLength(0);
  });
});

describe("an abort", () => {
  const reason = new Error("a newer message has come");

  for (const [title, reply] of [
    ["before the headers", { fault: "hang" }],
    ["in the middle of the stream", { text: ["Your ", "order "], after: "hang", finishReason: null }],
    ["in the middle of a plain body", { raw: ['{"choices":['], end: "hang" }],
    ["while an error's body hangs", { raw: ["{"], rawStatus: 500, end: "hang" }],
  ] satisfies [string, Reply][]) {
    it(`rejects with the signal's reason and cancels the request: ${title}`, async () => {
      const { ask, server } = await openDesk({ script: [reply as Reply] });
      const stop = new AbortController();
      const answer = ask(saying("Hello"), stop.signal);
      await expect.poll(() => server.requests.length).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      stop.abort(reason);
      await expect(answer).rejects.toBe(reason);
      await expect.poll(() => server.requests[0]!.cancelled).toBe(true);
    });
  }

  it("rejects at once even when the network does not obey", async () => {
    const deaf: typeof globalThis.fetch = () => new Promise(() => {});
    const { ask } = await openDesk({}, { fetch: deaf });
    const stop = new AbortController();
    const answer = ask(saying("Hello"), stop.signal);
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });

  it("by what is shown stops what would be shown next", async () => {
    const raw = [chunk({ content: "one" }) + chunk({ content: "two" }) + chunk({ content: "three" }, "stop")];
    const { model } = await openDesk({ script: [{ raw }] });
    const stop = new AbortController();
    const shown: string[] = [];
    const answer = model.step(saying("Hello"), {
      signal: stop.signal,
      show: (delta) => {
        shown.push(delta);
        stop.abort(reason);
      },
    });
    await expect(answer).rejects.toBe(reason);
    expect(shown).toEqual(["one"]);
  });

  it("after the answer changes nothing", async () => {
    const { ask } = await openDesk({ script: [{ text: "Done." }] });
    const stop = new AbortController();
    const { step } = await ask(saying("Hello"), stop.signal);
    stop.abort(reason);
    expect(step.text).toBe("Done.");
  });
});
