import { describe, expect, it, onTestFinished } from "vitest";
import { createClock } from "../../src/clock.ts";
import {
  batchCharactersMax,
  batchTextsMax,
  createOpenAIEmbedder,
  type OpenAIEmbedderParts,
  requestsMax,
  textCharactersMax,
} from "../../src/language-model/openai-embedder.ts";
import { createOpenAIServer, type OpenAIServerOptions, vectorOf } from "../doubles/openai-server.ts";
import { apiKey } from "./openai-desk.ts";

async function openEmbedder(options: OpenAIServerOptions = {}, parts: Partial<OpenAIEmbedderParts> = {}) {
  const server = await createOpenAIServer({ apiKey, ...options });
  onTestFinished(() => server.close());
  const embedder = createOpenAIEmbedder({
    apiKey,
    baseURL: server.url,
    model: "test-embedding",
    clock: createClock(),
    ...parts,
  });
  return { server, embedder, inputs: () => server.requests.map(({ body }) => body.input as string[]) };
}

const texts = ["return an item", "reset a password", "track an order"];
const vectors = (dimensions?: number) => texts.map((text) => vectorOf(text, dimensions));
const answering = (data: unknown) => ({ other: () => ({ raw: [JSON.stringify({ data })] }) });

describe("the OpenAI embedder", () => {
  it("gives one vector for each text, in their order, and asks for floats", async () => {
    const { embedder, server } = await openEmbedder();
    expect(await embedder.embed(texts)).toEqual(vectors());
    expect(server.requests[0]!.body).toEqual({
      model: "test-embedding",
      input: texts,
      encoding_format: "float",
    });
    expect(embedder.model).toBe("test-embedding");
  });

  for (const embeddings of [
    { encoding: "base64" },
    { order: "reversed" },
    { encoding: "base64", order: "reversed" },
    { encoding: "float", dimensions: 3 },
  ] satisfies OpenAIServerOptions["embeddings"][]) {
    it(`reads what servers answer all the same: ${JSON.stringify(embeddings)}`, async () => {
      const { embedder } = await openEmbedder({ embeddings });
      const dimensions = "dimensions" in embeddings ? embeddings.dimensions : undefined;
      expect(await embedder.embed(texts)).toEqual(vectors(dimensions));
    });
  }

  it("keeps to the order of the answer where the indexes are missing or count from 1", async () => {
    for (const first of [undefined, 1]) {
      const data = [0.5, 0.25].map((part, at) => ({
        embedding: [part],
        ...(first ? { index: first + at } : {}),
      }));
      const { embedder } = await openEmbedder(answering(data));
      expect(await embedder.embed(["a", "b"])).toEqual([Float32Array.of(0.5), Float32Array.of(0.25)]);
    }
  });

  it("asks nothing for nothing", async () => {
    const { embedder, server } = await openEmbedder();
    expect(await embedder.embed([])).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });

  it("asks in batches, few at once, and puts them together in order", async () => {
    let under = 0;
    let most = 0;
    const { embedder, server, inputs } = await openEmbedder(
      {},
      {
        fetch: async (url, init) => {
          most = Math.max(most, ++under);
          try {
            return await fetch(url, init);
          } finally {
            under--;
          }
        },
      },
    );
    const many = Array.from({ length: 200 }, (_, n) => `text number ${n}`);
    expect(await embedder.embed(many)).toEqual(many.map((text) => vectorOf(text)));
    expect(server.requests).toHaveLength(Math.ceil(200 / batchTextsMax));
    expect(inputs().every((input) => input.length <= batchTextsMax)).toBe(true);
    expect(most).toBeLessThanOrEqual(requestsMax);
  });

  it("keeps batches and texts within their sizes, and sends no empty text and no half character", async () => {
    const { embedder, inputs } = await openEmbedder();
    await embedder.embed([...Array.from({ length: 20 }, () => "word ".repeat(3_000)), "", " ", "a\ud83d"]);
    const sizes = inputs().map((input) => input.reduce((sum, text) => sum + text.length, 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(batchCharactersMax);
    expect(
      inputs()
        .flat()
        .every((text) => text.length <= textCharactersMax),
    ).toBe(true);
    expect(inputs().flat().slice(-3)).toEqual(["-", "-", "a\ufffd"]);
  });

  it("is model_failed when the vectors are not what was asked for", async () => {
    const one = { index: 0, embedding: [1] };
    for (const data of [
      undefined,
      [],
      [one],
      [one, { index: 1, embedding: [] }],
      [one, { index: 1, embedding: [null] }],
      [one, { index: 1, embedding: ["1"] }],
      [one, { index: 1, embedding: "abc" }],
      [one, { index: 1, embedding: [1, 2] }],
      [one, null],
    ]) {
      const { embedder } = await openEmbedder(answering(data));
      await expect(embedder.embed(["a", "b"])).rejects.toMatchObject({ code: "model_failed" });
    }
  });

  it("fails like a model, without retries", async () => {
    const cases = [
      [{ status: 401 }, "model_rejected"],
      [{ status: 429, headers: { "retry-after": "2" } }, "model_rate_limited"],
      [{ status: 500 }, "model_failed"],
      [{ fault: "reset" as const }, "model_failed"],
      [{ fault: "hang" as const }, "model_timeout"],
      [{ raw: ["<html>"] }, "model_failed"],
    ] as const;
    for (const [reply, code] of cases) {
      const timeoutMs = code === "model_timeout" ? 150 : 10_000;
      const { embedder, server } = await openEmbedder({ other: () => reply as never }, { timeoutMs });
      await expect(embedder.embed(["a"])).rejects.toMatchObject({ code });
      expect(server.requests).toHaveLength(1);
    }
  });

  it("asks for less at once where a server refuses so many texts, and keeps to it", async () => {
    const { embedder, inputs } = await openEmbedder({
      other: ({ body }) =>
        (body.input as string[]).length > 10
          ? {
              status: 400,
              body: { error: { message: "batch size is invalid, it should not be larger than 10" } },
            }
          : undefined,
    });
    const many = Array.from({ length: 40 }, (_, n) => `text number ${n}`);
    expect(await embedder.embed(many)).toEqual(many.map((text) => vectorOf(text)));
    const before = inputs().length;
    expect(await embedder.embed(many)).toEqual(many.map((text) => vectorOf(text)));
    expect(
      inputs()
        .slice(before)
        .every((input) => input.length <= 10),
    ).toBe(true);
  });

  it("shortens a text that a server finds too long, and no other", async () => {
    const tooLarge = {
      error: { message: "input is too large to process. increase the physical batch size" },
    };
    const { embedder, inputs } = await openEmbedder({
      other: ({ body }) =>
        (body.input as string[]).some((text) => text.length > 2_000)
          ? { status: 500, body: tooLarge }
          : undefined,
    });
    const long = "word ".repeat(1_000);
    expect(await embedder.embed(["a", long, "b"])).toHaveLength(3);
    expect(inputs().at(-1)).toEqual(["b"]);
    expect(await embedder.embed(["a", "b"])).toEqual([vectorOf("a"), vectorOf("b")]);
  });

  it("asks without a name for the encoding where a server takes none", async () => {
    const { embedder, server } = await openEmbedder({
      other: ({ body }) =>
        "encoding_format" in body
          ? { status: 400, body: { error: { message: "Unknown field: encoding_format" } } }
          : undefined,
    });
    expect(await embedder.embed(texts)).toEqual(vectors());
    expect(await embedder.embed(texts)).toEqual(vectors());
    expect(server.requests).toHaveLength(3);
  });

  it("stops with the first batch that fails", async () => {
    const { embedder, server } = await openEmbedder({
      other: (_request, number) => (number === 0 ? { status: 500 } : undefined),
    });
    const many = Array.from({ length: batchTextsMax * 10 }, (_, n) => `text ${n}`);
    await expect(embedder.embed(many)).rejects.toMatchObject({ code: "model_failed" });
    await new Promise((resolve) => setTimeout(resolve, 100)); // time for others, were they still asked for
    expect(server.requests.length).toBeLessThan(10);
  });

  it("obeys an abort with the signal's reason, and cancels its requests", async () => {
    const { embedder, server } = await openEmbedder({ other: () => ({ fault: "hang" }) });
    const stop = new AbortController();
    const reason = new Error("the customer has gone on");
    const answer = embedder.embed(["a"], stop.signal);
    await expect.poll(() => server.requests.length).toBe(1);
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await expect.poll(() => server.requests[0]!.cancelled).toBe(true);
    await expect(embedder.embed(["a"], stop.signal)).rejects.toBe(reason);
  });
});
