/** What a slow, a hanging and an acting model does to a Slack desk. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Transport } from "../adapters/slack/harness.ts";
import { createOpenAIServer, type OpenAIServer, type Script } from "../doubles/openai-server.ts";
import { asksForRefund } from "./refund-script.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";
import { until } from "./terminal.ts";

let desk: SlackDesk;
let model: OpenAIServer;
let transport: Transport;

async function open(script: Script, settleMs = 0): Promise<SlackDesk> {
  model = await createOpenAIServer({ script });
  desk = await openSlackDesk({ transport, modelUrl: model.url, settleMs });
  return desk;
}
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  await model.close();
  expect(violations).toEqual([]);
});

/** What the bot calls on Slack to write, or to write more, in a place. */
const writes = (channel: string) =>
  desk.slack.calls.filter(
    ({ method, args, ok }) =>
      ok &&
      args.channel === channel &&
      ["chat.postMessage", "chat.startStream", "chat.appendStream", "chat.update"].includes(method),
  );

describe.each<Transport>(["socket", "http"])("over %s", (way) => {
  beforeEach(() => {
    transport = way;
  });

  describe("a person takes over", () => {
    it("in the middle of a streamed answer, and the customer reads no more of it", async () => {
      // Broken off by the takeover, however long a slow machine takes to come to it.
      const words = Array.from({ length: 2_000 }, (_, at) => `word${at % 9} `);
      const { slack, sees } = await open(({ body }) => {
        const items = body.messages as { content: string | null }[];
        const slowly = items.some((item) => item.content?.includes("think slowly"));
        return slowly ? { text: words, chunkDelayMs: 40 } : { text: "What can I do for you?" };
      });
      const ana = slack.asUser("U1");
      const maya = slack.asUser("U2");
      const threadTs = slack.addAssistantThread("U1");
      await ana.dm("I want to speak to a human", { threadTs });
      const card = await sees("C2", "Ticket #1");
      await maya.click("Hand back");
      await sees(ana.directChannel, "back with the assistant");
      await ana.dm("Please think slowly", { threadTs });
      await slack.waitFor(() => slack.messages(ana.directChannel).some((one) => one.text.includes("word3")));
      expect(slack.callsOf("chat.startStream")).not.toHaveLength(0);

      await maya.click("Take");
      await sees("C2", "The bot is silent until hand-back", card.ts);
      const before = writes(ana.directChannel).length;
      const first = await maya.say("C2", "I am here now.", { threadTs: card.ts });
      await desk.marked("C2", first, "white_check_mark");
      await until(
        () => model.chats().at(-1)?.cancelled === true,
        () => "the model's request is broken off",
      );
      const after = writes(ana.directChannel).slice(before);
      expect(after.map((call) => call.method)).toEqual(["chat.postMessage"]);
      expect(JSON.stringify(after[0]?.args)).toContain("I am here now.");
      expect(slack.messages(ana.directChannel).some((one) => one.streaming)).toBe(false);
      expect(await desk.stop()).toBe(0);
    });
  });

  describe("an amount above the limit", () => {
    async function confirmedRefund(): Promise<{ customer: string }> {
      const { slack, sees } = await open(asksForRefund);
      const ana = slack.asUser("U1");
      const customer = ana.directChannel;
      await ana.dm("Please refund ord_2001, it never worked for us.");
      await sees(customer, "who you are");
      await ana.dm("cust_002@example.com");
      await sees(customer, "six digits");
      await ana.dm((await slack.waitFor(() => desk.mailedCodes()[0])) ?? "");
      await sees(customer, "999.99");
      await ana.dm("yes");
      await sees(customer, "approval of a colleague");
      await sees("C2", "Approval #1");
      return { customer };
    }

    it("is paid back once a person at the desk has approved it", async () => {
      const { customer } = await confirmedRefund();
      await desk.slack.asUser("U2").click("Approve");
      await desk.sees(customer, /Done: Refund 999\.99 USD/);
      await desk.sees("C2", /Approval #1[\s\S]*Done/);
      await expect(desk.slack.asUser("U2").click("Approve")).rejects.toThrow("sees no button");
    });

    it("is not, when they deny it, and the customer reads the reason", async () => {
      const { customer } = await confirmedRefund();
      await desk.slack.asUser("U2").click("Deny", { reason: "The ninety days are over" });
      await desk.sees(customer, "The ninety days are over");
      expect(desk.byBot(customer).join()).not.toContain("Done:");
    });
  });

  describe("a process that dies", () => {
    it("between taking a question and answering it, answers once after its restart", async () => {
      let number = 0;
      const { slack, sees } = await open(() => {
        number += 1;
        return number === 1 ? { fault: "hang" } : { text: "What can I do for you?" };
      });
      const ana = slack.asUser("U1");
      await ana.dm("Please help me with something");
      await until(
        () => model.chats().length === 1,
        () => "the model's request",
      );
      await desk.kill();
      // The first post after the restart reaches Slack, and its answer is lost.
      slack.faults.add({ kind: "reset_after" }, { method: "chat.postMessage" });
      await desk.start();
      await sees(ana.directChannel, "What can I do for you?");
      await ana.dm("And with something else");
      await slack.waitFor(() => desk.byBot(ana.directChannel).length > 1);
      expect(await desk.stop()).toBe(0);
      expect(desk.byBot(ana.directChannel)).toHaveLength(2);
    });

    it("while Slack has its answer and it has not heard so, does not post it again", async () => {
      const { slack, sees } = await open(() => ({ text: "What can I do for you?" }));
      const ana = slack.asUser("U1");
      slack.faults.add({ kind: "reset_after" }, { method: "chat.postMessage" });
      slack.faults.add({ kind: "hang" }, { method: "conversations.history" });
      slack.faults.add({ kind: "hang" }, { method: "conversations.replies" });
      await ana.dm("Please help me with something");
      await sees(ana.directChannel, "What can I do for you?");
      await desk.kill();
      slack.faults.clear();
      await desk.start();
      await ana.dm("And with something else");
      await slack.waitFor(() => desk.byBot(ana.directChannel).length > 1);
      expect(await desk.stop()).toBe(0);
      expect(desk.byBot(ana.directChannel)).toHaveLength(2);
    });
  });

  describe("a burst of messages", () => {
    it("that arrives in the wrong order is one question in the order it was written", async () => {
      const { slack, sees } = await open(() => ({ text: "What can I do for you?" }), 300);
      const ana = slack.asUser("U1");
      slack.deliveries.hold();
      const held = [ana.dm("First I moved."), ana.dm("Then it broke."), ana.dm("Now help me.")];
      slack.deliveries.release("reversed");
      await Promise.all(held);
      await sees(ana.directChannel, "What can I do for you?");
      const asked = JSON.stringify(model.chats().at(-1)?.body.messages);
      expect(asked).toMatch(/First I moved.*Then it broke.*Now help me/);
      expect(desk.byBot(ana.directChannel)).toHaveLength(1);
    });
  });
});
