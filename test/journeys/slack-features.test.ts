/** What a company's people and customers do on Slack beside asking: commands, pages, files, changes of mind. */

import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, describe, expect, it } from "vitest";
import type { Transport } from "../adapters/slack/harness.ts";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { openSlackDesk, type SlackDesk, type SlackDeskOptions } from "./slack-desk.ts";

let desk: SlackDesk;
let model: OpenAIServer | undefined;
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  await model?.close();
  model = undefined;
  expect(violations).toEqual([]);
});

const privately = (user: string, includes: string) =>
  desk.slack
    .waitFor(() => desk.slack.privately(user).findLast((one) => one.text.includes(includes)))
    .catch((error: unknown) => {
      const all = desk.slack.privately(user).map((one) => one.text);
      throw new Error(`${includes}: ${error}\n${all.join("\n--\n")}\n${desk.program.errors().slice(-3_000)}`);
    });

/** The desk's own rows, read beside it. */
function rows<Row>(sql: string): Row[] {
  const database = new DatabaseSync(join(desk.data, "ledger.sqlite"), { readOnly: true });
  try {
    return database.prepare(sql).all() as Row[];
  } finally {
    database.close();
  }
}

describe.each<Transport>(["socket", "http"])("over %s", (transport) => {
  const open = async (options: SlackDeskOptions = {}): Promise<SlackDesk> => {
    desk = await openSlackDesk({ transport, ...options });
    return desk;
  };

  it("/support serves customers and staff, each with what is theirs", async () => {
    const { slack, sees } = await open();
    const [ana, maya, gus] = [slack.asUser("U1"), slack.asUser("U2"), slack.asUser("U4")];
    await ana.command("");
    expect((await privately("U1", "person")).text).not.toContain("take");
    await ana.command("person");
    await sees("C2", "Ticket #1");
    await ana.command("status");
    await privately("U1", "#1");
    await gus.command("status");
    await slack.waitFor(() => slack.privately("U4").length > 0);
    expect(
      slack
        .privately("U4")
        .map((one) => one.text)
        .join(),
    ).not.toContain("#1");
    await gus.command("take 1");
    await privately("U4", "staff");

    await maya.command("tickets", "C2");
    await privately("U2", "#1");
    await maya.command("take 1", "C2");
    const card = await sees("C2", "Ticket #1");
    await sees("C2", "The bot is silent", card.ts);
    await maya.command("note 1 She has called before.", "C2");
    await sees("C2", "She has called before.", card.ts);
    await maya.command("resolve 1", "C2");
    await sees(ana.directChannel, "ticket #1 is resolved");
    expect(desk.byBot(ana.directChannel).join()).not.toContain("called before");

    await maya.command("pause", "C2");
    await slack.waitFor(() => slack.privately("U2").length >= 4);
    await gus.dm("How long does express shipping take?");
    await slack.waitFor(() => desk.byBot(gus.directChannel).length > 0);
    expect(desk.byBot(gus.directChannel).join()).not.toContain("1-2 business days");
    await maya.command("unpause", "C2");
    await privately("U2", "answers again");
    await ana.dm("How long does express shipping take?");
    await sees(ana.directChannel, "1-2 business days");
    expect(await desk.stop()).toBe(0);
  });

  it("a message's menu opens a ticket about it, and pages show to each their own", async () => {
    const { slack, sees } = await open();
    const [ana, maya] = [slack.asUser("U1"), slack.asUser("U2")];
    const message = await ana.say("C1", "How long does express shipping take?");
    await sees("C1", "1-2 business days", message);
    await maya.shortcut("C1", message, "open_ticket");
    await sees("C2", "Ticket #1");
    await ana.openHome();
    await maya.openHome();
    await slack.asUser("U4").openHome();
    const home = (user: string) => JSON.stringify(slack.world.homes.get(`T1 ${user}`) ?? "");
    await slack.waitFor(() => home("U1").length > 2 && home("U2").length > 2 && home("U4").length > 2);
    expect(home("U1")).toContain("#1");
    expect(home("U2")).toContain("#1");
    expect(home("U4")).not.toContain("#1");
  });

  it("a 👍 is recorded with the turn that it is about", async () => {
    const { slack, sees } = await open();
    const ana = slack.asUser("U1");
    await ana.dm("How long does express shipping take?");
    await sees(ana.directChannel, "1-2 business days");
    await ana.click("👍");
    const given = () =>
      rows<{ actor: string; turn: string }>("SELECT actor, turn FROM audit WHERE action = 'feedback.given'");
    await slack.waitFor(() => given().length === 1);
    const turns = rows<{ turn: string }>("SELECT turn FROM journal");
    expect(given()).toEqual([{ actor: "slack:T1:U1", turn: turns[0]?.turn }]);
  });

  it("what each writes, changes, takes back and sends along is the other's to see", async () => {
    const { slack, sees, marked } = await open();
    const [ana, maya] = [slack.asUser("U1"), slack.asUser("U2")];
    await ana.dm("I want to speak to a human");
    const card = await sees("C2", "Ticket #1");
    await maya.click("Take");
    await sees("C2", "The bot is silent", card.ts);
    const customer = ana.directChannel;

    const first = await maya.say("C2", "Try the red one.", { threadTs: card.ts });
    await marked("C2", first, "white_check_mark");
    const second = await maya.say("C2", "Forget that.", { threadTs: card.ts });
    await marked("C2", second, "white_check_mark");
    await maya.edit("C2", first, "Try the blue one.");
    await sees(customer, "Try the blue one.");
    await maya.remove("C2", second);
    await slack.waitFor(() => !desk.byBot(customer).some((text) => text.includes("Forget that.")));
    expect(desk.byBot(customer).join()).not.toContain("the red one");

    const asked = await ana.dm("It is gren.");
    await sees("C2", "It is gren.", card.ts);
    await ana.edit(customer, asked, "It is green.");
    await sees("C2", "It is green.", card.ts);
    const regretted = await ana.dm("My mother's name is Rosa.");
    await sees("C2", "Rosa", card.ts);
    await ana.remove(customer, regretted);
    await slack.waitFor(
      () =>
        !slack
          .messages("C2", card.ts)
          .some((one) => one.byBot && one.text.includes("Rosa") && !/delet/i.test(one.text)),
    );

    const files = (name: string, content: string) => [
      { name, mimetype: "image/png", content: Buffer.from(content) },
    ];
    await ana.dm("See here", { files: files("broken.png", "what is broken") });
    await sees("C2", "broken.png", card.ts);
    await maya.say("C2", "And here", { threadTs: card.ts, files: files("whole.png", "what is whole") });
    await sees(customer, "whole.png");
    const contents = [...slack.world.files.values()].map(({ name, content }) => [name, content.toString()]);
    expect(contents.filter(([, content]) => content === "what is broken")).toHaveLength(2);
    expect(contents.filter(([, content]) => content === "what is whole")).toHaveLength(2);
    expect(await desk.stop()).toBe(0);
  });

  it("a question that is changed before it is answered is the changed one, or none", async () => {
    const asked: string[] = [];
    model = await createOpenAIServer({
      script: ({ body }) => {
        asked.push(JSON.stringify(body.messages));
        return { text: "What can I do for you?" };
      },
    });
    const { slack, sees } = await open({ modelUrl: model.url, settleMs: 1_200 });
    const ana = slack.asUser("U1");
    const first = await ana.dm("I broke the red lamp");
    await ana.edit(ana.directChannel, first, "I broke the blue lamp");
    const second = await ana.dm("and the kettle");
    await ana.remove(ana.directChannel, second);
    await sees(ana.directChannel, "What can I do for you?");
    expect(asked.join()).toContain("blue lamp");
    expect(asked.join()).not.toMatch(/red lamp|kettle/);
  });

  it("a voice clip is a question like any other", async () => {
    model = await createOpenAIServer({
      transcript: "How long does express shipping take, please?",
      script: () => ({ text: "What can I do for you?" }),
    });
    const { slack, sees } = await open({
      modelUrl: model.url,
      env: { OPENAI_TRANSCRIPTION_MODEL: "whisper" },
    });
    const ana = slack.asUser("U1");
    const clip = {
      name: "clip.m4a",
      mimetype: "audio/mp4",
      subtype: "slack_audio",
      content: Buffer.from("sound"),
    };
    await ana.dm("", { files: [clip] });
    await sees(ana.directChannel, "What can I do for you?");
    expect(JSON.stringify(model.chats().map((chat) => chat.body.messages))).toContain(
      "express shipping take, please",
    );
  });

  it("an account matter in a channel goes on in private, under the same ticket", async () => {
    const { slack, sees } = await open();
    const ana = slack.asUser("U1");
    const question = await ana.say("C1", "Please cancel my subscription and refund my last order ord_2001");
    await sees("C1", /direct message|privat/i, question);
    await slack.waitFor(() => desk.byBot(ana.directChannel).length > 0);
    expect(desk.byBot("C1", question).join()).not.toMatch(/cust_|999/);
  });

  it("colleagues who answer in the customer's own thread have taken it over", async () => {
    const { slack, sees } = await open();
    const [ana, maya] = [slack.asUser("U1"), slack.asUser("U2")];
    const question = await ana.say("C1", "How long does express shipping take?");
    await sees("C1", "1-2 business days", question);
    await maya.say("C1", "Hello Ana, today it is one day.", { threadTs: question });
    await sees("C2", "Taken by Maya");
    const said = desk.byBot("C1", question).length;
    await ana.say("C1", "Thank you! And how long does standard shipping take?", { threadTs: question });
    await sees("C2", "standard shipping");
    expect(desk.byBot("C1", question)).toHaveLength(said);
  });

  it("staff are told of trouble with Slack, once", async () => {
    const { slack, sees } = await open();
    const channel = slack.world.channels.get("T1 C1");
    if (channel) channel.archived = true;
    await slack.emit("T1", {
      type: "channel_archive",
      channel: "C1",
      user: "U2",
      event_ts: slack.world.nextTs(),
    });
    await sees("C2", "archived");
    const ana = slack.asUser("U1");
    await ana.say("C1", "How long does express shipping take?");
    await ana.dm("How long does express shipping take?");
    await sees(ana.directChannel, "1-2 business days");
    await slack.deliveries.settled();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const tried = slack.calls.filter((call) => call.args.channel === "C1").length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(slack.calls.filter((call) => call.args.channel === "C1").length).toBe(tried);
    expect(tried).toBeLessThan(5);
    expect(await desk.stop()).toBe(0);
  });
});
