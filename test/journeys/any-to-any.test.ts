import { afterEach, describe, expect, it } from "vitest";
import { createInhabitedSlack } from "../adapters/slack/harness.ts";
import { createDiscordServer, type DiscordServer } from "../doubles/discord-server/discord-server.ts";
import type { Channel, Message } from "../doubles/discord-server/world.ts";
import type { Seen } from "../doubles/slack-server/seen.ts";
import type { SlackServer } from "../doubles/slack-server/slack-server.ts";
import { openTerminal, type Terminal, temporaryFolder } from "./terminal.ts";

let slack: SlackServer;
let discord: DiscordServer;
let desk: Terminal;
/** The human channel on Discord, where it is there. */
let office: Channel;
const folder = { remove: () => {} };

async function open(deskOn: "slack" | "discord"): Promise<void> {
  const data = temporaryFolder();
  folder.remove = data.remove;
  slack = await createInhabitedSlack();
  discord = await createDiscordServer();
  const agents = discord.world.addRole(discord.guild, "Agents");
  office = discord.addPrivateChannel("desk", agents);
  discord.giveRole("Maya", agents.id);
  desk = await openTerminal(data.path, {
    env: {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      SLACK_SUPPORT_CHANNELS: "C1",
      DESK_CHANNEL: deskOn === "slack" ? "slack:C2" : `discord:${office.id}`,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.url,
    },
  });
}
afterEach(async () => {
  expect(await desk.kill("SIGTERM")).toBe(0);
  expect(slack.violations).toEqual([]);
  await slack.close();
  await discord.close();
  folder.remove();
});

const onSlack = (channel: string, includes: string, thread?: string): Promise<Seen> =>
  slack.waitFor(() => slack.messages(channel, thread).findLast((message) => message.text.includes(includes)));
const onDiscord = (channel: Channel, includes: string): Promise<Message> =>
  discord.waitFor(
    () => discord.messages(channel).findLast((message) => message.content.includes(includes)),
    includes,
  );
const staffSee = (includes: string, thread?: string) => onSlack("C2", includes, thread);
const photo = { name: "photo.png", content: Uint8Array.from({ length: 5_000 }, (_, n) => (n * 7) % 251) };
const same = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.from(a).equals(b);

describe("a desk on Slack and Discord at once", () => {
  it("answers in a Slack DM from the articles, with the source", async () => {
    await open("slack");
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
    await open("slack");
    const ana = slack.asUser("U1");
    const question = await ana.say("C1", "Where is ORD-12345?");
    const reply = await slack.waitFor(() =>
      slack.messages("C1", question).find((message) => message.text.includes("shipped")),
    );
    expect(reply.threadTs).toBe(question);
  });

  it("a customer on Discord and staff on Slack talk through one ticket: words, edits, deletions, files both ways", async () => {
    await open("slack");
    const bob = discord.asUser("Bob");
    const maya = slack.asUser("U2");
    const asked = bob.dm("You charged my card three times. This is unacceptable.");
    const customer = asked.channel;
    const card = await staffSee("Ticket #1");
    expect(card.text).toContain("billing");

    await maya.click("Take");
    await staffSee("Taken by Maya. The bot is silent", card.ts);
    const hello = await maya.say("C2", "Hello Bob, *Maya* here. See <https://example.com|this>.", {
      threadTs: card.ts,
    });
    await onDiscord(customer, "Hello Bob, **Maya** here.");
    await slack.waitFor(() =>
      slack.calls.some((call) => call.method === "reactions.add" && call.args.name === "white_check_mark"),
    );
    await maya.edit("C2", hello, "Hello Bob, this is _Maya_.");
    await onDiscord(customer, "this is *Maya*.");
    await maya.say("C2", "Here is the receipt", {
      threadTs: card.ts,
      files: [{ name: photo.name, mimetype: "image/png", content: Buffer.from(photo.content) }],
    });
    const received = await onDiscord(customer, "Here is the receipt");
    expect(same(received.attachments[0]?.content, photo.content)).toBe(true);
    await maya.remove("C2", hello);
    await discord.waitFor(
      () => !discord.byBot(customer).some((one) => one.content.includes("this is")),
      "its deletion",
    );

    const said = discord.byBot(customer).length;
    const twice = bob.dm("It was **twice**, sorry.");
    expect((await staffSee("*twice*", card.ts)).text).toContain("Bob");
    bob.edit(twice, "It was ~~twice~~ **once**, sorry.");
    await staffSee("~twice~ *once*", card.ts);
    bob.dm("My statement", { files: [{ ...photo, mediaType: "image/png" }] });
    await staffSee("My statement", card.ts);
    const file = await slack.waitFor(
      () => slack.messages("C2", card.ts).flatMap((one) => (one.byBot ? one.message.files : []))[0],
    );
    expect(same(file.content, photo.content)).toBe(true);
    await maya.say("C2", "// he sounds nice", { threadTs: card.ts });
    await maya.click("Hand back");
    await slack.waitFor(() => discord.byBot(customer).length > said);
    const shown = discord.byBot(customer).map((message) => message.content);
    expect(shown.slice(said)).toEqual([expect.stringContaining("back with the assistant")]);
    expect(shown.join()).not.toContain("sounds nice");
  });

  it("a customer on Slack and staff on Discord do so as well, and who is not of the staff can do nothing", async () => {
    await open("discord");
    const ana = slack.asUser("U1");
    const maya = discord.asUser("Maya");
    const customer = ana.directChannel;
    await ana.dm("You charged my card three times. This is unacceptable.");
    const card = await discord.waitFor(() =>
      discord.messages(office).find((one) => one.components.length > 0),
    );
    discord.asUser("Mallory").click("Take", card);
    maya.click("Take", card);
    const threads = () => discord.threadsOf(office);
    const staffThread = await discord.waitFor(() =>
      threads().find((one) =>
        discord.messages(one).some((m) => m.content.includes("Taken by Maya. The bot")),
      ),
    );
    const hello = maya.say(staffThread, "Hello Ana, **Maya** here.");
    await onSlack(customer, "Hello Ana, *Maya* here.");
    await discord.waitFor(() => hello.reactions.has("✅"), "✅");
    maya.edit(hello, "Hello Ana, this is __Maya__ & *friends* <3");
    await onSlack(customer, "_friends_ &lt;3");
    maya.say(staffThread, "Here is the receipt", { files: [{ ...photo, mediaType: "image/png" }] });
    await onSlack(customer, "Here is the receipt");
    const received = await slack.waitFor(
      () => slack.messages(customer).flatMap((one) => (one.byBot ? one.message.files : []))[0],
    );
    expect(same(received.content, photo.content)).toBe(true);

    const words = await ana.dm("It was *twice*, sorry.");
    const copy = await onDiscord(staffThread, "It was **twice**, sorry.");
    expect(copy.content).toContain("Ana");
    await ana.edit(customer, words, "It was *once*, sorry.");
    await discord.waitFor(() => copy.content.includes("It was **once**"), "the edit");
    await ana.dm("My statement", {
      files: [{ name: photo.name, mimetype: "image/png", content: Buffer.from(photo.content) }],
    });
    const statement = await onDiscord(staffThread, "My statement");
    expect(same(statement.attachments[0]?.content, photo.content)).toBe(true);
    await ana.remove(customer, words);
    await discord.waitFor(() => !discord.messages(staffThread).includes(copy), "its deletion");
    maya.remove(hello);
    await slack.waitFor(() => !slack.messages(customer).some((one) => one.text.includes("friends")));
    maya.click("Resolve");
    await onSlack(customer, "ticket #1 is resolved");
    expect(discord.messages(office).every((one) => one.notified.length === 0)).toBe(true);
  });
});
