import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer, type Reply } from "../doubles/openai-server.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, countOf, openTerminal, temporaryFolder, until } from "./terminal.ts";
import { play } from "./transcript.ts";

const shops = temporaryFolder();
let data: ReturnType<typeof temporaryFolder>;
let workspace: string[];
beforeAll(() => {
  workspace = ["--workspace", writeShop(join(shops.path, "careful"), careful)];
});
beforeEach(() => {
  data = temporaryFolder();
});
afterEach(() => {
  closeTerminals();
  data.remove();
});
afterAll(shops.remove);

describe("a person takes over", () => {
  it("speaks through the bot, which is silent until it is handed back", async () => {
    const desk = await openTerminal(data.path, { args: workspace });
    await play(
      desk,
      `customer: I want to speak to a human
            bot: … ticket is #1
           desk: Ticket #1: I want to speak to a human … Waiting for a person … [Take] [Hand back] [Resolve]
       customer: Hello? Is anybody there?
           desk: customer: Hello? Is anybody there?
          staff: Hi, I am Maya
           desk: … take the ticket first
            bot: (silence)
          staff: // nice customer, be kind
           desk: (silence)
            bot: (silence)
          staff: take
           desk: … Taken by staff … The bot is silent until hand-back
            bot: (silence)
       customer: How long does express shipping take?
           desk: customer: How long does express shipping take?
            bot: (silence)
          staff: It takes two days.
            bot: staff: It takes two days.
           desk: ✅
          staff: // told them two days
            bot: (silence)
          staff: take
           desk: … staff has this ticket already
       customer: Where is my order ORD-12345?
            bot: (silence)
          staff: hand back
            bot: You are back with the assistant.
           desk: … Handed back to the bot
       customer: How long does express shipping take?
            bot: … 1-2 business days
          staff: resolve
            bot: Your ticket #1 is resolved.
           desk: … Resolved
          staff: take
           desk: There is no open ticket.
       customer: How long does express shipping take?
            bot: … 1-2 business days`,
    );
    const summary = await desk.say("summary");
    expect(summary).toContain("- staff: It takes two days.");
    expect(summary).not.toContain("be kind");
    await play(
      desk,
      `customer: I want to speak to a human again please
            bot: … ticket is #2
          staff: resolve 2
            bot: Your ticket #2 is resolved.
          staff: take 7
           desk: There is no ticket #7.
            bot: (silence)`,
    );
    expect(await desk.end()).toBe(0);
  });

  it("keeps the thread over a restart", async () => {
    const first = await openTerminal(data.path, { args: workspace });
    await play(
      first,
      `customer: I want to speak to a human
          staff: take 1
           desk: … Taken by staff`,
    );
    await first.kill();
    const second = await openTerminal(data.path, { args: workspace });
    await play(
      second,
      `customer: How long does express shipping take?
            bot: (silence)
           desk: customer: How long does express shipping take?
          staff: Two days.
            bot: staff: Two days.
          staff: hand back
            bot: You are back
       customer: How long does express shipping take?
            bot: … 1-2 business days`,
    );
  });
});

describe("a person takes over while the model hangs", () => {
  let server: OpenAIServer;
  let release: () => void;
  let held: Promise<void>;

  beforeEach(async () => {
    held = new Promise((resolve) => {
      release = resolve;
    });
    server = await createOpenAIServer({ script });
  });
  afterEach(async () => {
    release();
    await server.close();
  });

  async function script({ body }: { body: Record<string, unknown> }): Promise<Reply> {
    const messages = body.messages as { role: string; content: string | null }[];
    const said = messages.findLast((message) => message.role === "user")?.content ?? "";
    if (said.includes("slowly")) await held;
    return { text: said.includes("slowly") ? "I was thinking." : "What can I do for you?" };
  }

  it("and the bot never says what it was thinking", async () => {
    const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: "k" };
    const desk = await openTerminal(data.path, { args: workspace, env });
    await play(
      desk,
      `customer: I want to speak to a human
            bot: … ticket is #1
          staff: hand back
            bot: You are back`,
    );
    desk.type("Please think slowly");
    await until(
      () => server.chats().length === 1,
      () => "the model's request",
    );
    desk.type("@staff take 1");
    await desk.sees("Taken by staff. The bot is silent until hand-back.");
    const taken = desk.output().length;
    // The message that the bot was at work on goes to the person who has the thread now.
    await desk.sees("[desk] customer: Please think slowly");
    await until(
      () => countOf(desk.log(), "console.quiet") === 3,
      () => "the end of what came of that",
    );
    release();
    await play(
      desk,
      `   staff: Sorry for the wait.
            bot: staff: Sorry for the wait.
       customer: And you think slowly, too?
            bot: (silence)
          staff: hand back
            bot: You are back
       customer: Good
            bot: What can I do for you?`,
    );
    expect(desk.output().slice(taken)).not.toContain("I was thinking");
    expect(await desk.end()).toBe(0);
    expect(desk.output()).not.toContain("I was thinking");
  });
});

describe("threads and customers", () => {
  it("resumes a thread that is named, and keeps threads apart", async () => {
    const red = await openTerminal(data.path, { args: [...workspace, "--thread", "red"] });
    await play(
      red,
      `customer: I want a refund
            bot: … order`,
    );
    expect(await red.end()).toBe(0);
    const blue = await openTerminal(data.path, { args: [...workspace, "--thread", "blue"] });
    await play(
      blue,
      `customer: summary
            bot: Nothing has been said yet.
       customer: I want to speak to a human
            bot: … ticket is #1`,
    );
    expect(await blue.end()).toBe(0);
    const again = await openTerminal(data.path, { args: [...workspace, "--thread", "red"] });
    await play(
      again,
      `customer: It's ORD-12345
            bot: … Headphones
       customer: summary
            bot: … I want a refund … It's ORD-12345
          never: human`,
    );
    expect(await again.end()).toBe(0);
  });

  it("speaks as a verified customer, who sees their own orders and no others", async () => {
    const one = await openTerminal(data.path, { args: ["--as", "cust_001"] });
    await play(
      one,
      `customer: Which orders do I have?
            bot: … ord_1001 … ord_1002
          never: ord_2001 … 999.99
       customer: What about order ord_2001?
          never: 999.99 … Enterprise`,
    );
    expect(await one.end()).toBe(0);
    const stranger = await openTerminal(data.path);
    await play(
      stranger,
      `customer: Which orders does cust_001 have?
          never: ord_1001 … ord_1002 … 299.98`,
    );
    expect(await stranger.end()).toBe(0);
  });
});

describe("the end", () => {
  it("quit ends it, whatever comes after", async () => {
    const desk = await openTerminal(data.path, { args: workspace });
    desk.write("How long does express shipping take?\nquit\nWhere is ORD-12345?\n");
    expect(await desk.gone).toBe(0);
    expect(desk.output()).toContain("1-2 business days");
    expect(desk.output()).not.toContain("1Z999AA10123456784");
  });

  it("the end of input ends it, once the last turn has ended", async () => {
    const desk = await openTerminal(data.path, { args: workspace, early: true });
    desk.write("How long does express shipping take?\nWhere is ORD-12345?");
    expect(await desk.end()).toBe(0);
    expect(desk.output()).toMatch(/1-2 business days[\s\S]*1Z999AA10123456784/);
  });

  it("no input at all is an end, too", async () => {
    const desk = await openTerminal(data.path, { args: workspace, early: true });
    expect(await desk.end()).toBe(0);
    expect(desk.output()).toBe("");
  });

  it("replies stand on standard output, and nothing but JSON lines on standard error", async () => {
    const desk = await openTerminal(data.path, { args: workspace });
    await desk.say("How long does express shipping take?");
    expect(await desk.end()).toBe(0);
    expect(desk.output()).not.toContain('{"level"');
    const lines = desk.errors().trim().split("\n");
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty("event");
    expect(desk.errors()).not.toContain("express shipping");
  });
});
