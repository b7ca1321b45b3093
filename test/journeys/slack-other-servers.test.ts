/** The program before a server that speaks Slack's protocol and is not Slack: it knows less, and says less. */
import { afterEach, describe, expect, it } from "vitest";
import type { Transport } from "../adapters/slack/harness.ts";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import type { PlainServer } from "../doubles/slack-server/slack-server.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";

let desk: SlackDesk;
let model: OpenAIServer | undefined;
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  await model?.close();
  model = undefined;
  expect(violations).toEqual([]);
});

const niceties = [
  "assistant.threads.setStatus",
  "assistant.threads.setTitle",
  "assistant.threads.setSuggestedPrompts",
  "chat.startStream",
  "chat.appendStream",
  "chat.stopStream",
  "users.info",
  "views.publish",
];

const servers: [Transport, PlainServer["lacking"], PlainServer["oneConnection"]][] = [
  ["socket", "unknown_method", "refuses"],
  ["socket", "404", "displaces"],
  ["http", "unknown_method", undefined],
  ["http", "ok", undefined],
];

describe("a server that has the messages and little more", () => {
  it.each(servers)("is served over %s (%s, %s)", async (transport, lacking = "ok", oneConnection) => {
    model = await createOpenAIServer({ script: () => ({ text: ["What ", "can I ", "do for you?"] }) });
    desk = await openSlackDesk({
      transport,
      modelUrl: model.url,
      server: {
        plain: {
          lacks: niceties,
          lacking,
          terse: true,
          membersMost: 1,
          ...(oneConnection ? { oneConnection } : {}),
        },
      },
    });
    const { slack, sees, marked } = desk;
    const ana = slack.asUser("U1");
    const threadTs = await ana.dm("Hello there, I need something");
    await sees(ana.directChannel, "What can I do for you?");
    const said = desk.byBot(ana.directChannel).length;
    await ana.dm("And something else", { threadTs });
    await desk.replied(ana.directChannel, said);
    const question = await ana.say("C1", "Can somebody help me with something?");
    await sees("C1", "What can I do for you?", question);

    await ana.command("person");
    const card = await sees("C2", "Ticket #1");
    await slack.asUser("U2").click("Take");
    await sees("C2", "The bot is silent", card.ts);
    const words = await slack.asUser("U2").say("C2", "I am here.", { threadTs: card.ts });
    await marked("C2", words, "white_check_mark");
    await sees(ana.directChannel, "I am here.");
    await slack.asUser("U2").click("Resolve");
    await sees(ana.directChannel, "ticket #1 is resolved");

    expect(slack.callsOf("chat.startStream").length).toBeLessThanOrEqual(1);
    expect(slack.callsOf("assistant.threads.setStatus").length).toBeLessThanOrEqual(
      lacking === "ok" ? 99 : 1,
    );
    expect(await desk.stop()).toBe(0);
    expect(desk.program.log().filter((line) => line.level === "error")).toEqual([]);
  });
});
