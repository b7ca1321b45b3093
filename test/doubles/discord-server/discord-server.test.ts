import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startDiscordProcess } from "./discord-process.ts";
import { createDiscordServer, type DiscordServer } from "./discord-server.ts";

let server: DiscordServer;
beforeEach(async () => {
  server = await createDiscordServer({ nonceWindowMs: 400, answerWithinMs: 400 });
});
afterEach(() => server.close());

async function call(method: string, path: string, body?: object, token = server.token) {
  const response = await fetch(`${server.url}/v10${path}`, {
    method,
    headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/** A gateway connection by hand: what was received, and how it ended. */
function connect() {
  const socket = new WebSocket(`${server.origin.replace("http", "ws")}/gateway`);
  const packets: { op: number; t: string | null; s: number | null; d: Record<string, unknown> }[] = [];
  let closed: number | undefined;
  socket.on("message", (data) => packets.push(JSON.parse(String(data))));
  socket.on("close", (code) => {
    closed = code;
  });
  return {
    packets,
    send: (op: number, d: unknown) => socket.send(JSON.stringify({ op, d })),
    sendText: (text: string) => socket.send(text),
    until: (op: number, t?: string) =>
      server.waitFor(
        () => packets.find((one) => one.op === op && (t === undefined || one.t === t)),
        `${op} ${t ?? ""}`,
      ),
    closed: () => server.waitFor(() => closed, "a close"),
    end: () => socket.terminate(),
  };
}

describe("the double of Discord's REST API", () => {
  it("refuses what Discord refuses, with its codes", async () => {
    const channel = server.addChannel("c");
    const forum = server.addChannel("f", "forum");
    const row = (components: object[]) => [{ type: 1, components }];
    const button = (custom_id: string, label = "x") => ({ type: 2, style: 1, label, custom_id });
    const refused: [object, number][] = [
      [{ content: "" }, 50006],
      [{ content: "x".repeat(2001) }, 50035],
      [{ content: "x", nonce: "n".repeat(26) }, 50035],
      [{ embeds: [{ title: "x".repeat(257) }] }, 50035],
      [{ embeds: [{ description: "x".repeat(4000) }, { description: "x".repeat(2001) }] }, 50035],
      [{ content: "x", components: Array.from({ length: 6 }, (_, n) => row([button(`${n}`)])[0]) }, 50035],
      [{ content: "x", components: row(Array.from({ length: 6 }, (_, n) => button(`${n}`))) }, 50035],
      [{ content: "x", components: row([button("same"), button("same")]) }, 50035],
      [{ content: "x", components: row([button("x".repeat(101))]) }, 50035],
      [{ content: "x", components: row([button("a", "x".repeat(81))]) }, 50035],
      [{ content: "x", message_reference: { message_id: "1" } }, 50035],
    ];
    for (const [body, code] of refused) {
      expect(
        (await call("POST", `/channels/${channel.id}/messages`, body)).body.code,
        JSON.stringify(body),
      ).toBe(code);
    }
    expect((await call("POST", `/channels/${forum.id}/messages`, { content: "x" })).body.code).toBe(50008);
    expect((await call("POST", "/channels/1/messages", { content: "x" })).body.code).toBe(10003);
    expect((await call("GET", "/channels/1", undefined, "wrong")).status).toBe(401);
    expect((await call("GET", "/no/such/route")).status).toBe(404);
    expect(server.messages(channel)).toEqual([]);
  });

  it("answers an enforced nonce with the same message, for a while", async () => {
    const channel = server.addChannel("c");
    const body = { content: "x", nonce: "n1", enforce_nonce: true };
    const first = await call("POST", `/channels/${channel.id}/messages`, body);
    expect((await call("POST", `/channels/${channel.id}/messages`, body)).body.id).toBe(first.body.id);
    expect((await call("GET", `/channels/${channel.id}/messages`)).body[0].nonce).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect((await call("POST", `/channels/${channel.id}/messages`, body)).body.id).not.toBe(first.body.id);
  });

  it("pages messages as Discord does: newest first, the oldest of what comes after", async () => {
    const channel = server.addChannel("c");
    const ana = server.asUser("Ana");
    const ids = Array.from({ length: 5 }, (_, n) => ana.say(channel, `${n}`).id);
    const list = async (query: string) =>
      ((await call("GET", `/channels/${channel.id}/messages?${query}`)).body as { id: string }[]).map((one) =>
        ids.indexOf(one.id),
      );
    expect(await list("limit=2")).toEqual([4, 3]);
    expect(await list(`after=${ids[0]}&limit=2`)).toEqual([2, 1]);
    expect(await list(`after=${ids[4]}&limit=2`)).toEqual([]);
  });

  it("notifies whoever a message names, unless it says otherwise", async () => {
    const channel = server.addChannel("c");
    const ana = server.asUser("Ana");
    const content = `<@${ana.id}> @everyone`;
    await call("POST", `/channels/${channel.id}/messages`, { content });
    await call("POST", `/channels/${channel.id}/messages`, { content, allowed_mentions: { parse: [] } });
    await call("POST", `/channels/${channel.id}/messages`, {
      content: "see https://a.test and <https://b.test>",
    });
    const [loud, silent, link] = server.messages(channel);
    expect(loud?.notified).toEqual([ana.id, "everyone"]);
    expect(silent?.notified).toEqual([]);
    expect(link?.previews).toEqual(["https://a.test"]);
  });

  it("limits each route and channel, tells so, and counts who does not listen", async () => {
    await server.close();
    server = await createDiscordServer({ bucket: { limit: 2, perMs: 60_000 } });
    const [one, two] = [server.addChannel("1"), server.addChannel("2")];
    const post = (channel: { id: string }) =>
      call("POST", `/channels/${channel.id}/messages`, { content: "x" });
    const first = await post(one);
    expect(first.headers.get("x-ratelimit-remaining")).toBe("1");
    await post(one);
    const refused = await post(one);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.body).toMatchObject({ global: false, retry_after: expect.any(Number) });
    expect((await post(two)).status).toBe(200);
    await post(one);
    expect(server.rest.disobeyed).toBe(1);
    expect(server.rest.invalidRequests).toBe(2);
  });
});

describe("the double of Discord's gateway", () => {
  const identify = (token: string, intents = 512) => ({
    token,
    intents,
    properties: {},
    shard: [0, 1],
  });

  it("lets in who identifies rightly, and tells of the guilds", async () => {
    const bot = connect();
    await bot.until(10);
    bot.send(2, identify(server.token, 1));
    expect((await bot.until(0, "READY")).d).toMatchObject({
      user: { id: server.bot.id },
      session_id: expect.any(String),
    });
    expect((await bot.until(0, "GUILD_CREATE")).d).toMatchObject({ id: server.guild.id });
    bot.send(1, 2);
    await bot.until(11);
    bot.end();
  });

  it("closes with Discord's codes", async () => {
    server.setMessageContent(false);
    const closes: [(bot: ReturnType<typeof connect>) => void, number][] = [
      [(bot) => bot.send(2, identify("wrong")), 4004],
      [(bot) => bot.send(2, identify(server.token, 1 << 30)), 4013],
      [(bot) => bot.send(2, identify(server.token, 1 << 15)), 4014],
      [(bot) => bot.send(3, {}), 4003],
      [(bot) => bot.send(42, {}), 4001],
      [(bot) => bot.sendText("no json"), 4002],
    ];
    for (const [act, code] of closes) {
      const bot = connect();
      await bot.until(10);
      act(bot);
      expect(await bot.closed()).toBe(code);
    }
  });

  it("sends again what a resumed session has missed, in order, and nothing else", async () => {
    const channel = server.addChannel("c");
    const ana = server.asUser("Ana");
    const bot = connect();
    await bot.until(10);
    bot.send(2, identify(server.token, 512 | (1 << 15)));
    const ready = await bot.until(0, "READY");
    ana.say(channel, "seen");
    await bot.until(0, "MESSAGE_CREATE");
    bot.end();
    await server.waitFor(() => !server.gateway.connected, "the end");
    ana.say(channel, "missed 1");
    ana.say(channel, "missed 2");
    const again = connect();
    await again.until(10);
    again.send(6, { token: server.token, session_id: ready.d.session_id, seq: 2 });
    await again.until(0, "RESUMED");
    const texts = again.packets.filter((one) => one.t === "MESSAGE_CREATE").map((one) => one.d.content);
    expect(texts).toEqual(["missed 1", "missed 2"]);
    again.send(1, null);
    server.gateway.forgetSessions();
    expect((await again.until(9)).d).toBe(false);
    again.end();
  });

  it("hides what people write from a bot without the intent, except what is for it", async () => {
    const channel = server.addChannel("c");
    const ana = server.asUser("Ana");
    const bot = connect();
    await bot.until(10);
    bot.send(2, identify(server.token, 512 | 4096));
    await bot.until(0, "READY");
    ana.say(channel, "not for you");
    ana.say(channel, `<@${server.bot.id}> for you`);
    ana.dm("for you, too");
    await server.waitFor(
      () => bot.packets.filter((one) => one.t === "MESSAGE_CREATE").length === 3,
      "three messages",
    );
    const texts = bot.packets.filter((one) => one.t === "MESSAGE_CREATE").map((one) => one.d.content);
    expect(texts).toEqual(["", `<@${server.bot.id}> for you`, "for you, too"]);
    bot.end();
  });

  it("waits three seconds for the first answer to an interaction, and takes one", async () => {
    const channel = server.addChannel("c");
    const ana = server.asUser("Ana");
    const answer = (run: { id: string; token: string }) =>
      call("POST", `/interactions/${run.id}/${run.token}/callback`, {
        type: 4,
        data: { content: "hi", flags: 64 },
      });
    const run = ana.command(channel, "support", "status");
    expect((await answer(run)).status).toBe(204);
    expect((await answer(run)).body.code).toBe(40060);
    expect(ana.shownPrivately().map((one) => one.content)).toEqual(["hi"]);
    expect(server.messages(channel)).toEqual([]);
    const late = ana.command(channel, "support", "status");
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect((await answer(late)).body.code).toBe(10062);
  });
});

describe("the double as a process", () => {
  it("does what it is told over HTTP", async () => {
    const other = await startDiscordProcess();
    try {
      expect(await other.order({ as: "Ana", do: "dm", args: ["hello"] })).toMatchObject({
        content: "hello",
        author: "Ana",
      });
      expect(await other.order({ as: "Ana", do: "say", args: [other.support, "question"] })).toMatchObject({
        channel: other.support,
      });
      expect(await other.order({ do: "messages", args: [other.support] })).toMatchObject([
        { content: "question" },
      ]);
      expect(await other.order({ do: "gateway.connected" })).toBe(false);
      await expect(other.order({ as: "Ana", do: "click", args: ["Take"] })).rejects.toThrow(
        "sees no such button",
      );
    } finally {
      await other.stop();
    }
  });
});
