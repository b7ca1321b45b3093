import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createOpenAIServer,
  type OpenAIServer,
  type ReceivedRequest,
  type Reply,
} from "../doubles/openai-server.ts";
import { careful, electronicsStore, furnitureStore } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, type Terminal, temporaryFolder, until } from "./terminal.ts";
import { play } from "./transcript.ts";

const apiKey = "sk-journey-0123456789abcdef";
const shops = temporaryFolder();
let data: ReturnType<typeof temporaryFolder>;
let server: OpenAIServer;
let desk: Terminal;

beforeAll(() => {
  writeShop(join(shops.path, "electronics"), electronicsStore);
  writeShop(join(shops.path, "careful"), careful);
  writeShop(join(shops.path, "furniture"), furnitureStore);
  writeShop(join(shops.path, "slow"), {
    ...careful,
    settings: quick,
    files: { "tools/lookup_order_status.ts": slowTool },
  });
  writeShop(join(shops.path, "hanging"), {
    ...careful,
    settings: patient,
    files: { "tools/lookup_order_status.ts": hangingTool },
  });
});
beforeEach(() => {
  data = temporaryFolder();
});
afterEach(async () => {
  closeTerminals();
  await server.close();
  data.remove();
});
afterAll(shops.remove);

const patient = "limits: { tool_timeout_ms: 25000, messages_per_minute_max: 1000 }";
const quick = "limits: { tool_timeout_ms: 300, messages_per_minute_max: 1000 }";
const slowTool = `import { defineTool, z } from "deskhand";
export default defineTool({
  name: "lookup_order_status",
  description: "Answers after 30 s, whatever its signal says.",
  effect: "read",
  account: false,
  input: z.object({ order_id: z.string() }),
  run: () => new Promise((resolve) => setTimeout(() => resolve({ status: "late" }), 30_000).unref()),
});
`;

const hangingTool = `import { existsSync } from "node:fs";
import { defineTool, z } from "deskhand";
export default defineTool({
  name: "lookup_order_status",
  description: "Answers when the file is there.",
  effect: "read",
  account: false,
  input: z.object({ order_id: z.string() }),
  async run() {
    while (!existsSync(process.env.GO_ON_FILE)) await new Promise((resolve) => setTimeout(resolve, 20));
    return { status: "late" };
  },
});
`;

type Script = (request: Asked) => Reply;

/** What the model is asked, as a script reads it. */
interface Asked {
  /** The customer's latest words. */
  said: string;
  /** Results of tools since then. */
  results: string[];
  everything: string;
}

async function open(shop: string, script: Script, route?: (body: string) => Reply): Promise<Terminal> {
  server = await createOpenAIServer({
    apiKey,
    script: (request) => script(askedIn(request)),
    ...(route ? { route: (request) => route(JSON.stringify(request.body)) } : {}),
  });
  desk = await openTerminal(data.path, {
    args: ["--workspace", join(shops.path, shop)],
    env: {
      OPENAI_BASE_URL: server.url,
      OPENAI_API_KEY: apiKey,
      OPENAI_MODEL: "test-model",
      CALLS_FILE: join(data.path, "calls.txt"),
    },
  });
  return desk;
}

function askedIn({ body }: ReceivedRequest): Asked {
  const messages = body.messages as { role: string; content: string | null }[];
  const last = messages.findLastIndex((message) => message.role === "user");
  return {
    said: messages[last]?.content ?? "",
    results: messages
      .slice(last)
      .filter((message) => message.role === "tool")
      .map((message) => message.content ?? ""),
    everything: JSON.stringify(body),
  };
}

const calls = (name: string, ...all: unknown[]): Reply => ({
  calls: all.map((args) => ({ name, arguments: args })),
});

/** What a shop's backend has been asked. */
function backendSaw(): string[] {
  try {
    return readFileSync(join(data.path, "calls.txt"), "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

describe("with a language model", () => {
  it("a ticket is read by the model, which tells staff what it is about; a wrong answer is asked for again", async () => {
    const told = {
      queue: "general",
      category: "double charge",
      priority: "high",
      language: "en",
      sentiment: "angry",
      ask: "Refund of two of three charges",
      summary: "The customer was charged three times and has had no answer.",
    };
    await open(
      "careful",
      ({ results }) =>
        results.length > 0
          ? { text: "A colleague will look into it." }
          : calls("escalate_to_human", { reason: "charged three times", priority: "high" }),
      (body) => ({ text: JSON.stringify(body.includes("did not fit") ? told : { ...told, queue: "moon" }) }),
    );
    desk.type("You charged my card three times.");
    await desk.sees("ticket is #1");
    await desk.sees("Ticket #1: Refund of two of three charges");
    expect(server.routes()).toHaveLength(2);
  });

  it("a refund: asks for the order, uses what the tool returns, cites the article", async () => {
    await open("electronics", ({ said, results }) => {
      if (said.includes("refund for my keyboard")) return { text: "Happy to help. What is your order id?" };
      if (said.includes("How long")) return { text: "It takes 3 to 5 business days [1]." };
      const order = said.match(/ORD-\d+/)?.[0] ?? "";
      if (results.length === 0) return calls("lookup_order", { order_id: order });
      return results[0]?.includes("Keyboard")
        ? { text: "Your Mechanical Keyboard (89.50) is in processing." }
        : { text: `I can't find ${order}. Is the number right?` };
    });
    await play(
      desk,
      `customer: I want a refund for my keyboard
            bot: … order id?
          never: ORD-1001 … ORD-1002 … 89.50
       customer: It's ORD-1002
            bot: … Mechanical Keyboard … processing
          never: USB-C
       customer: How long will the refund take?
            bot: … 3 to 5 business days … Sources: [1] Refund times
       customer: What about ORD-9999?
            bot: … ORD-9999
          never: processing … refunded`,
    );
    expect(backendSaw()).toEqual(["ORD-1002", "ORD-9999"]);
    expect(await desk.end()).toBe(0);
    expect(desk.errors()).not.toContain(apiKey);
  });

  it("escalates with a priority when the model asks for a person", async () => {
    await open("careful", ({ said, results }) => {
      if (said.includes("express")) return { text: "Express takes 1-2 business days [1]." };
      if (said.includes("ridiculous")) {
        const reason = "Promised next-day delivery did not happen";
        return { text: "I am so sorry.", ...calls("escalate_to_human", { reason, priority: "high" }) };
      }
      return results.length === 0
        ? calls("lookup_order_status", { order_id: "ORD-12345" })
        : { text: "It has shipped; the tracking number is 1Z999AA10123456784." };
    });
    await play(
      desk,
      `customer: How long does express shipping take?
            bot: … 1-2 business days … Shipping
       customer: Where is my order ORD-12345?
            bot: … shipped … 1Z999AA10123456784
       customer: This is ridiculous, I was promised next-day delivery!
            bot: I am so sorry. … ticket is #1
           desk: … Priority: high … Promised next-day delivery did not happen … Shipping … 1Z999AA10123456784`,
    );
  });

  it("opens the ticket in the queue that the model names", async () => {
    await open("furniture", () =>
      calls("escalate_to_human", { reason: "Charged three times", priority: "high", queue: "billing" }),
    );
    await play(
      desk,
      `customer: You charged my card three times and nobody answers. This is unacceptable.
            bot: … ticket is #1
           desk: … Queue: billing … Charged three times`,
    );
  });
});

describe("a model that does not behave", () => {
  it("asks for the same failing call again and again: an honest word, a ticket, an end", async () => {
    await open("careful", () => calls("lookup_order_status", { order_id: "nonsense" }));
    await play(
      desk,
      `customer: Where is my order ORD-12345?
            bot: I am sorry … ticket is #1
           desk: … Ticket #1 … lookup_order_status failed twice`,
    );
    expect(server.chats().length).toBeLessThanOrEqual(5);
    expect(backendSaw()).toEqual([]);
  });

  it("asks for something else each time: five rounds and no more", async () => {
    let round = 0;
    await open("careful", () => calls("lookup_order_status", { order_id: `ORD-${round++}` }));
    await play(
      desk,
      `customer: Where is my order?
            bot: I am sorry, I could not get this done. … ticket is #1
           desk: … No answer within 5 steps`,
    );
    expect(server.chats()).toHaveLength(5);
  });

  it("sends arguments that are not JSON: it is told so, and tries again", async () => {
    await open("careful", ({ results }) => {
      if (results.length === 0) return calls("lookup_order_status", '{"order_id": ORD-12345');
      if (results.length === 1) return calls("lookup_order_status", { order_id: "ORD-12345" });
      return { text: "It has shipped." };
    });
    await play(
      desk,
      `customer: Where is my order ORD-12345?
            bot: It has shipped.`,
    );
    const told = askedIn(server.chats()[1] as ReceivedRequest).results[0] ?? "";
    expect(JSON.parse(told)).toMatchObject({ error: "tool_arguments", retryable: true });
    expect(backendSaw()).toEqual(["ORD-12345"]);
  });

  it("calls a tool that does not exist: it is told which do", async () => {
    await open("careful", ({ results }) =>
      results.length === 0 ? calls("cancel_everything", {}) : { text: "That is not something I can do." },
    );
    await play(
      desk,
      `customer: Cancel everything
            bot: That is not something I can do.`,
    );
    const told = askedIn(server.chats()[1] as ReceivedRequest).results[0] ?? "";
    expect(JSON.parse(told)).toMatchObject({
      error: "tool_unknown",
      tools: expect.arrayContaining(["lookup_order_status", "escalate_to_human"]),
    });
  });

  it("passes on a hostile order id: its pattern refuses it before any backend sees it", async () => {
    await open("careful", ({ results }) =>
      results.length === 0
        ? calls("lookup_order_status", { order_id: "ORD-1'; DROP TABLE orders;--" })
        : { text: "That is not an order number I can use. Could you check it?" },
    );
    await play(
      desk,
      `customer: order id is ORD-1'; DROP TABLE orders;--
            bot: … Could you check it?`,
    );
    expect(backendSaw()).toEqual([]);
  });

  it("a tool that answers far too late is given up, and said to be", async () => {
    await open("slow", ({ results }) =>
      results.length === 0
        ? calls("lookup_order_status", { order_id: "ORD-12345" })
        : { text: "Our order system does not answer right now. Shall I ask a colleague?" },
    );
    await play(
      desk,
      `customer: Where is my order ORD-12345?
            bot: Our order system does not answer right now.`,
    );
    const told = askedIn(server.chats()[1] as ReceivedRequest).results[0] ?? "";
    expect(JSON.parse(told)).toMatchObject({ error: "tool_timeout", retryable: true });
    expect(await desk.end()).toBe(0);
  });

  it("a tool that hangs in one thread delays no other", async () => {
    server = await createOpenAIServer({
      script: (request) => {
        const { said, results } = askedIn(request);
        if (!said.includes("ORD-")) return { text: "Express takes 1-2 business days [1]." };
        return results.length === 0
          ? calls("lookup_order_status", { order_id: "ORD-12345" })
          : { text: "Our order system does not answer right now. Shall I ask a colleague?" };
      },
    });
    desk = await openTerminal(data.path, {
      args: ["--console", "--workspace", join(shops.path, "hanging")],
      env: {
        OPENAI_BASE_URL: server.url,
        OPENAI_API_KEY: apiKey,
        GO_ON_FILE: join(data.path, "go-on"),
        HTTP_PORT: "0",
        HTTP_API_KEYS: "key-of-the-web-shop",
      },
    });
    const { port } = await desk.logs("http.listening");
    let answered = "";
    const chat = fetch(`http://127.0.0.1:${port}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer key-of-the-web-shop" },
      body: JSON.stringify({ message: "Where is my order ORD-12345?" }),
    }).then(async (response) => {
      answered = ((await response.json()) as { response: string }).response;
    });
    // What has failed before it is waited for is no news.
    chat.catch(() => {});
    await until(
      () => server.chats().length > 0,
      () => "the model's first request",
    );
    await play(
      desk,
      `customer: How long does express shipping take?
            bot: … 1-2 business days
       customer: And express, again?
            bot: … 1-2 business days`,
    );
    expect(answered).toBe("");
    writeFileSync(join(data.path, "go-on"), "");
    await chat;
    expect(answered).toContain("does not answer right now");
  });

  it.each([
    ["is over its limit", { status: 429, body: { error: { message: "slow down" } } }, 3],
    ["fails", { status: 500, body: { error: { message: "oops" } } }, 3],
    ["refuses the key", { status: 401, body: { error: { message: "bad key" } } }, 1],
    ["breaks off in the middle", { text: "It will", after: "cut", finishReason: null }, 3],
  ] satisfies [string, Reply, number][])(
    "%s: asked again where that helps, then the truth and a ticket",
    async (_, fault, times) => {
      await open("careful", () => ({ ...fault }) as Reply);
      await play(
        desk,
        `customer: How long does express shipping take?
              bot: … something on our side is not working … ticket is #1
             desk: … The language model failed
            never: It will`,
      );
      expect(server.chats()).toHaveLength(times);
    },
  );

  it("comes back: the next question is answered by it", async () => {
    let down = true;
    await open("careful", () =>
      down ? { status: 503, body: {} } : { text: "Express takes 1-2 business days [1]." },
    );
    await play(
      desk,
      `customer: How long does express shipping take?
            bot: … ticket is #1`,
    );
    down = false;
    await play(
      desk,
      `   staff: hand back
            bot: You are back with the assistant.
       customer: How long does express shipping take?
            bot: … 1-2 business days`,
    );
  });

  it("is not there at all: the offline model answers from the articles", async () => {
    await open("careful", () => ({ text: "never asked" }));
    await server.close();
    await play(
      desk,
      `customer: How long does express shipping take?
            bot: … 1-2 business days … Shipping`,
    );
  });
});
