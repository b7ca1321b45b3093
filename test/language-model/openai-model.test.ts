import { describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { answerCharactersMax } from "../../src/language-model/openai-answer.ts";
import { createOpenAIModel } from "../../src/language-model/openai-model.ts";
import { createUndiciFetch } from "../../src/language-model/undici-fetch.ts";
import type { ModelRequest } from "../../src/language-model.ts";
import { createLog } from "../../src/log.ts";
import { describeLanguageModel } from "../contracts/language-model.ts";
import { createOpenAIServer, type ReceivedRequest, type Reply } from "../doubles/openai-server.ts";
import { apiKey, modelParts, openDesk, saying } from "./openai-desk.ts";

/** A model of few words: looks an order up once, else repeats what was said last. */
function sensible({ body }: ReceivedRequest): Reply {
  const messages = body.messages as { role: string; content: string | null }[];
  const last = messages.at(-1)!;
  const order = /ord_\d+/.exec(last.content ?? "")?.[0];
  if (last.role === "user" && order && body.tools) {
    return { calls: [{ name: "lookup_order", arguments: { order_id: order } }] };
  }
  if (body.response_format) return { text: '{"language":"de"}' };
  return { text: `You said: ${last.content?.slice(0, 100)}` };
}

describeLanguageModel("openai", async () => {
  const server = await createOpenAIServer({ script: sensible });
  const stuck = await createOpenAIServer({
    script: () => ({ text: "One moment", after: "hang", finishReason: null }),
  });
  const network = createUndiciFetch();
  const model = (baseURL: string) =>
    createOpenAIModel({
      apiKey,
      baseURL,
      model: "test-model",
      temperature: 0.3,
      clock: createClock(),
      log: createLog("silent"),
      fetch: network.fetch,
    });
  return {
    model: model(server.url),
    waiting: model(stuck.url),
    async dispose() {
      await Promise.all([network.close(), server.close(), stuck.close()]);
    },
  };
});

describe("a step of the OpenAI model", () => {
  it("streams the text as it comes, and counts the tokens", async () => {
    const { ask } = await openDesk({
      script: [{ text: ["Your ", "order ", "is on its way."], usage: { input: 812, output: 9 } }],
    });
    const { step, shown } = await ask();
    expect(step).toEqual({ text: "Your order is on its way.", calls: [], usage: { input: 812, output: 9 } });
    expect(shown).toEqual(["Your ", "order ", "is on its way."]);
  });

  it("asks for a stream with usage, the model, the temperature and the tools, once, with the key", async () => {
    const { ask, server } = await openDesk();
    await ask();
    expect(server.requests).toHaveLength(1);
    const { body, authorized, path } = server.requests[0]!;
    expect({ path, authorized }).toEqual({ path: "/chat/completions", authorized: true });
    expect(body).toMatchObject({
      model: "test-model",
      temperature: 0.3,
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: "function", function: { name: "lookup_order" } }],
    });
  });

  it("leaves the tools out where there are none, because servers refuse an empty list", async () => {
    const { ask, server } = await openDesk();
    await ask(saying("Hello", { tools: [] }));
    expect(server.requests[0]!.body).not.toHaveProperty("tools");
  });

  it("sends no key to a server that wants none", async () => {
    const server = await createOpenAIServer();
    const { apiKey: _none, ...parts } = await modelParts(server.url);
    await createOpenAIModel(parts).step(saying("Hello"), { signal: new AbortController().signal });
    expect(server.requests[0]!.headers).not.toHaveProperty("authorization");
    await server.close();
  });

  it("works with the fetch that is built into Node as well", async () => {
    const { ask } = await openDesk({ script: [{ text: "Hello there" }] }, { fetch: globalThis.fetch });
    expect((await ask()).step.text).toBe("Hello there");
  });

  it("works with a connection of its own where no fetch is given", async () => {
    const server = await createOpenAIServer({ script: [{ text: "Hello there" }] });
    const { fetch: _none, ...parts } = await modelParts(server.url);
    const step = await createOpenAIModel(parts).step(saying("Hello"), {
      signal: new AbortController().signal,
    });
    expect(step.text).toBe("Hello there");
    await server.close();
  });

  it("keeps characters whole that the network cuts in two", async () => {
    const words = "Grüße 👩‍👩‍👧 — 注文 ☂️";
    const bytes = Buffer.from(
      `data: {"choices":[{"index":0,"delta":{"content":"${words}"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
    );
    const raw = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, at) =>
      bytes.subarray(at * 3, at * 3 + 3),
    );
    const { ask } = await openDesk({ script: [{ raw, chunkDelayMs: 1 }] });
    expect((await ask()).step.text).toBe(words);
  });

  it("reads fifty streams at once without mixing them", async () => {
    const { model, server } = await openDesk({
      script: ({ body }) => {
        const messages = body.messages as { content: string }[];
        return { text: `for ${messages.at(-1)!.content}: ${"word ".repeat(50)}`, chunkDelayMs: 1 };
      },
    });
    const texts = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const shown: string[] = [];
        const { text } = await model.step(saying(`customer ${n}.`), {
          signal: new AbortController().signal,
          show: (delta) => shown.push(delta),
        });
        expect(shown.join("")).toBe(text);
        return text;
      }),
    );
    for (const [n, text] of texts.entries()) expect(text).toContain(`for customer ${n}.:`);
    expect(server.requests).toHaveLength(50);
  });

  it("keeps its connections from one step to the next", async () => {
    const { ask, server } = await openDesk();
    for (let n = 0; n < 20; n++) await ask();
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it("stops reading an answer without end at its limit", async () => {
    const { ask, server } = await openDesk({
      script: [{ text: Array.from({ length: 10_000 }, () => "x".repeat(1_000)) }],
    });
    await expect(ask()).rejects.toMatchObject({
      code: "model_failed",
      message: expect.stringContaining("200000"),
    });
    expect(answerCharactersMax).toBe(200_000);
    await expect.poll(() => server.requests[0]!.cancelled).toBe(true);
  });

  it("does not show customers what a model thinks before it answers", async () => {
    const { ask } = await openDesk({
      script: [
        { text: ["<th", "ink>The customer is ", "angry.</thi", "nk>\n\n", "I am sorry", " to hear that."] },
      ],
    });
    const { step, shown } = await ask();
    expect(step.text).toBe("I am sorry to hear that.");
    expect(shown).toEqual(["I am sorry", " to hear that."]);
  });

  it("does not say to customers what a model thinks before it closes what it has not opened", async () => {
    const text = ["The customer ", "is angry.\n</think>", "\n\nI am ", "sorry."];
    const { ask } = await openDesk({ script: [{ text }, { text }, { text: "Sorry!" }] });
    expect((await ask()).step.text).toBe("I am sorry.");
    const { step, shown } = await ask();
    expect([step.text, shown.join("")]).toEqual(["I am sorry.", "I am sorry."]);
    expect((await ask()).shown.join("")).toBe("Sorry!");
  });

  it("says that its answer is to come as it is, because nothing here unpacks it", async () => {
    const { ask, server } = await openDesk();
    await ask();
    expect(server.requests[0]!.headers["accept-encoding"]).toBe("identity");
  });

  it("passes over fields it does not know", async () => {
    const extra = { reasoning_content: "The customer is angry.", annotations: [], audio: null };
    const { ask } = await openDesk({ script: [{ text: "Sorry!", extra }] });
    expect((await ask()).step.text).toBe("Sorry!");
  });

  it("takes a refusal of the model's as its text", async () => {
    const { ask } = await openDesk({
      script: [{ extra: { refusal: "I can't help with that." }, whole: true }],
    });
    expect((await ask()).step.text).toBe("I can't help with that.");
  });
});

describe("what servers send in the place of a tidy stream", () => {
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const cases: Record<string, Reply> = {
    "a plain body": { text: "Hello there", whole: true },
    "a plain body without finish_reason": { text: "Hello there", whole: true, finishReason: null },
    "a plain body called a stream": {
      raw: ['{"choices":[{"message":{"content":"Hello there"},"finish_reason":"stop"}]}'],
    },
    "a stream called JSON": {
      raw: [chunk({ content: "Hello there" }, "stop"), "data: [DONE]\n\n"],
      contentType: "application/json",
    },
    "content as a list of parts": {
      raw: [
        chunk(
          {
            content: [
              { type: "thinking", thinking: "hm" },
              { type: "text", text: "Hello there" },
            ],
          },
          "stop",
        ),
      ],
    },
    "no [DONE]": { text: "Hello there", done: false },
    "no usage": { text: "Hello there", usage: false },
    "keep-alive comments and chunks without choices": { text: "Hello there", noise: true },
    "lines that end in CR LF": { raw: [chunk({ content: "Hello there" }, "stop").replaceAll("\n", "\r\n")] },
    "a byte order mark": { raw: [`\ufeff${chunk({ content: "Hello there" }, "stop")}`] },
    "a last event without its empty line": { raw: [chunk({ content: "Hello there" }, "stop").trimEnd()] },
    "an empty finish_reason in every chunk but the last": {
      raw: [chunk({ content: "Hello " }, ""), chunk({ content: "there" }, ""), chunk({}, "stop")],
    },
    "a reset after the answer": { text: "Hello there", after: "reset", usage: false },
    "an event cut in two after the answer": {
      raw: [chunk({ content: "Hello there" }, "stop"), 'data: {"usage":{"pro'],
    },
    "silence after the answer": { text: "Hello there", after: "hang" },
    "an event without data, to keep the line alive": {
      raw: ["data:\n\n", "event: ping\ndata:\n\n", chunk({ content: "Hello there" }, "stop")],
    },
    "a choice whose index is null": {
      raw: [
        'data: {"choices":[{"index":null,"delta":{"content":"Hello there"},"finish_reason":"stop"}]}\n\n',
      ],
    },
    "the message itself in a chunk": {
      raw: ['data: {"choices":[{"message":{"content":"Hello there"},"finish_reason":"stop"}]}\n\n'],
    },
  };
  for (const [title, reply] of Object.entries(cases)) {
    it(`is read as the answer it is: ${title}`, async () => {
      const { ask } = await openDesk({ script: [reply] });
      const { step, shown } = await ask();
      expect(step.text).toBe("Hello there");
      expect(shown.join("")).toBe("Hello there");
    });
  }
});

it("a model that thinks for longer than an answer may stop is waited for, while the call has time", async () => {
  const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n';
  const words =
    'data: {"choices":[{"index":0,"delta":{"content":"Hello there"},"finish_reason":"stop"}]}\n\n';
  const { ask } = await openDesk(
    { script: [{ raw: [role, words], chunkDelayMs: 300 }] },
    { timeoutMs: 10_000, idleTimeoutMs: 100 },
  );
  expect((await ask()).step.text).toBe("Hello there");
});

it("a server that does not end its stream is left, once the answer is whole", async () => {
  const { ask, server } = await openDesk({ script: [{ text: "Hello there", after: "hang" }] });
  expect((await ask()).step.text).toBe("Hello there");
  await expect.poll(() => server.requests[0]!.cancelled).toBe(true);
});

describe("tool calls of the OpenAI model", () => {
  const two = [
    { name: "lookup_order", arguments: { order_id: "ord_1001" } },
    { name: "lookup_order", arguments: { order_id: "ord_1002" } },
  ];
  const wanted = [
    { name: "lookup_order", arguments: '{"order_id":"ord_1001"}' },
    { name: "lookup_order", arguments: '{"order_id":"ord_1002"}' },
  ];
  const cases: Record<string, Reply> = {
    "whole arguments": { calls: two },
    "arguments in fragments, interleaved": { calls: two, fragment: 3 },
    'finish_reason "stop"': { calls: two, finishReason: "stop" },
    "repeated ids": { calls: two, ids: "repeated" },
    "repeated ids in fragments": { calls: two, ids: "repeated", fragment: 5 },
    "no ids": { calls: two, ids: "missing" },
    "no index": { calls: two, index: false },
    "neither index nor ids": { calls: two, index: false, ids: "missing" },
    "no index and repeated ids": { calls: two, index: false, ids: "repeated" },
    "every index 0": { calls: two, index: "zero" },
    "every index 0 and no ids": { calls: two, index: "zero", ids: "missing" },
    "a plain body": { calls: two, whole: true },
    "a plain body with repeated ids": { calls: two, whole: true, ids: "repeated" },
    "noise between the chunks": { calls: two, noise: true, fragment: 4 },
  };
  for (const [title, reply] of Object.entries(cases)) {
    it(`are two calls with ids of their own: ${title}`, async () => {
      const { ask } = await openDesk({ script: [reply] });
      const { calls } = (await ask()).step;
      expect(calls).toMatchObject(wanted);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
      for (const { id } of calls) expect(id).toMatch(/\S/);
    });
  }

  it("keep the server's own ids where they are unique", async () => {
    const calls = two.map((call, at) => ({ ...call, id: `toolu_${at}` }));
    const { ask } = await openDesk({ script: [{ calls, fragment: 6 }] });
    expect((await ask()).step.calls.map(({ id }) => id)).toEqual(["toolu_0", "toolu_1"]);
  });

  it("come together with the text that leads to them", async () => {
    const { ask } = await openDesk({ script: [{ text: "Let me look.", calls: two }] });
    const { step, shown } = await ask();
    expect(step.text).toBe("Let me look.");
    expect(shown.join("")).toBe("Let me look.");
    expect(step.calls).toHaveLength(2);
  });

  it("are put together where every fragment repeats the id and the name, and none has an index", async () => {
    const fragment = (id: string, words: string) => {
      const call = { id, type: "function", function: { name: "lookup_order", arguments: words } };
      return `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [call] } }] })}\n\n`;
    };
    const raw = [
      fragment("a", ""),
      fragment("a", '{"order_id":'),
      fragment("a", '"ord_1001"}'),
      fragment("b", "{}"),
    ];
    const end = 'data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\n';
    const { ask } = await openDesk({ script: [{ raw: [...raw, end] }] });
    expect((await ask()).step.calls).toEqual([
      { id: "a", name: "lookup_order", arguments: '{"order_id":"ord_1001"}' },
      { id: "b", name: "lookup_order", arguments: "{}" },
    ]);
  });

  it("keep arguments that are not JSON as the model wrote them, and names that nobody offered", async () => {
    const { ask } = await openDesk({
      script: [{ calls: [{ name: "launch", arguments: '{"order_id": ord' }] }],
    });
    expect((await ask()).step.calls).toMatchObject([{ name: "launch", arguments: '{"order_id": ord' }]);
  });

  it("have an empty object for arguments where a server sends none", async () => {
    const { ask } = await openDesk({ script: [{ calls: [{ name: "list_orders", arguments: "" }] }] });
    expect((await ask()).step.calls).toMatchObject([{ name: "list_orders", arguments: "{}" }]);
  });

  it("have the arguments that a server has packed twice, or sends as null", async () => {
    const packed = JSON.stringify('{"order_id":"ord_1001"}');
    const calls = [packed, "null", '"ord_1001"'].map((words) => ({ name: "lookup_order", arguments: words }));
    const { ask } = await openDesk({ script: [{ calls }] });
    const given = (await ask()).step.calls.map((call) => call.arguments);
    expect(given).toEqual(['{"order_id":"ord_1001"}', "{}", '"ord_1001"']);
  });

  it("may have arguments that are an object on the wire", async () => {
    const call = { id: "c1", function: { name: "lookup_order", arguments: { order_id: "ord_1001" } } };
    const body = JSON.stringify({
      choices: [{ message: { content: "", tool_calls: [call] }, finish_reason: "stop" }],
    });
    const { ask } = await openDesk({ script: [{ raw: [body], contentType: "application/json" }] });
    expect((await ask()).step.calls).toMatchObject([{ id: "c1", arguments: '{"order_id":"ord_1001"}' }]);
  });

  it("bring back what came with them, as long as the turn goes on", async () => {
    const extra_content = { google: { thought_signature: "c2lnbmF0dXJl" } };
    const call = { index: 0, id: "c1", extra_content, function: { name: "lookup_order", arguments: "{}" } };
    const raw = [
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { reasoning_content: "An order. " } }] })}\n\n`,
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: "tool_calls" }] })}\n\n`,
    ];
    const { ask, server } = await openDesk({ script: [{ raw }, { text: "Fine." }, { text: "Fine." }] });
    const { calls } = (await ask()).step;
    const transcript = (made: typeof calls): ModelRequest["transcript"] => [
      { role: "customer", text: "Where is it?" },
      { role: "calls", text: "", calls: made },
      { role: "result", id: "c1", name: "lookup_order", failed: false, result: {} },
    ];
    await ask(saying("", { transcript: transcript(calls) }));
    await ask(saying("", { transcript: transcript(calls.map((one) => ({ ...one }))) }));
    const sent = server.requests.slice(1).map(({ body }) => (body.messages as Record<string, unknown>[])[2]);
    expect(sent[0]).toMatchObject({
      reasoning_content: "An order. ",
      tool_calls: [{ id: "c1", extra_content }],
    });
    expect(JSON.stringify(sent[1])).not.toMatch(/signature|reasoning/);
  });

  const written: Record<string, string[]> = {
    "between tags": [
      "Let me look.\n<tool",
      '_call>\n{"name": "lookup_order", "arg',
      'uments": {"order_id": "ord_1001"}}\n</tool_call>',
    ],
    "behind a mark": [
      'Let me look. [TOOL_CALLS] [{"name":"lookup_order","arguments":{"order_id":"ord_1001"}}]',
    ],
    "with a name before": ['Let me look. <function=lookup_order>{"order_id": "ord_1001"}</function>'],
    "with parameters between tags": [
      "Let me look.\n<tool_call>\n<function=lookup_order>\n<parameter=order_id>\nord_1001\n</parameter>\n</function>\n</tool_call>",
    ],
    alone: ['{"name": "lookup_order", ', '"parameters": {"order_id": "ord_1001"}}'],
    "alone in a fence": ['```json\n{"name": "lookup_order", "arguments": {"order_id": "ord_1001"}}\n```'],
  };
  for (const [title, text] of Object.entries(written)) {
    it(`are found where the server has left them in the text, and not shown: ${title}`, async () => {
      const { ask } = await openDesk({ script: [{ text }] });
      const { step, shown } = await ask();
      expect(step.calls.map(({ name, arguments: given }) => [name, JSON.parse(given)])).toEqual([
        ["lookup_order", { order_id: "ord_1001" }],
      ]);
      expect(["", "Let me look."]).toContain(step.text);
      expect(shown.join("").trim()).toBe(step.text);
    });
  }

  it("in the text fail the step where they cannot be read, and words about them are words", async () => {
    const words = [
      "Write <tool_call> before it.",
      '{"name": "cable", "arguments": {}}',
      "[1] says so.",
      "`a` or [b",
    ];
    const { ask } = await openDesk({
      script: [{ text: '<tool_call>{"name": "lookup_order", "arg' }, ...words.map((text) => ({ text }))],
    });
    await expect(ask()).rejects.toMatchObject({ code: "model_failed" });
    for (const text of words) {
      const { step, shown } = await ask();
      expect([step.text, step.calls, shown.join("")]).toEqual([text, [], text]);
    }
  });

  it("fail the step when one has no name or there are too many", async () => {
    const { ask } = await openDesk({
      script: [
        { calls: [{ name: "", arguments: "{}" }] },
        { calls: Array.from({ length: 65 }, () => ({ name: "lookup_order", arguments: "{}" })) },
        { calls: [{ name: "lookup_order", arguments: `{"a":"${"x".repeat(200_001)}"}` }] },
      ],
    });
    for (let n = 0; n < 3; n++) await expect(ask()).rejects.toMatchObject({ code: "model_failed" });
  });
});
