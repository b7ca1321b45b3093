import { describe, expect, it } from "vitest";
import { createOpenAIModel } from "../../src/language-model/openai-model.ts";
import { createOpenAIServer } from "../doubles/openai-server.ts";
import { apiKey, modelParts, openDesk } from "./openai-desk.ts";

const options = () => ({ signal: new AbortController().signal });
const order = {
  name: "order of the customer",
  instructions: "Find the order.",
  text: "Where is ord_1?",
  schema: {
    type: "object",
    properties: { id: { type: "string" } },
    required: ["id"],
    additionalProperties: false,
  },
};

describe("a structured value", () => {
  it("is asked for by its schema, strictly, in the format and in words", async () => {
    const { model, server } = await openDesk({ script: [{ text: '{"id":"ord_1"}' }] });
    expect(await model.structure!(order, options())).toEqual({ id: "ord_1" });
    const { body } = server.requests[0]!;
    expect(body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "order_of_the_customer", strict: true, schema: order.schema },
    });
    expect(JSON.stringify(body.messages)).toContain("additionalProperties");
  });

  it("is not asked for strictly where the schema does not keep to the rules of that", async () => {
    const { model, server } = await openDesk({ script: () => ({ text: "{}" }) });
    const loose = [
      { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      { type: "object", properties: { id: { type: "string" } }, additionalProperties: false },
      { ...order.schema, properties: { id: { type: "object" } } },
      { type: "object" },
    ];
    for (const schema of loose) await model.structure!({ ...order, schema }, options());
    for (const { body } of server.requests) {
      expect(body.response_format).toMatchObject({ json_schema: { strict: false } });
    }
  });

  for (const [title, text] of [
    ["in a fence", 'Here you are:\n```json\n{"id":"ord_1"}\n```\nAnything else?'],
    ["in a sentence with brackets", 'As of [1] and {see below}: {"id":"ord_1"} (not {"id":"ord_2"}).'],
    ["behind its thoughts", '<think>{"id":"no"}</think>{"id":"ord_1"}'],
  ] as const) {
    it(`is found where a server ignores the format: ${title}`, async () => {
      const { model } = await openDesk({ script: [{ text }] });
      expect(await model.structure!(order, options())).toEqual({ id: "ord_1" });
    });
  }

  it("may be a list", async () => {
    const { model } = await openDesk({ script: [{ text: 'The {best} are: ["a","b"]' }] });
    const schema = { type: "array", items: { type: "string" } };
    expect(await model.structure!({ ...order, schema }, options())).toEqual(["a", "b"]);
  });

  it("is model_failed when the answer holds none, and interrupted when it was cut", async () => {
    const { model } = await openDesk({
      script: [
        { text: "I do not know." },
        { text: `${"{[".repeat(5_000)}` },
        { text: '{"id":', finishReason: "length" },
      ],
    });
    await expect(model.structure!(order, options())).rejects.toMatchObject({ code: "model_failed" });
    await expect(model.structure!(order, options())).rejects.toMatchObject({ code: "model_failed" });
    await expect(model.structure!(order, options())).rejects.toMatchObject({ code: "model_interrupted" });
  });

  it("is asked for in words alone once a server has refused the format", async () => {
    const { model, server } = await openDesk({
      refuses: ["response_format"],
      script: () => ({ text: '{"id":"ord_1"}' }),
    });
    for (let n = 0; n < 2; n++) expect(await model.structure!(order, options())).toEqual({ id: "ord_1" });
    expect(server.requests.map(({ body }) => "response_format" in body)).toEqual([true, false, false]);
  });

  it("is refused after one more try when the format was not the trouble, and the format is kept", async () => {
    let refuse = true;
    const { model, server } = await openDesk({
      script: () => (refuse ? { status: 400, body: { error: { message: "too long" } } } : { text: "{}" }),
    });
    await expect(model.structure!(order, options())).rejects.toMatchObject({ code: "model_rejected" });
    expect(server.requests).toHaveLength(2);
    refuse = false;
    await model.structure!(order, options());
    expect(server.requests.at(-1)!.body).toHaveProperty("response_format");
  });
});

describe("a transcription", () => {
  const voice = { name: "Müller's secret\".ogg", mediaType: "audio/ogg", content: new Uint8Array(1_000) };
  const hearing = { transcriptionModel: "whisper-1" };

  it("sends the recording under a name that tells only its format, and gives its words", async () => {
    for (const fetch of [{}, { fetch: globalThis.fetch }]) {
      const { model, server } = await openDesk(
        { transcript: " Where is my order? " },
        { ...hearing, ...fetch },
      );
      expect(await model.transcribe!(voice, options())).toBe("Where is my order?");
      expect(server.requests[0]).toMatchObject({
        path: "/audio/transcriptions",
        authorized: true,
        body: { model: "whisper-1", file: { name: "recording.ogg", type: "audio/ogg", bytes: 1_000 } },
      });
    }
  });

  it("finds the format in the media type where the name has none", async () => {
    const { model, server } = await openDesk({}, hearing);
    for (const mediaType of [
      "audio/mp4",
      "audio/webm; codecs=opus",
      "audio/mpeg",
      "application/octet-stream",
    ]) {
      await model.transcribe!({ ...voice, name: "voice", mediaType }, options());
    }
    const names = server.requests.map(({ body }) => (body.file as { name: string }).name);
    expect(names).toEqual(["recording.m4a", "recording.webm", "recording.mp3", "recording.ogg"]);
  });

  it("takes a bare text", async () => {
    const { model } = await openDesk(
      { other: () => ({ raw: ["Hello\n"], contentType: "text/plain" }) },
      hearing,
    );
    expect(await model.transcribe!(voice, options())).toBe("Hello");
  });

  it("fails like a step", async () => {
    const replies = [{ status: 400 }, { status: 429 }, { fault: "reset" as const }, { raw: ['{"words":1}'] }];
    const { model } = await openDesk({ other: () => replies.shift() }, hearing);
    for (const code of ["model_rejected", "model_rate_limited", "model_failed", "model_failed"]) {
      await expect(model.transcribe!(voice, options())).rejects.toMatchObject({ code });
    }
    const reason = new Error("stop");
    await expect(model.transcribe!(voice, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("is not offered without a model for it", async () => {
    expect((await openDesk()).model).not.toHaveProperty("transcribe");
  });
});

describe("examining the endpoint", () => {
  it("is content with one that answers", async () => {
    const { model } = await openDesk();
    await expect(model.examine!(options())).resolves.toBeUndefined();
  });

  it("throws what a step would throw", async () => {
    const { model } = await openDesk({ script: [{ status: 500 }, { status: 429 }] });
    await expect(model.examine!(options())).rejects.toMatchObject({ code: "model_failed" });
    await expect(model.examine!(options())).rejects.toMatchObject({ code: "model_rate_limited" });
  });

  it("names the models that there are, when ours is not one", async () => {
    const script = () => ({
      status: 404,
      body: { error: { message: "no such model", code: "model_not_found" } },
    });
    const { model } = await openDesk({ script, models: ["llama-3", "qwen-3"] });
    await expect(model.examine!(options())).rejects.toMatchObject({
      code: "model_rejected",
      message: "test-model is not one of the endpoint's 2 models (llama-3, qwen-3)",
    });
  });

  it("keeps to the refusal where the list does not explain it, or there is none", async () => {
    const script = () => ({ status: 404, body: { error: { code: "model_not_found" } } });
    for (const list of [{}, { other: () => ({ status: 404 }) }, { other: () => ({ raw: ["nothing"] }) }]) {
      const { model } = await openDesk({ script, ...list });
      await expect(model.examine!(options())).rejects.toMatchObject({
        message: "the endpoint answered 404 (model_not_found)",
      });
    }
  });

  it("says when the model could not do what each customer's question needs: tools", async () => {
    const message = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
    const { model } = await openDesk({
      script: ({ body }) => (body.tools ? { status: 400, body: { error: { message } } } : { text: "ready" }),
    });
    await expect(model.examine!(options())).rejects.toMatchObject({
      code: "model_rejected",
      message: expect.stringMatching(/takes no tools/),
    });
  });

  it("finds a wrong key", async () => {
    const server = await createOpenAIServer({ apiKey: "another" });
    const model = createOpenAIModel(await modelParts(server.url));
    const error: unknown = await model.examine!(options()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "model_rejected",
      message: "the endpoint answered 401 (invalid_api_key)",
    });
    expect(JSON.stringify(error)).not.toContain(apiKey);
    await server.close();
  });
});
