import { afterEach, describe, expect, it } from "vitest";
import type { Transport } from "../adapters/slack/harness.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";

let desk: SlackDesk;

async function open(transport: Transport): Promise<SlackDesk> {
  desk = await openSlackDesk({ transport });
  return desk;
}
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  expect(violations).toEqual([]);
});

describe.each<Transport>(["socket", "http"])("a Slack desk over %s", (transport) => {
  it("answers in a DM and in a thread of the support channel, with the source; a greeting opens no ticket", async () => {
    const { slack, sees } = await open(transport);
    const ana = slack.asUser("U1");
    await ana.dm("Hello!");
    await slack.waitFor(() => desk.byBot(ana.directChannel).length > 0);
    await ana.dm("How long does express shipping take?");
    expect((await sees(ana.directChannel, "1-2 business days")).text).toContain("Shipping>");

    const question = await ana.say("C1", "How long does express shipping take?");
    const answer = await sees("C1", "1-2 business days", question);
    expect(answer.threadTs).toBe(question);
    await ana.say("C1", "Thanks!", { threadTs: question });
    await slack.waitFor(() => desk.byBot("C1", question).length > 1);
    expect(slack.messages("C2")).toEqual([]);
    expect(await desk.stop()).toBe(0);
  });

  it("a person takes a ticket, talks through it, hands it back and resolves it", async () => {
    const { slack, sees, marked } = await open(transport);
    const ana = slack.asUser("U1");
    const maya = slack.asUser("U2");
    const customer = ana.directChannel;
    await ana.dm("You charged my card three times. This is unacceptable.");
    const card = await sees("C2", "Ticket #1");
    await sees(customer, "ticket is #1");

    await maya.click("Take");
    await sees("C2", "Taken by Maya. The bot is silent", card.ts);
    await sees("C2", "Taken by Maya", card.ts);
    const said = desk.byBot(customer).length;
    const words = await maya.say("C2", "Hello Ana, I am looking at *it*.", { threadTs: card.ts });
    await sees(customer, "I am looking at *it*.");
    await marked("C2", words, "white_check_mark");
    await maya.edit("C2", words, "Hello Ana, I have looked at it.");
    await sees(customer, "I have looked at it.");
    expect(desk.byBot(customer).length).toBe(said + 1);

    await ana.dm("It was twice, sorry.");
    expect((await sees("C2", "It was twice, sorry.", card.ts)).text).toContain("Ana");
    const note = await maya.say("C2", "// she sounds nice", { threadTs: card.ts });
    const last = await maya.say("C2", "All paid back.", { threadTs: card.ts });
    await marked("C2", last, "white_check_mark");
    expect(desk.byBot(customer).join()).not.toContain("sounds nice");
    expect(slack.messages("C2").find((one) => one.ts === note)?.message.reactions.size).toBe(0);

    await maya.click("Hand back");
    await sees(customer, "back with the assistant");
    await ana.dm("How long does express shipping take?");
    await sees(customer, "1-2 business days");
    await maya.click("Resolve");
    await sees(customer, "ticket #1 is resolved");
    expect((await sees("C2", "Resolved", card.ts)).live).toEqual([]);
    expect(await desk.stop()).toBe(0);
  });

  it("who is not staff cannot take a ticket, and is told so in private", async () => {
    const { slack, sees } = await open(transport);
    await slack.asUser("U1").dm("I want to speak to a human");
    const card = await sees("C2", "Ticket #1");
    // Somebody whose client still shows the card of a channel that they are not in any more.
    const members = slack.world.channels.get("T1 C2")?.members;
    members?.add("U4");
    const pressed = slack.asUser("U4").click("Take");
    members?.delete("U4");
    await pressed;
    const refusal = await slack.waitFor(() => slack.privately("U4")[0]);
    expect(refusal.text).toContain("staff");
    expect(
      slack
        .messages("C2", card.ts)
        .map((one) => one.text)
        .join(),
    ).not.toContain("Taken by");
  });

  it("an event that is brought twice, or again because its acknowledgement was lost, is answered once", async () => {
    const { slack, sees } = await open(transport);
    const ana = slack.asUser("U1");
    slack.deliveries.duplicate(1);
    await ana.dm("How long does express shipping take?");
    await sees(ana.directChannel, "1-2 business days");
    slack.deliveries.loseAcks(2);
    await ana.dm("Where is my order ORD-12345?");
    await sees(ana.directChannel, "1Z999AA10123456784");
    await slack.deliveries.settled();
    expect(slack.deliveries.log.map((one) => one.attempt)).toContain(1);
    await ana.dm("I want to speak to a human");
    await sees(ana.directChannel, "ticket is #1");
    expect(desk.byBot(ana.directChannel)).toHaveLength(3);
  });
});
