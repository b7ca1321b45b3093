/** One desk, several processes: they share the work, take over from each other, and never speak twice. */
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createInhabitedSlack } from "../adapters/slack/harness.ts";
import { createDiscordServer } from "../doubles/discord-server/discord-server.ts";
import { createOpenAIServer, type OpenAIServer, type Reply } from "../doubles/openai-server.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import type { SlackServer } from "../doubles/slack-server/slack-server.ts";
import { closeTerminals, countOf, openTerminal, type Terminal, temporaryFolder, until } from "./terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

let slack: SlackServer;
let model: OpenAIServer;
const folders: ReturnType<typeof temporaryFolder>[] = [];
afterEach(async () => {
  closeTerminals();
  slack.dropHanging();
  await slack.close();
  await model.close();
  for (const folder of folders.splice(0)) folder.remove();
});

interface Open {
  start(...roles: string[]): Promise<Terminal>;
  /** What the bot has said to a customer. */
  told(user: string): string[];
}

async function open(
  script: (asked: string) => Reply | Promise<Reply>,
  more: Record<string, string> = {},
): Promise<Open> {
  slack = await createInhabitedSlack();
  model = await createOpenAIServer({
    script: ({ body }) => {
      const messages = body.messages as { role: string; content: string | null }[];
      return script(messages.findLast((message) => message.role === "user")?.content ?? "");
    },
  });
  const url = await postgres.place();
  const env = {
    DATABASE_URL: url,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    DESK_CHANNEL: "slack:C2",
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: "k",
    ...more,
  };
  return {
    async start(...roles) {
      const folder = temporaryFolder();
      folders.push(folder);
      return openTerminal(folder.path, { env, args: roles.length > 0 ? ["--roles", roles.join(",")] : [] });
    },
    told: (user) =>
      slack
        .messages(slack.asUser(user).directChannel)
        .filter((one) => one.byBot && !one.streaming)
        .map((one) => one.text),
  };
}

const greets = (asked: string): Reply => ({ text: `What can I do for you, ${asked}?` });

describe.skipIf(postgres.missing)("a crew", () => {
  it("shares the work, and answers everybody once", async () => {
    const users = Array.from({ length: 16 }, (_, at) => `U1${at}`);
    // Nobody is answered before all are thought about: that is more than one of them may do at once.
    const all = async (asked: string) => {
      await until(
        () => model.chats().length >= users.length,
        () => `only ${model.chats().length} are thought about`,
      );
      return greets(asked);
    };
    const { start, told } = await open(all, { WORK_AT_ONCE: String(users.length - 4) });
    const crew = [await start(), await start()];
    for (const user of users) slack.addUser(user, { name: user });
    await Promise.all(users.map((user) => slack.asUser(user).dm(`Hello ${user}`)));
    for (const user of users) {
      await until(
        () => told(user).length > 0,
        () => `${user} is answered\n${crew.map((one) => one.errors().slice(-3000)).join("\n")}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const user of users) expect(told(user)).toEqual([expect.stringContaining(`Hello ${user}`)]);
    expect(await Promise.all(crew.map((one) => one.kill("SIGTERM")))).toEqual([0, 0]);
    const turns = crew.map((one) => countOf(one.log(), "turn.ended"));
    expect(turns.reduce((sum, count) => sum + count)).toBe(users.length);
    expect(Math.min(...turns)).toBeGreaterThan(0);
  });

  it("in parts: one listens, one thinks, one speaks", async () => {
    const { start, told } = await open(greets);
    const parts = [await start("receive"), await start("work"), await start("send")];
    await slack.asUser("U1").dm("Hello");
    await until(
      () => told("U1").length > 0,
      () => parts.map((one) => one.errors().slice(-3000)).join("\n---\n"),
    );
    expect(told("U1")).toEqual([expect.stringContaining("What can I do for you, Hello?")]);
    const have = (event: string) => parts.map((one) => countOf(one.log(), event));
    await until(
      () => have("send.done")[2] === 1,
      () => "the sender has noted it",
    );
    expect(have("turn.ended")).toEqual([0, 1, 0]);
    expect(have("send.done")).toEqual([0, 0, 1]);
  });

  it("a process that dies in a turn is taken over, and the customer reads one answer", async () => {
    let hang = true;
    const { start, told } = await open((asked) => (hang ? { fault: "hang" } : greets(asked)));
    await start();
    await slack.asUser("U1").dm("Hello");
    await until(
      () => model.chats().length > 0,
      () => "the model is asked",
    );
    hang = false;
    closeTerminals();
    const next = await start();
    await until(
      () => told("U1").length > 0,
      () => next.errors().slice(-3000),
      30_000,
    );
    expect(told("U1")).toEqual([expect.stringContaining("What can I do for you, Hello?")]);
  });

  it("a process that is told to stop hands what does not end to another, and the customer reads one answer", async () => {
    let hang = true;
    const { start, told } = await open((asked) => (hang ? { fault: "hang" } : greets(asked)));
    const leaving = await start();
    await slack.asUser("U1").dm("Hello");
    await until(
      () => model.chats().length > 0,
      () => "the model is asked",
    );
    const next = await start();
    hang = false;
    expect(await leaving.kill("SIGTERM")).toBe(0);
    await until(
      () => told("U1").length > 0,
      () => `${leaving.errors().slice(-3000)}\n---\n${next.errors().slice(-3000)}`,
    );
    expect(told("U1")).toEqual([expect.stringContaining("What can I do for you, Hello?")]);
    // It was given back: nobody had to wait for a claim to run out.
    expect(countOf(next.log(), "claim.taken_over")).toBe(0);
  });

  it("a person takes over in one process what another is saying: from then on nobody hears the bot", async () => {
    // Broken off by the takeover, however long a slow machine takes to come to it.
    const words = Array.from({ length: 4_000 }, (_, at) => `word${at % 9} `);
    const { start } = await open((asked) =>
      asked.includes("slowly") ? { text: words, chunkDelayMs: 20 } : greets(asked),
    );
    const crew = await Promise.all([start(), start()]);
    const maya = slack.asUser("U2");
    const users = ["U11", "U12", "U13", "U14"];
    for (const user of users) slack.addUser(user, { name: user });
    for (const [at, user] of users.entries()) {
      const { dm, directChannel } = slack.asUser(user);
      const threadTs = slack.addAssistantThread(user);
      await dm("I want to speak to a human", { threadTs });
      const card = await slack.waitFor(() =>
        slack.messages("C2").find((one) => one.text.includes(`Ticket #${at + 1}`)),
      );
      await maya.click("Hand back");
      await until(
        () => slack.messages(directChannel).some((one) => one.text.includes("back with the assistant")),
        () => crew.map((one) => one.errors().slice(-6000)).join("\n---\n"),
      );
      await dm("Please speak slowly", { threadTs });
      await slack.waitFor(() => slack.messages(directChannel).some((one) => one.text.includes("word3")));
      await maya.click("Take");
      await slack.waitFor(() =>
        slack.messages("C2", card.ts).some((one) => one.text.includes("The bot is silent until hand-back")),
      );
      const shown = slack.messages(directChannel).map((one) => one.text);
      expect(shown.join(" ")).not.toContain("word3");
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(slack.messages(directChannel).map((one) => one.text)).toEqual(shown);
    }
  });

  it("a process that was frozen and wakes up finds that another has answered, and says nothing", async () => {
    const frozen: Terminal[] = [];
    const { start, told } = await open(async (asked) => {
      const first = model.chats().length === 1;
      if (first) await new Promise((resolve) => setTimeout(resolve, 1_000));
      return first ? { text: "Too late." } : greets(asked);
    });
    frozen.push(await start());
    await slack.asUser("U1").dm("Hello");
    await until(
      () => model.chats().length === 1,
      () => "the model is asked",
    );
    frozen[0]?.signal("SIGSTOP");
    const next = await start();
    await until(
      () => told("U1").length > 0,
      () => next.errors().slice(-3000),
      30_000,
    );
    frozen[0]?.signal("SIGCONT");
    await frozen[0]?.logs("claim.lost");
    await slack.asUser("U1").dm("And again");
    await until(
      () => told("U1").length > 1,
      () => next.errors().slice(-3000),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told("U1")).toEqual([
      expect.stringContaining("What can I do for you, Hello?"),
      expect.stringContaining("What can I do for you, And again?"),
    ]);
  });
});

describe.skipIf(postgres.missing)("a crew on Discord", () => {
  it("one listens; when it dies the next goes on, and nobody has to write again", async () => {
    const discord = await createDiscordServer();
    model = await createOpenAIServer({ script: () => ({ text: "What can I do for you?" }) });
    slack = await createInhabitedSlack();
    const office = discord.addPrivateChannel("desk", discord.world.addRole(discord.guild, "Agents"));
    const env = {
      DATABASE_URL: await postgres.place(),
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.url,
      DESK_CHANNEL: `discord:${office.id}`,
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: "k",
    };
    const start = () => {
      const folder = temporaryFolder();
      folders.push(folder);
      return openTerminal(folder.path, { env });
    };
    try {
      const first = await start();
      await discord.waitFor(() => discord.gateway.connected, "somebody listens");
      const second = await start();
      const ana = discord.asUser("ana");
      ana.dm("Hello");
      await discord.waitFor(() => discord.byBot(ana.directChannel).length === 1, "an answer");
      expect(discord.gateway.identifies).toBe(1);
      await first.kill();
      ana.dm("Are you there?");
      await until(
        () => discord.byBot(ana.directChannel).length === 2,
        () => second.errors().slice(-4000),
        30_000,
      );
    } finally {
      closeTerminals();
      await discord.close();
    }
  });
});
