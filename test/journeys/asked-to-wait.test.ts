/** A platform that asks to wait is not asked before that: by no process of the desk, and not by the next one either. */
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createInhabitedSlack } from "../adapters/slack/harness.ts";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { askPostgres } from "../doubles/postgres-ask.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import type { SlackServer } from "../doubles/slack-server/slack-server.ts";
import { openDiscordDesk } from "./discord-desk.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";
import { closeTerminals, countOf, openTerminal, type Terminal, temporaryFolder, until } from "./terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const posts = "chat.postMessage";
const waitSeconds = 3;
/** Whose answers in a channel are posted, not streamed: then the threads of a channel have one limit. */
const plain = { lacks: ["chat.startStream", "chat.appendStream", "chat.stopStream"] };
const limitPosts = (slack: SlackServer, channel: string) =>
  slack.faults.add({ kind: "rate_limited", seconds: waitSeconds }, { method: posts, channel });
const env = { LOG_LEVEL: "debug" };
/** When Slack asked to wait, and when it was next called there. */
function around(slack: SlackServer, channel: string) {
  const calls = slack.callsOf(posts).filter((call) => call.args.channel === channel);
  const refused = calls.findIndex((call) => call.error === "ratelimited");
  return { refusedAt: calls[refused]?.at ?? Number.NaN, nextAt: calls[refused + 1]?.at };
}

describe("a desk that is started again", () => {
  it("keeps the Retry-After that its predecessor was told, also for those who write now, and then answers everybody", async () => {
    const desk: SlackDesk = await openSlackDesk({ server: { plain }, env });
    closing.push(desk.close);
    const { slack } = desk;
    limitPosts(slack, "C1");
    const first = await slack.asUser("U1").say("C1", "How long does express shipping take?");
    await slack.waitFor(() => slack.callsOf(posts).some((call) => call.error === "ratelimited"));
    await desk.program.logs("waits.kept");
    await desk.kill();
    await desk.start();
    // Another thread of the same channel: nothing in the outbox waits there.
    const second = await slack.asUser("U4").say("C1", "What is your return policy?");
    await desk.sees("C1", "1-2 business days", first);
    await desk.sees("C1", "30 days", second);
    expect(slack.violations).toEqual([]);
    const { refusedAt, nextAt } = around(slack, "C1");
    expect(nextAt ?? 0).toBeGreaterThanOrEqual(refusedAt + waitSeconds * 1_000 - 20);
  });

  it("asks no model whose endpoint has asked its predecessor to wait", async () => {
    let limited = true;
    const asked: number[] = [];
    const model = await createOpenAIServer({
      script: () => {
        asked.push(performance.now());
        return limited
          ? { status: 429, headers: { "retry-after": String(waitSeconds) } }
          : { text: "What can I do for you?" };
      },
    });
    closing.push(model.close);
    const desk = await openSlackDesk({ modelUrl: model.url, env });
    closing.push(desk.close);
    const { slack } = desk;
    await slack.asUser("U1").dm("Hello");
    await desk.program.logs("waits.kept");
    limited = false;
    await desk.kill();
    await desk.start();
    await slack.asUser("U4").dm("Good morning");
    for (const user of ["U1", "U4"])
      await desk.sees(slack.asUser(user).directChannel, "What can I do for you?");
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(waitSeconds * 1_000 - 25);
  });
});

describe("a desk on Discord that is started again", () => {
  it("begins, and answers, when Discord may be asked again: not before, about anything", async () => {
    const desk = await openDiscordDesk({ env });
    closing.push(desk.close);
    const { discord } = desk;
    const ana = discord.asUser("ana");
    const trouble = { kind: "limited", seconds: waitSeconds, global: true } as const;
    // What the desk reads up at its start may be on its way while it is told to wait: that is no call inside of the wait.
    for (let calls = -1; calls !== discord.rest.calls.length; ) {
      calls = discord.rest.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    discord.rest.fault({ method: "POST", path: /\/messages$/, trouble });
    ana.dm("How long does express shipping take?");
    await desk.program.logs("waits.kept");
    await desk.kill();
    await desk.start();
    await desk.sees(ana.directChannel, "1-2 business days");
    expect(discord.rest.disobeyed).toBe(0);
  });
});

describe.skipIf(postgres.missing)("a desk of several processes", () => {
  interface Crew {
    slack: SlackServer;
    model: OpenAIServer;
    /** Of the database. */
    url: string;
    start(roles?: string): Promise<Terminal>;
  }

  async function open(): Promise<Crew> {
    const slack = await createInhabitedSlack({ plain });
    closing.push(async () => {
      closeTerminals();
      slack.dropHanging();
      await slack.close();
    });
    const model = await createOpenAIServer({ script: () => ({ text: "What can I do for you?" }) });
    closing.push(model.close);
    const url = await postgres.place();
    const settings = {
      ...env,
      DATABASE_URL: url,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      SLACK_SUPPORT_CHANNELS: "C1",
      DESK_CHANNEL: "slack:C2",
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: "k",
    };
    return {
      slack,
      model,
      url,
      start(roles) {
        const folder = temporaryFolder();
        closing.push(folder.remove);
        return openTerminal(folder.path, {
          env: settings,
          args: roles === undefined ? [] : ["--roles", roles],
        });
      },
    };
  }
  const answered = (slack: SlackServer, thread: string) =>
    slack.messages("C1", thread).some((one) => one.byBot && one.text.includes("What can I do for you?"));

  it("what one was told all of them keep, and everybody is answered once", async () => {
    const { slack, start } = await open();
    const crew = [await start(), await start()];
    limitPosts(slack, "C1");
    const threads = [await slack.asUser("U1").say("C1", "Hello")];
    await slack.waitFor(() => slack.callsOf(posts).some((call) => call.error === "ratelimited"));
    const knows = (one: Terminal) => countOf(one.log(), "waits.kept") + countOf(one.log(), "waits.heard") > 0;
    await until(
      () => crew.every(knows),
      () => "the word has got through",
    );
    for (let at = 0; at < 8; at++) {
      const user = slack.addUser(`U2${at}`, { name: `Guest ${at}` });
      slack.world.channels.get("C1")?.members.add(user.id);
      threads.push(await slack.asUser(user.id).say("C1", `Hello from ${at}`));
    }
    await until(
      () => threads.every((thread) => answered(slack, thread)),
      () => crew.map((one) => one.errors().slice(-4_000)).join("\n---\n"),
      40_000,
    );
    expect(slack.violations).toEqual([]);
    for (const thread of threads)
      expect(slack.messages("C1", thread).filter((one) => one.byBot)).toHaveLength(1);
  });

  it("a reply whose process dies while it waits is posted by another when it is due", async () => {
    const { slack, url, start } = await open();
    const [talks, sends] = [await start(), await start("send")];
    limitPosts(slack, "C1");
    const thread = await slack.asUser("U1").say("C1", "Hello");
    await talks.logs("crew.handed_on");
    const held = () => askPostgres(url, "SELECT name FROM claims WHERE name LIKE 'send:%'");
    await expect.poll(held).toEqual([]);
    await talks.kill();
    await until(
      () => answered(slack, thread),
      () => sends.errors().slice(-4_000),
      40_000,
    );
    const { refusedAt, nextAt } = around(slack, "C1");
    const lateMs = (nextAt ?? 0) - refusedAt - waitSeconds * 1_000;
    expect(lateMs).toBeGreaterThanOrEqual(-20);
    // The claims of the dead one run out after ten seconds.
    expect(lateMs).toBeLessThan(6_000);
    expect(slack.violations).toEqual([]);
  });

  it("whoever was refused does not look for what it has certainly not posted", async () => {
    const { slack, start } = await open();
    const alone = await start();
    limitPosts(slack, "C2");
    await slack.asUser("U1").dm("I want to talk to a person");
    await until(
      () => slack.messages("C2").some((one) => one.text.includes("Ticket #1")),
      () => alone.errors().slice(-4_000),
    );
    const looks = ["conversations.history", "conversations.replies"].flatMap((method) =>
      slack.callsOf(method),
    );
    expect(looks.filter((call) => call.args.channel === "C2")).toEqual([]);
    expect(slack.violations).toEqual([]);
  });
});
