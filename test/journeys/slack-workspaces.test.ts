/** One desk in several workspaces of Slack, whose ids are equal as far as Slack lets them be. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Transport } from "../adapters/slack/harness.ts";
import type { Seen } from "../doubles/slack-server/seen.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";

let desk: SlackDesk;

/** The desk's own workspace and another one, in which somebody has the same id as a customer of the first. */
async function open(transport: Transport): Promise<SlackDesk> {
  const env = { SLACK_SUPPORT_CHANNELS: "C1,slack:T2:C1" };
  desk = await openSlackDesk({ transport, installable: true, env });
  const { slack } = desk;
  slack.addTeam("T2");
  slack.addUser("U1", { team: "T2", name: "Another Ana" });
  slack.addUser("U2", { team: "T2", name: "No Maya" });
  slack.installer = { team: "T2", user: "U1" };
  return desk;
}
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  expect(violations).toEqual([]);
});

/** A browser: the page for installing, Slack's consent, and back. */
async function install(): Promise<number> {
  const page = await fetch(`${desk.pages}/slack/install`, { redirect: "manual" });
  const cookie = (page.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const consent = new URL(page.headers.get("location") ?? "");
  consent.searchParams.set("redirect_uri", `${desk.pages}/slack/oauth_redirect`);
  const allowed = await fetch(consent, { redirect: "manual" });
  return (await fetch(allowed.headers.get("location") ?? "", { headers: { cookie } })).status;
}

const shownIn = (team: string, channel: string): Seen[] => desk.slack.messages(channel, undefined, team);
const botIn = (team: string, channel: string) =>
  shownIn(team, channel)
    .filter((one) => one.byBot)
    .map((one) => one.text);
const sees = (team: string, channel: string, includes: string) =>
  desk.slack
    .waitFor(() => shownIn(team, channel).findLast((one) => one.byBot && one.text.includes(includes)))
    .catch((error: unknown) => {
      const all = shownIn(team, channel).map((one) => one.text);
      throw new Error(`${includes}: ${error}\n${all.join("\n")}\n${desk.program.errors().slice(-4_000)}`);
    });

/** What is said in it has this very time, by which Slack tells messages apart. */
function at<T>(ts: string, say: () => T): T {
  const { world } = desk.slack;
  const { nextTs } = world;
  world.nextTs = () => ts;
  try {
    return say();
  } finally {
    world.nextTs = nextTs;
  }
}

describe.each<Transport>(["socket", "http"])("two workspaces over %s", (transport) => {
  it("with equal users, channels and times see only their own, before and after a restart", async () => {
    const { slack } = await open(transport);
    expect(await install()).toBe(200);
    const one = slack.asUser("U1");
    const two = slack.asUser("U1", "T2");
    expect(one.directChannel).toBe(two.directChannel);
    const channel = one.directChannel;
    const clientMsgId = "the-same-gesture";
    const first = slack.world.nextTs();
    await Promise.all([
      at(first, () => one.dm("How long does express shipping take?", { clientMsgId })),
      at(first, () => two.dm("I want to speak to a human", { clientMsgId })),
    ]);
    await sees("T1", channel, "1-2 business days");
    await sees("T2", channel, "ticket is #1");
    const card = await desk.sees("C2", "Ticket #1");

    await slack.asUser("U2").click("Take");
    await desk.sees("C2", "The bot is silent", card.ts);
    const words = await slack.asUser("U2").say("C2", "Hello over there.", { threadTs: card.ts });
    await desk.marked("C2", words, "white_check_mark");
    await sees("T2", channel, "Hello over there.");
    await desk.kill();
    await desk.start();

    const second = slack.world.nextTs();
    await Promise.all([
      at(second, () => two.dm("It is about my invoice.")),
      at(second, () => one.dm("Where is my order ORD-12345?")),
    ]);
    await desk.sees("C2", "It is about my invoice.", card.ts);
    await sees("T1", channel, "1Z999AA10123456784");
    expect(botIn("T1", channel).join()).not.toMatch(/ticket|Hello over there/);
    expect(botIn("T2", channel).join()).not.toMatch(/business days|1Z999AA10123456784/);
    expect(
      shownIn("T1", "C2")
        .map((message) => message.text)
        .join(),
    ).not.toContain("1Z999AA10123456784");
    // Who is staff in the one workspace is nobody in the other.
    await slack.asUser("U2", "T2").command("tickets");
    await slack.waitFor(() => slack.privately("U2", "T2").length > 0);
    expect(
      slack
        .privately("U2", "T2")
        .map((message) => message.text)
        .join(),
    ).not.toContain("#1");
    // A channel of the other workspace where customers ask; its namesake in the first is another one.
    slack.addChannel("C1", { team: "T2", members: ["U1", "U2"] });
    const question = await slack.asUser("U1", "T2").say("C1", "How long does express shipping take?");
    await sees("T2", "C1", "1-2 business days");
    expect(slack.messages("C1", question, "T2")).toHaveLength(2);
    expect(botIn("T1", "C1")).toEqual([]);
    expect(await desk.stop()).toBe(0);
  });
});

describe("a workspace", () => {
  it("that never installed the app is none of the desk's", async () => {
    const { slack } = await open("http");
    const stranger = slack.asUser("U1", "T2");
    await stranger.dm("How long does express shipping take?");
    await stranger.command("person");
    await slack.asUser("U1").dm("How long does express shipping take?");
    await sees("T1", "D1", "1-2 business days");
    expect(slack.deliveries.log.every((one) => one.acknowledged)).toBe(true);
    expect(slack.calls.filter((call) => call.team === "T2")).toEqual([]);
    expect(botIn("T2", "D1")).toEqual([]);
  });

  it("that removes the app is forgotten with its token, which is written nowhere in the clear", async () => {
    const { slack } = await open("socket");
    expect(await install()).toBe(200);
    const two = slack.asUser("U1", "T2");
    await two.dm("How long does express shipping take?");
    await sees("T2", "D1", "1-2 business days");
    for (const name of readdirSync(desk.data).filter((one) => one.startsWith("ledger.sqlite"))) {
      expect(readFileSync(join(desk.data, name)).includes("xoxb-T2-token"), name).toBe(false);
    }
    await slack.removeApp("T2");
    const removed = slack.calls.length;
    await desk.kill();
    await desk.start();
    await two.dm("How long does standard shipping take?");
    await slack.asUser("U1").dm("How long does express shipping take?");
    await sees("T1", "D1", "1-2 business days");
    expect(slack.calls.slice(removed).filter((call) => call.team === "T2")).toEqual([]);

    expect(await install()).toBe(200);
    await two.dm("How long does express shipping take?");
    await slack.waitFor(() => botIn("T2", "D1").length === 2);
    expect(desk.program.errors()).not.toContain("xoxb-T2-token");
    expect(await desk.stop()).toBe(0);
  });
});
