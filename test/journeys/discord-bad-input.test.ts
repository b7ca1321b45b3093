/** People, files and places of Discord that are not as they should be, and what becomes of them in mid-conversation. */
import { afterEach, describe, expect, it } from "vitest";
import { type Channel, permissions } from "../doubles/discord-server/world.ts";
import { type DiscordDesk, openDiscordDesk } from "./discord-desk.ts";

let desk: DiscordDesk;
afterEach(() => desk.close());

async function open(): Promise<DiscordDesk> {
  desk = await openDiscordDesk();
  return desk;
}

/** The desk still answers, has ended no lane, and has told nobody its token. */
async function goesOn(): Promise<void> {
  const { discord } = desk;
  const zoe = discord.asUser("Zoe");
  zoe.dm("How long does express shipping take?");
  await desk.sees(zoe.directChannel, "1-2 business days");
  expect(await desk.stop()).toBe(0);
  const log = desk.program.errors();
  expect(log).not.toContain(discord.token);
  expect(desk.program.log().filter(({ event }) => /broke|uncaught/.test(String(event)))).toEqual([]);
  for (const channel of discord.world.channels.values()) {
    for (const message of discord.byBot(channel)) expect(message.notified, message.content).toEqual([]);
  }
}

/** Ana's conversation in this place, taken by Maya. */
async function talkIn(place: "dm" | "support"): Promise<{ staffThread: Channel; customer: Channel }> {
  const { discord, support, office } = desk;
  const ana = discord.asUser("Ana");
  const words = "I want to speak to a human";
  const asked = place === "dm" ? ana.dm(words) : ana.say(support, words);
  const card = await desk.sees(office, '"label":"Take"');
  desk.staff("Maya").click("Take", card);
  const told = await desk.seesInThreads(office, "Taken by Maya. The bot is silent");
  const customer = place === "dm" ? ana.directChannel : discord.world.channels.get(asked.id);
  return { staffThread: told.channel, customer: customer as Channel };
}

describe("names and words", () => {
  it("of anybody notify nobody, lead nowhere and turn nothing around", async () => {
    const { discord, office, support } = await open();
    const eve = discord.asUser("@everyone **Eve** [help](https://evil.example/a) <@1>\n\u202Eeve");
    const mallory = desk.staff("@here `Mallory` <@&2> https://evil.example/b");
    const asked = eve.say(
      support,
      "@everyone [your invoice](https://evil.example/c) I want to speak to a human",
    );
    const card = await desk.sees(office, '"label":"Take"');
    mallory.click("Take", card);
    const staffThread = (await desk.seesInThreads(office, "The bot is silent")).channel;
    const customer = discord.world.channels.get(asked.id) as Channel;
    await desk.marked(mallory.say(staffThread, "@everyone look: [here](https://evil.example/d)"), "✅");
    eve.say(customer, "@here [pay](https://evil.example/e)", {
      files: [{ name: "@everyone\u202Egnp.exe", mediaType: "text/html", content: Buffer.from("<script>") }],
    });
    await desk.sees(staffThread, "pay");
    const names = [...discord.world.channels.values()].map((one) => one.name).join();
    expect(names).not.toMatch(/@everyone|\u202E/);
    for (const channel of [office, staffThread, customer]) {
      for (const { content, embeds, attachments } of discord.byBot(channel)) {
        const shown = content + JSON.stringify(embeds) + attachments.map((one) => one.filename).join();
        expect(shown).not.toMatch(/\u202E|(?<!\\)\]\(https:\/\/evil/);
      }
    }
    await goesOn();
  });
});

describe("files", () => {
  it("are handed on as they are: none is unpacked, what is too large is named, and the words arrive", async () => {
    const { discord } = await open();
    const { staffThread } = await talkIn("dm");
    const ana = discord.asUser("Ana");
    // The end of a zip file that claims to hold 4 GB.
    const bomb = Buffer.concat([Buffer.from("PK\u0005\u0006"), Buffer.alloc(18, 0xff)]);
    ana.dm("This is the log", { files: [{ name: "log.zip", mediaType: "application/zip", content: bomb }] });
    const copy = await desk.sees(staffThread, "This is the log");
    expect(Buffer.from(copy.attachments[0]?.content ?? [])).toEqual(bomb);
    const large = {
      name: "large.bin",
      mediaType: "application/zip",
      content: Buffer.alloc(15 * 1024 * 1024),
    };
    ana.dm("This one Discord takes from people only", { files: [large] });
    expect((await desk.sees(staffThread, "takes from people only")).content).toContain(
      "large.bin, too large",
    );
    const huge = { ...large, name: "huge.bin", content: Buffer.alloc(25 * 1024 * 1024 + 1) };
    ana.dm("This one nobody takes", { files: [huge] });
    expect((await desk.sees(staffThread, "nobody takes")).content).toContain("huge.bin, not copied");
    await goesOn();
  });
});

describe("places", () => {
  it("a support channel that is deleted: staff hear of it, and what does not arrive is marked", async () => {
    const { discord, office, support } = await open();
    const { staffThread, customer } = await talkIn("support");
    discord.world.removeChannel(customer);
    discord.world.removeChannel(support);
    await desk.sees(office, "has been deleted");
    await desk.marked(desk.staff("Maya").say(staffThread, "Are you there?"), "⚠️");
    await desk.sees(staffThread, "did not reach the customer");
    await goesOn();
  });

  it("the human channel that is deleted: customers are still answered, and nothing ends", async () => {
    const { discord, office } = await open();
    const { staffThread } = await talkIn("dm");
    discord.world.removeChannel(staffThread);
    discord.world.removeChannel(office);
    discord.asUser("Ana").dm("Is anybody there?");
    await desk.program.logs("platform.trouble");
    await desk.program.logs("send.failed");
    await goesOn();
  });

  it("permissions that are taken away in mid-conversation: marked with the reason, and sent when they are back", async () => {
    const { discord, support } = await open();
    const { staffThread, customer } = await talkIn("support");
    const maya = desk.staff("Maya");
    const deny = permissions.sendInThreads;
    discord.world.changeChannel(support, { overwrites: [{ id: discord.bot.id, type: 1, allow: 0n, deny }] });
    const words = maya.say(staffThread, "Can you read this?");
    await desk.marked(words, "⚠️");
    expect((await desk.sees(staffThread, "did not reach the customer")).content).toContain(
      "Missing Permissions",
    );
    discord.world.changeChannel(support, { overwrites: [] });
    maya.click("Retry");
    await desk.sees(customer, "Can you read this?");
    await desk.marked(words, "✅");
    await goesOn();
  });

  it("a bot that is removed from the server: staff cannot be told there, the log says it, and DMs go on", async () => {
    const { discord } = await open();
    await talkIn("dm");
    discord.kickBot();
    const trouble = await desk.program.logs("platform.trouble");
    expect(trouble.text).toContain("removed from the Discord server");
    await goesOn();
  });
});

describe("interactions", () => {
  it("that have expired take effect all the same, and nobody waits for their answer", async () => {
    const { discord, office } = await open();
    discord.rest.fault({
      path: /\/callback$/,
      times: 1_000,
      trouble: { kind: "status", status: 404, code: 10062, message: "Unknown interaction" },
    });
    const { staffThread } = await talkIn("dm");
    const maya = desk.staff("Maya");
    maya.command(office, "support", "tickets");
    maya.click("Resolve");
    await desk.sees(staffThread, "Resolved by Maya");
    await goesOn();
  });

  it("that nobody has made, or that were made for something else, do nothing", async () => {
    const { discord, office } = await open();
    await talkIn("dm");
    const maya = desk.staff("Maya");
    const [card] = discord.messages(office).filter((one) => one.components.length > 0);
    const odd = [
      {},
      { id: "1", token: "x", type: 3, application_id: "1" },
      {
        id: "2",
        token: "x",
        type: 3,
        application_id: "1",
        channel_id: "9",
        data: { custom_id: "ticket.take" },
      },
      { id: "3", token: "x", type: 5, application_id: "1", data: { custom_id: 7, components: "none" } },
      { id: "4", token: "x", type: 2, application_id: "1", data: { name: "support", options: "none" } },
      {
        id: "5",
        token: "x",
        type: 99,
        application_id: "1",
        member: { user: { id: maya.id, username: "Maya" } },
      },
    ];
    for (const data of odd) discord.gateway.dispatchTo("INTERACTION_CREATE", data);
    for (const name of ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_REACTION_ADD", "GUILD_CREATE", "NEWS"]) {
      for (const data of [{}, { id: "1" }, { id: 7, channel_id: [], author: "x", content: {} }])
        discord.gateway.dispatchTo(name, data);
    }
    expect(card?.embeds.length).toBeGreaterThan(0);
    await goesOn();
  });
});
