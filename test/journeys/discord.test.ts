import { afterEach, describe, expect, it } from "vitest";
import { permissions } from "../doubles/discord-server/world.ts";
import { createOpenAIServer, type OpenAIServer, type Script } from "../doubles/openai-server.ts";
import { type DiscordDesk, openDiscordDesk } from "./discord-desk.ts";
import { asksForRefund } from "./refund-script.ts";
import { until } from "./terminal.ts";

let desk: DiscordDesk;
let model: OpenAIServer | undefined;

async function open(script?: Script): Promise<DiscordDesk> {
  model = script && (await createOpenAIServer({ script }));
  desk = await openDiscordDesk(model ? { modelUrl: model.url } : {});
  return desk;
}
afterEach(async () => {
  await desk.close();
  await model?.close();
});

describe("a Discord desk", () => {
  it("answers in a DM and in a thread of the support channel, with the source; a greeting opens no ticket", async () => {
    const { discord, support, office, sees } = await open();
    const ana = discord.asUser("Ana");
    ana.dm("Hello!");
    await discord.waitFor(() => desk.byBot(ana.directChannel).length > 0);
    ana.dm("How long does express shipping take?");
    await sees(ana.directChannel, "1-2 business days");
    await sees(ana.directChannel, "Shipping");
    const question = ana.say(support, "How long does express shipping take?");
    const answer = await desk.seesInThreads(support, "1-2 business days");
    expect(answer.channel.id).toBe(question.id);
    ana.say(answer.channel, "Thanks!");
    const before = desk.byBot(answer.channel).length;
    await discord.waitFor(() => desk.byBot(answer.channel).length > before);
    expect(discord.messages(office)).toEqual([]);
    expect(await desk.stop()).toBe(0);
  });

  it("a person takes a ticket, talks through it, hands it back and resolves it; nobody else can take it", async () => {
    const { discord, office, sees, marked } = await open();
    const ana = discord.asUser("Ana");
    const maya = desk.staff("Maya");
    const customer = ana.directChannel;
    ana.dm("You charged my card three times. This is unacceptable.");
    // The thread's name stands in the channel as a message, too; the card is the one with buttons.
    const card = await sees(office, '"label":"Take"');
    await sees(customer, "ticket is #1");

    // Somebody whose client still shows the card of a channel that they cannot see any more.
    ana.click("Take", card);
    await discord.waitFor(() => ana.shownPrivately().some((one) => one.content.includes("staff")));
    expect(card.content).not.toContain("Taken by");

    maya.click("Take");
    const staffThread = (await desk.seesInThreads(office, "Taken by Maya. The bot is silent")).channel;
    const said = desk.byBot(customer).length;
    const words = maya.say(staffThread, "Hello Ana, I am looking at **it**.");
    await sees(customer, "I am looking at **it**.");
    await marked(words, "✅");
    maya.edit(words, "Hello Ana, I have looked at it.");
    await sees(customer, "I have looked at it.");
    expect(desk.byBot(customer)).toHaveLength(said + 1);
    const correction = ana.dm("It was twice, sorry.");
    const copy = await sees(staffThread, "It was twice, sorry.");
    const note = maya.say(staffThread, "// she sounds nice");
    await marked(maya.say(staffThread, "All paid back.", { replyTo: copy }), "✅");
    // A reply to a copy is a reply to the original, and the other way round.
    const reply = await sees(customer, "All paid back.");
    expect(reply.reference?.message_id).toBe(correction.id);
    ana.dm("Both of them?", { replyTo: reply });
    const question = await sees(staffThread, "Both of them?");
    expect(
      discord.messages(staffThread).find((one) => one.id === question.reference?.message_id)?.content,
    ).toBe("All paid back.");
    expect(desk.byBot(customer).join()).not.toContain("sounds nice");
    expect(note.reactions.size).toBe(0);

    maya.click("Hand back");
    await sees(customer, "back with the assistant");
    ana.dm("How long does express shipping take?");
    await sees(customer, "1-2 business days");
    maya.click("Resolve");
    await sees(customer, "ticket #1 is resolved");
    expect(await desk.stop()).toBe(0);
  });

  it("goes on in a private thread when a customer's DMs are closed in mid-conversation", async () => {
    const { discord, office, support, sees, marked } = await open();
    const ana = discord.asUser("Ana");
    const maya = desk.staff("Maya");
    ana.dm("I want to speak to a human");
    await sees(office, "Ticket #1");
    maya.click("Take");
    const staffThread = (await desk.seesInThreads(office, "The bot is silent")).channel;
    await marked(maya.say(staffThread, "Hello Ana."), "✅");
    ana.closeDms();
    const words = maya.say(staffThread, "Are you there?");
    const arrived = await desk.seesInThreads(support, "Are you there?");
    await marked(words, "✅");
    expect(words.reactions.has("⚠️")).toBe(false);
    const told = await sees(staffThread, "did not reach the customer");
    expect(told.content).toContain("Cannot send messages to this user");
    expect(told.content).toContain("private thread");

    const there = arrived.channel;
    expect(there.type).toBe(12);
    expect(there.members?.has(ana.id)).toBe(true);
    ana.say(there, "Here I am.");
    await sees(staffThread, "Here I am.");
    await marked(maya.say(staffThread, "So it goes on."), "✅");
    await sees(there, "So it goes on.");
    maya.edit(words, "Are you still there?");
    await sees(there, "Are you still there?");

    // They answer where they were before: that is where they are answered.
    ana.openDms();
    ana.dm("Back in my DMs.");
    await sees(staffThread, "Back in my DMs.");
    await marked(maya.say(staffThread, "Fine with me."), "✅");
    await sees(ana.directChannel, "Fine with me.");
    maya.click("Hand back");
    await sees(ana.directChannel, "back with the assistant");
    ana.say(there, "How long does express shipping take?");
    await sees(there, "1-2 business days");
    expect(await desk.stop()).toBe(0);
    expect(desk.byBot(there).filter((text) => text.includes("there?"))).toHaveLength(1);
    expect(desk.byBot(ana.directChannel).join()).not.toContain("there?");
  });

  it("an account matter from a shared thread goes on in private, beside it where DMs are closed; staff see which way", async () => {
    const { discord, office, support, sees } = await open();
    const ana = discord.asUser("Ana");
    ana.closeDms();
    const question = ana.say(support, "Please cancel my subscription and refund my last order ord_2001");
    const shared = await desk.seesInThreads(support, /direct message|private thread/);
    expect(shared.channel.id).toBe(question.id);
    const there = await discord.waitFor(
      () => discord.threadsOf(support).find((one) => one.type === 12 && desk.byBot(one).length > 0),
      "a private thread",
    );
    expect(there.members?.has(ana.id)).toBe(true);
    ana.say(there, "I want to speak to a human");
    await sees(there, "ticket is #1");
    await sees(office, '"label":"Take"');
    expect(await desk.stop()).toBe(0);
    expect(desk.byBot(shared.channel).join()).not.toMatch(/cust_|999/);
    expect(desk.byBot(ana.directChannel)).toEqual([]);
  });

  it("the bot's own answer, too, goes to a private thread when the DM does not take it", async () => {
    const { discord, support, sees } = await open();
    const ana = discord.asUser("Ana");
    ana.closeDms();
    ana.dm("How long does express shipping take?");
    const arrived = await desk.seesInThreads(support, "1-2 business days");
    expect(arrived.channel.members?.has(ana.id)).toBe(true);
    ana.say(arrived.channel, "I want to speak to a human");
    await sees(arrived.channel, "ticket is #1");
    expect(await desk.stop()).toBe(0);
    expect(desk.byBot(ana.directChannel)).toEqual([]);
  });

  it("staff are told, and can try again, when a customer is reached in no way any more", async () => {
    const { discord, support, office, sees, marked } = await open();
    const ana = discord.asUser("Ana");
    const deny = permissions.createPrivateThreads;
    discord.world.changeChannel(support, { overwrites: [{ id: discord.bot.id, type: 1, allow: 0n, deny }] });
    const maya = desk.staff("Maya");
    ana.dm("I want to speak to a human");
    await sees(office, "Ticket #1");
    maya.click("Take");
    const staffThread = (await desk.seesInThreads(office, "The bot is silent")).channel;
    await marked(maya.say(staffThread, "Hello Ana."), "✅");
    ana.closeDms();
    const lost = maya.say(staffThread, "Are you there?");
    await marked(lost, "⚠️");
    expect((await sees(staffThread, "did not reach the customer")).content).toContain(
      "Cannot send messages to this user",
    );
    ana.openDms();
    await marked(maya.say(staffThread, "And now?"), "✅");
    expect(desk.byBot(ana.directChannel).join()).not.toContain("Are you there?");
    maya.click("Retry");
    await sees(ana.directChannel, "Are you there?");
    await discord.waitFor(() => !lost.reactions.get("⚠️")?.has(discord.bot.id), "no warning any more");
    await marked(lost, "✅");
  });
});

describe("a Discord desk with a model", () => {
  it("hears a voice message as a question like any other", async () => {
    model = await createOpenAIServer({
      transcript: "How long does express shipping take, please?",
      script: () => ({ text: "What can I do for you?" }),
    });
    desk = await openDiscordDesk({ modelUrl: model.url, env: { OPENAI_TRANSCRIPTION_MODEL: "whisper" } });
    const ana = desk.discord.asUser("Ana");
    const sound = { name: "voice-message.ogg", mediaType: "audio/ogg", content: Buffer.from("sound") };
    ana.dm("", { files: [{ ...sound, voice: true }] });
    await desk.sees(ana.directChannel, "What can I do for you?");
    expect(JSON.stringify(model.chats().map((chat) => chat.body.messages))).toContain(
      "express shipping take, please",
    );
  });

  it("a person takes over in the middle of a streamed answer, and the customer reads no more of it", async () => {
    // Broken off by the takeover, however long a slow machine takes to come to it.
    const words = Array.from({ length: 2_000 }, (_, at) => `word${at % 9} `);
    const { discord, office, sees, marked } = await open(({ body }) => {
      const items = body.messages as { content: string | null }[];
      const slowly = items.some((item) => item.content?.includes("think slowly"));
      return slowly ? { text: words, chunkDelayMs: 40 } : { text: "What can I do for you?" };
    });
    const ana = discord.asUser("Ana");
    const maya = desk.staff("Maya");
    ana.dm("I want to speak to a human");
    await sees(office, "Ticket #1");
    maya.click("Hand back");
    await sees(ana.directChannel, "back with the assistant");
    ana.dm("Please think slowly");
    await sees(ana.directChannel, "word3");
    maya.click("Take");
    const staffThread = (await desk.seesInThreads(office, "The bot is silent until hand-back")).channel;
    const before = desk.byBot(ana.directChannel);
    await marked(maya.say(staffThread, "I am here now."), "✅");
    await until(
      () => model?.chats().at(-1)?.cancelled === true,
      () => "the model's request is broken off",
    );
    const shown = desk.byBot(ana.directChannel);
    expect(shown.at(-1)).toContain("I am here now.");
    for (const text of shown.slice(0, -1)) expect(before).toContain(text);
    expect(await desk.stop()).toBe(0);
  });

  it.each([
    ["Approve", undefined, /Done: Refund 999\.99 USD/],
    ["Deny", "The ninety days are over", /The ninety days are over/],
  ])("an amount above the limit waits for a person: %s", async (button, reason, heard) => {
    const { discord, office, sees } = await open(asksForRefund);
    const ana = discord.asUser("Ana");
    const maya = desk.staff("Maya");
    const customer = ana.directChannel;
    ana.dm("Please refund ord_2001, it never worked for us.");
    await sees(customer, "who you are");
    ana.dm("cust_002@example.com");
    await sees(customer, "six digits");
    ana.dm((await discord.waitFor(() => desk.mailedCodes()[0])) ?? "");
    await sees(customer, "999.99");
    ana.dm("yes");
    await sees(customer, "approval of a colleague");
    await sees(office, "Approval #1");
    const pressed = maya.click(button);
    if (reason !== undefined) {
      await discord.waitFor(() => pressed.modal);
      maya.submitModal(pressed, reason);
    }
    await sees(customer, heard);
    expect(desk.byBot(customer).filter((text) => text.includes("Done:"))).toHaveLength(
      button === "Approve" ? 1 : 0,
    );
  });

  it("killed between taking a question and answering it, it answers once after its restart", async () => {
    let number = 0;
    const { discord, sees } = await open(() => {
      number += 1;
      return number === 1 ? { fault: "hang" } : { text: "What can I do for you?" };
    });
    const ana = discord.asUser("Ana");
    ana.dm("Please help me with something");
    await until(
      () => model?.chats().length === 1,
      () => "the model's request",
    );
    await desk.kill();
    await desk.start();
    await sees(ana.directChannel, "What can I do for you?");
    ana.dm("And with something else");
    await discord.waitFor(() => desk.byBot(ana.directChannel).length > 1);
    expect(await desk.stop()).toBe(0);
    expect(desk.byBot(ana.directChannel)).toHaveLength(2);
  });

  it("what was written while it was down is answered after its restart, once in each thread", async () => {
    const { discord } = await open(() => ({ text: "What can I do for you?" }));
    const people = Array.from({ length: 10 }, (_, at) => discord.asUser(`Customer ${at}`));
    for (const person of people) person.dm("Hello, it is me");
    await discord.waitFor(() => people.every((person) => desk.byBot(person.directChannel).length === 1));
    await desk.kill();
    discord.gateway.forgetSessions();
    for (let at = 0; at < 50; at++) people[at % people.length]?.dm(`I have written part ${at} of my story`);
    await desk.start();
    await discord.waitFor(() => people.every((person) => desk.byBot(person.directChannel).length > 1));
    expect(await desk.stop()).toBe(0);
    expect(people.map((person) => desk.byBot(person.directChannel).length)).toEqual(people.map(() => 2));
    const asked = model?.chats().map(({ body }) => JSON.stringify(body.messages)) ?? [];
    for (let at = 0; at < 50; at++) expect(asked.some((one) => one.includes(`part ${at} of`))).toBe(true);
  });

  it("hostile text of customers and models notifies nobody", async () => {
    const hostile = [
      "@everyone @here <@1> <@&2> <#3> [your invoice](https://evil.example/login) https://evil.example/x",
      `${"long words ".repeat(3_700)} @everyone`,
      "bells\u0007 and\u0000 zeros\u001b[31m, \u202eright to left\u202c, \u200bnothing\u200b @here",
      "```@everyone `` ||@here|| > # *_~ </script> %s {{7*7}}",
    ];
    const { discord, office, support, sees } = await open(({ body }) => {
      const items = body.messages as { role: string; content: string | null }[];
      const asked = items.findLast((item) => item.role === "user")?.content ?? "";
      return { text: hostile[Number(/number (\d)/.exec(asked)?.[1])] ?? "What can I do for you?" };
    });
    for (const at of hostile.keys()) {
      const person = discord.asUser(`Customer ${at}`);
      person.dm(`Tell me about number ${at}`);
      await discord.waitFor(() => desk.byBot(person.directChannel).length > 0);
    }
    const ana = discord.asUser("Ana");
    ana.dm("I want to speak to a human");
    const card = await sees(office, "I want to speak to a human");
    for (const [at, text] of hostile.entries()) {
      for (const piece of text.match(/[\s\S]{1,4000}/gu) ?? []) ana.dm(`line ${at}: ${piece}`);
    }
    ana.say(support, `I want to speak to a human ${hostile[0]}`);
    await desk.seesInThreads(office, `line ${hostile.length - 1}:`);
    await discord.waitFor(() => discord.threadsOf(support).some((thread) => desk.byBot(thread).length > 0));
    ana.dm("This is the last line");
    await desk.seesInThreads(office, "This is the last line");
    expect(card.notified).toEqual([]);
    const written = [...discord.world.channels.values()].flatMap((place) => discord.byBot(place));
    for (const message of written) expect(message.notified, message.content.slice(0, 200)).toEqual([]);
    expect(await desk.stop()).toBe(0);
  });
});
