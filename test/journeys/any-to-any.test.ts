import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createInhabitedSlack } from "../adapters/slack/harness.ts";
import { createDiscordServer, type DiscordServer } from "../doubles/discord-server/discord-server.ts";
import type { Seen } from "../doubles/slack-server/seen.ts";
import type { SlackServer } from "../doubles/slack-server/slack-server.ts";
import { openTerminal, type Terminal, temporaryFolder } from "./terminal.ts";

let slack: SlackServer;
let discord: DiscordServer;
let desk: Terminal;
const folder = { remove: () => {} };

beforeEach(async () => {
  const data = temporaryFolder();
  folder.remove = data.remove;
  slack = await createInhabitedSlack();
  discord = await createDiscordServer();
  desk = await openTerminal(data.path, {
    env: {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      SLACK_SUPPORT_CHANNELS: "C1",
      DESK_CHANNEL: "slack:C2",
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.url,
    },
  });
});
afterEach(async () => {
  expect(await desk.kill("SIGTERM")).toBe(0);
  expect(slack.violations).toEqual([]);
  await slack.close();
  await discord.close();
  folder.remove();
});

const staffSee = (includes: string, thread?: string): Promise<Seen> =>
  slack.waitFor(() => slack.messages("C2", thread).findLast((message) => message.text.includes(includes)));

describe("a desk on Slack and Discord at once", () => {
  it("answers in a Slack DM from the articles, with the source", async () => {
    const ana = slack.asUser("U1");
    await ana.dm("How long does express shipping take?");
    const reply = await slack.waitFor(() =>
      slack.messages(ana.directChannel).find((message) => message.byBot),
    );
    await slack.waitFor(
      () => reply && slack.messages(ana.directChannel).some((message) => message.text.includes("Shipping>")),
    );
    expect(slack.messages(ana.directChannel).at(-1)?.text).toContain("1-2 business days");
  });

  it("answers in a thread of the support channel", async () => {
    const ana = slack.asUser("U1");
    const question = await ana.say("C1", "Where is ORD-12345?");
    const reply = await slack.waitFor(() =>
      slack.messages("C1", question).find((message) => message.text.includes("shipped")),
    );
    expect(reply.threadTs).toBe(question);
  });

  it("a customer on Discord and staff on Slack talk through one ticket, and the bot is silent", async () => {
    const bob = discord.asUser("Bob");
    const maya = slack.asUser("U2");
    const asked = bob.dm("You charged my card three times. This is unacceptable.");
    const card = await staffSee("Ticket #1");
    expect(card.text).toContain("billing");

    await maya.click("Take");
    await staffSee("Taken by Maya. The bot is silent", card.ts);
    await maya.say("C2", "Hello Bob, *Maya* here.", { threadTs: card.ts });
    await slack.waitFor(() =>
      discord.byBot(asked.channel).some((message) => message.content.includes("Hello Bob, **Maya** here.")),
    );
    await slack.waitFor(() =>
      slack.calls.some((call) => call.method === "reactions.add" && call.args.name === "white_check_mark"),
    );

    const said = discord.byBot(asked.channel).length;
    bob.dm("It was **twice**, sorry.");
    expect((await staffSee("*twice*", card.ts)).text).toContain("Bob");
    await maya.say("C2", "// he sounds nice", { threadTs: card.ts });
    await maya.click("Hand back");
    await slack.waitFor(() => discord.byBot(asked.channel).length > said);
    const shown = discord.byBot(asked.channel).map((message) => message.content);
    expect(shown.slice(said)).toEqual([expect.stringContaining("back with the assistant")]);
    expect(shown.join()).not.toContain("sounds nice");
  });
});
