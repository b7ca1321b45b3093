import { describe, expect, it } from "vitest";
import type { Reply } from "../doubles/openai-server.ts";
import { openDesk, saying } from "./openai-desk.ts";

const refusing = (message: string, status = 400): Reply => ({ status, body: { error: { message } } });

describe("a server that does not take the whole request", () => {
  for (const name of ["stream_options", "temperature"]) {
    it(`is asked without ${name}, from then on at once`, async () => {
      const { ask, server, logged } = await openDesk({ refuses: [name] });
      expect((await ask()).step.text).toBe("ok");
      expect((await ask()).step.text).toBe("ok");
      expect(server.requests.map(({ body }) => name in body)).toEqual([true, false, false]);
      expect(logged.filter((line) => line.includes("model.adapted"))).toHaveLength(1);
    });
  }

  it("is asked for whole answers where it does not stream, from then on at once", async () => {
    for (const refusal of [
      {
        status: 400,
        body: {
          error: {
            message:
              "Your organization must be verified to stream this model. Please go to: https://example.com",
            type: "invalid_request_error",
            param: "stream",
            code: "unsupported_value",
          },
        },
      },
      refusing("Cannot use tools with stream", 500),
    ]) {
      const { ask, server } = await openDesk({
        script: ({ body }) => (body.stream ? refusal : { text: "fine" }),
      });
      expect((await ask()).shown.join("")).toBe("fine");
      expect((await ask()).step.text).toBe("fine");
      expect(server.requests).toHaveLength(3);
      expect(server.requests.at(-1)!.body).not.toHaveProperty("stream_options");
    }
  });

  it("is understood in the words of each when it is about roles", async () => {
    for (const message of [
      "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
      "Developer instruction is not enabled for models/gemma-3-27b-it",
      "Unexpected role 'system' after role 'assistant'",
      "deepseek-reasoner does not support successive user or assistant messages (messages[1] and messages[2])",
    ]) {
      const { ask, server } = await openDesk({ script: [refusing(message), { text: "fine" }] });
      expect((await ask()).step.text).toBe("fine");
      expect(server.requests).toHaveLength(2);
    }
  });

  it("is understood through a gateway that wraps what the server said", async () => {
    const raw = JSON.stringify({ error: { message: "Unsupported value: 'temperature'" } });
    const error = {
      message: "Provider returned error",
      code: 400,
      metadata: { raw, provider_name: "OpenAI" },
    };
    const { ask } = await openDesk({ script: [{ status: 400, body: { error } }, { text: "fine" }] });
    expect((await ask()).step.text).toBe("fine");
  });

  describe("and what was called before", () => {
    const before = saying("and now?", {
      transcript: [
        { role: "customer", text: "Where is it?" },
        {
          role: "calls",
          text: "",
          calls: [{ id: "offline_0123456789abcdef_0", name: "lookup_order", arguments: "{}" }],
        },
        { role: "result", id: "offline_0123456789abcdef_0", name: "lookup_order", failed: false, result: 1 },
        { role: "bot", text: "On its way." },
        { role: "customer", text: "And now?" },
      ],
    });
    type Message = { role: string; content: unknown; tool_call_id?: string; tool_calls?: { id: string }[] };
    const messagesIn = (body: Record<string, unknown>) => body.messages as Message[];

    it("has other ids where it takes only its own", async () => {
      const { ask, server } = await openDesk({
        script: ({ body }) => {
          const ids = messagesIn(body).flatMap((one) =>
            [one.tool_call_id ?? [], (one.tool_calls ?? []).map(({ id }) => id)].flat(),
          );
          return ids.every((id) => /^[a-zA-Z0-9]{9}$/.test(id))
            ? { text: "fine" }
            : refusing("Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.");
        },
      });
      expect((await ask(before)).step.text).toBe("fine");
      const [call, result] = messagesIn(server.requests.at(-1)!.body).slice(2);
      expect(result?.tool_call_id).toBe(call?.tool_calls?.[0]?.id);
    });

    it("has an empty text where it takes no null", async () => {
      const { ask, server } = await openDesk({
        script: [
          {
            status: 422,
            body: {
              detail: [{ loc: ["body", "messages", 2, "content"], msg: "Input should be a valid string" }],
            },
          },
          { text: "fine" },
        ],
      });
      const answer = ask(before).catch((error: unknown) => error);
      await answer;
      expect(server.requests).toHaveLength(2);
      expect(messagesIn(server.requests.at(-1)!.body).some(({ content }) => content === null)).toBe(false);
    });
  });

  it("is understood when it refuses one thing after the other", async () => {
    const { ask, server } = await openDesk({
      refuses: ["temperature", "stream_options"],
      roles: "no_system",
    });
    const passages = [
      { id: "a", article: "a", title: "A", headings: [], text: "A", audience: "public" as const },
    ];
    expect((await ask(saying("Hello", { passages }))).step.text).toBe("ok");
    expect((await ask()).step.text).toBe("ok");
    expect(server.requests).toHaveLength(5);
  });

  it("is understood by many steps at once, and said so once", async () => {
    const { ask, server, logged } = await openDesk({ refuses: ["stream_options"] });
    const steps = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(steps.every(({ step }) => step.text === "ok")).toBe(true);
    expect(server.requests).toHaveLength(40);
    expect(logged).toHaveLength(1);
  });

  it("is understood when its template wants roles in turn", async () => {
    const { ask, server } = await openDesk({ roles: "alternating" });
    const request = saying("Hello", {
      transcript: [
        { role: "note", text: "The customer is back." },
        { role: "customer", text: "Hello?" },
        { role: "customer", text: "Anybody?" },
      ],
    });
    expect((await ask(request)).step.text).toBe("ok");
    const messages = server.requests.at(-1)!.body.messages as { role: string; content: string }[];
    expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(messages[1]!.content).toMatch(/The customer is back\.\n\nHello\?\n\nAnybody\?$/);
  });

  it("is understood by what FastAPI and llama.cpp say, too", async () => {
    const { ask, server } = await openDesk({
      script: [
        {
          status: 422,
          body: { detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] },
        },
        { text: "one" },
        refusing("Jinja Exception: Conversation roles must alternate user/assistant", 500),
        { text: "two" },
      ],
    });
    expect((await ask()).step.text).toBe("one");
    expect((await ask()).step.text).toBe("two");
    expect(server.requests).toHaveLength(4);
  });

  it("is taken at its word when it speaks of something else", async () => {
    for (const reply of [
      refusing("This model's maximum context length is 8192 tokens"),
      refusing("stream_options: rate limited", 429),
      refusing("Incorrect API key for temperature", 401),
      refusing("jinja broke", 503),
    ]) {
      const { ask, server } = await openDesk({ script: () => reply });
      await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^model_/) });
      expect(server.requests).toHaveLength(1);
    }
  });

  it("is not asked again and again when it never stops refusing, and nothing is remembered of it", async () => {
    let refuse = true;
    const { ask, server } = await openDesk({
      script: () =>
        refuse ? refusing("temperature and stream_options: roles must alternate") : { text: "fine" },
    });
    await expect(ask()).rejects.toMatchObject({ code: "model_rejected" });
    expect(server.requests.length).toBeLessThanOrEqual(5);
    refuse = false;
    await ask();
    expect(server.requests.at(-1)!.body).toMatchObject({ temperature: 0.3, stream_options: {} });
  });

  it("does not learn from what a customer has written", async () => {
    const { ask, server } = await openDesk({
      script: () => ({
        status: 422,
        body: { detail: [{ loc: ["body"], msg: "bad", input: "temperature" }] },
      }),
    });
    await expect(ask(saying("temperature"))).rejects.toMatchObject({ code: "model_rejected" });
    expect(server.requests).toHaveLength(1);
  });
});
