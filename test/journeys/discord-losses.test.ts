import { afterEach, describe, expect, it } from "vitest";
import type { Channel, Message } from "../doubles/discord-server/world.ts";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { type DiscordDesk, openDiscordDesk } from "./discord-desk.ts";
import { countOf } from "./terminal.ts";

let desk: DiscordDesk;
let model: OpenAIServer | undefined;
afterEach(async () => {
  await desk.close();
  await model?.close();
});

/** What is said in a place, oldest first, without what the platform itself writes there. */
const said = (channel: Channel): string[] =>
  desk.discord
    .messages(channel)
    .filter((one: Message) => [0, 19].includes(one.type))
    .map((one) => one.content);

/** A customer whose ticket Maya has taken; the thread where she reads and answers. */
async function inTalk(name: string): Promise<Channel> {
  const { discord, office, sees } = desk;
  const customer = discord.asUser(name);
  const maya = desk.staff("Maya");
  customer.dm("I want to speak to a human");
  const card = await sees(office, '"label":"Take"');
  await sees(customer.directChannel, "A person will answer you");
  maya.click("Take", card);
  return (await desk.seesInThreads(office, "Taken by Maya. The bot is silent")).channel;
}

describe("a Discord desk that was away", () => {
  it("answers 250 messages in 3 DMs and 2 threads with one turn for each, and has lost none and read none twice", async () => {
    model = await createOpenAIServer({ script: () => ({ text: "What can I do for you?" }) });
    desk = await openDiscordDesk({ modelUrl: model.url });
    const { discord, support } = desk;
    const people = ["Ana", "Bob", "Cleo", "Dan", "Eve"].map((name) => discord.asUser(name));
    const places = people.map((person, at) => {
      if (at < 3) {
        person.dm("Hello there, it is me");
        return person.directChannel.id;
      }
      return person.say(support, "Hello there, it is me").id;
    });
    const placeOf = (id: string) => discord.world.channels.get(id) as Channel;
    const answered = (times: number) =>
      places.every((id) => discord.world.channels.has(id) && desk.byBot(placeOf(id)).length === times);
    await discord.waitFor(() => answered(1), "a first answer in each place");
    await desk.kill();
    discord.gateway.forgetSessions();
    const before = model.chats().length;
    for (let n = 0; n < 50; n++) {
      for (const [at, person] of people.entries())
        person.say(placeOf(places[at] ?? ""), `part ${n} of ${at}.`);
    }
    await desk.start();
    await discord.waitFor(() => answered(2), "one answer for all that waited, in each place", 30_000);
    expect(await desk.stop()).toBe(0);
    expect(answered(2)).toBe(true);
    expect(countOf(desk.program.log(), "turn.ended")).toBe(5);
    const asked = (model?.chats() ?? []).slice(before).map(({ body }) => JSON.stringify(body.messages));
    for (const at of people.keys()) {
      const theirs = asked.filter((one) => one.includes(`part 0 of ${at}.`)).at(-1) ?? "";
      const parts = [...theirs.matchAll(new RegExp(`part (\\d+) of ${at}\\.`, "g"))].map(([, n]) =>
        Number(n),
      );
      expect(parts).toEqual(Array.from({ length: 50 }, (_, n) => n));
    }
  }, 180_000);

  it("relays what was written meanwhile to staff, in order, each word once", async () => {
    desk = await openDiscordDesk();
    const { discord } = desk;
    const staffThread = await inTalk("Ana");
    const ana = discord.asUser("Ana");
    await desk.kill();
    const words = Array.from({ length: 50 }, (_, n) => `line ${n}.`);
    for (const text of words) ana.dm(text);
    await desk.start();
    const relayed = () => said(staffThread).flatMap((text) => /line \d+\./.exec(text) ?? []);
    await discord.waitFor(() => relayed().length >= 50, "all lines", 30_000);
    expect(await desk.stop()).toBe(0);
    expect(relayed()).toEqual(words);
  });
});

describe("a Discord desk whose connection breaks", () => {
  it("loses and doubles nothing in 50 resumed and 50 lost sessions, either way, with words in flight", async () => {
    desk = await openDiscordDesk();
    const { discord } = desk;
    const { gateway } = discord;
    const staffThread = await inTalk("Ana");
    const ana = discord.asUser("Ana");
    const maya = desk.staff("Maya");
    const words: { customer: string[]; staff: string[] } = { customer: [], staff: [] };
    function both(text: string): void {
      words.customer.push(`customer ${text}.`);
      ana.dm(`customer ${text}.`);
      words.staff.push(`staff ${text}.`);
      maya.say(staffThread, `staff ${text}.`);
    }
    for (let n = 0; n < 100; n++) {
      const sessions = gateway.identifies + gateway.resumes;
      both(`${n} before`);
      if (n % 2) gateway.forgetSessions();
      else if (n % 4) gateway.drop();
      else gateway.reconnect();
      both(`${n} during`);
      // Where the connection breaks while a session begins, a resume becomes another identify.
      await discord.waitFor(
        () => gateway.connected && gateway.identifies + gateway.resumes > sessions,
        `session ${n}`,
      );
    }
    const arrived = (channel: Channel, who: string) =>
      discord.byBot(channel).flatMap((one) => new RegExp(`${who} \\d+ \\w+\\.`).exec(one.content)?.[0] ?? []);
    await discord.waitFor(
      () =>
        arrived(ana.directChannel, "staff").length >= 200 && arrived(staffThread, "customer").length >= 200,
      "everything, either way",
      60_000,
    );
    expect(await desk.stop()).toBe(0);
    expect(arrived(ana.directChannel, "staff")).toEqual(words.staff);
    expect(arrived(staffThread, "customer")).toEqual(words.customer);
  }, 240_000);
});
