import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createHttp } from "../../../adapters/slack/fetch.ts";
import { createSocketReceiver } from "../../../adapters/slack/socket-receiver.ts";
import { createClock } from "../../../src/clock.ts";
import { createLog } from "../../../src/log.ts";
import type { Incoming } from "../../../src/message.ts";
import { createWaits } from "../../../src/waits.ts";
import { eventually } from "../../contracts/platform.ts";
import { post, sign } from "../../doubles/slack-server/deliveries.ts";
import {
  createInhabitedSlack,
  type DeskOptions,
  openDesk,
  type SlackDesk,
  type Transport,
} from "./harness.ts";

let open: SlackDesk[] = [];
afterEach(async () => {
  const closing = open;
  open = [];
  for (const one of closing) await one.close();
});
async function start(options: DeskOptions = {}): Promise<SlackDesk> {
  const one = await openDesk({ ackTimeoutMs: 1_000, retryDelaysMs: [0, 20, 50, 100, 200], ...options });
  open.push(one);
  return one;
}
const texts = (received: Incoming[]) =>
  received.flatMap((incoming) => (incoming.kind === "message" ? [incoming.message.text] : []));

describe.each<Transport>(["socket", "http"])("events over %s", (transport) => {
  it("all arrive at least once when acknowledgements are lost, events doubled and brought out of order", async () => {
    const { slack, desk } = await start({ transport });
    const ana = slack.asUser("U1");
    slack.deliveries.hold();
    const sent = Array.from({ length: 40 }, (_, n) => {
      if (n % 5 === 0) slack.deliveries.duplicate(1);
      return ana.dm(`message ${n}`);
    });
    slack.deliveries.loseAcks(8);
    slack.deliveries.release("reversed");
    await Promise.all(sent);
    await slack.deliveries.settled();
    const ids = new Map(
      desk.received.flatMap((one) => (one.kind === "message" ? [[one.keys[0], one.message]] : [])),
    );
    expect(desk.received.length).toBeGreaterThan(40);
    const ordered = [...ids.values()].sort((a, b) => (a.order < b.order ? -1 : 1));
    expect(ordered.map((message) => message.text)).toEqual(sent.map((_, n) => `message ${n}`));
  });

  it("are acknowledged only when the desk has them", async () => {
    const { slack, desk } = await start({ transport });
    desk.refuseNext(2);
    await slack.asUser("U1").dm("keep me");
    const attempts = slack.deliveries.log.map((one) => [one.attempt, one.acknowledged]);
    expect(attempts).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
    expect(texts(desk.received)).toEqual(["keep me"]);
  });

  it("interactions and commands are not acknowledged either when the desk cannot take them", async () => {
    const { slack, desk, platform } = await start({ transport });
    await platform.post(
      { channel: "slack:T1:C2" },
      { text: "x", buttons: [{ label: "Take", action: "take", value: "7" }] },
      "o_1",
    );
    for (const act of [
      () => slack.asUser("U2").click("Take"),
      () => slack.asUser("U2").command("take 7", "C2"),
    ]) {
      desk.refuseNext(1);
      expect((await act()).status).not.toBe(200);
      expect((await act()).status).toBe(200);
    }
    expect(desk.received.map((one) => one.kind)).toEqual(["action", "command"]);
  });

  it("lose what no ledger can keep: control characters and half surrogates", async () => {
    const { slack, desk } = await start({ transport });
    await slack.asUser("U1").dm("a\u0000b\ud800c\u0007");
    await slack.asUser("U1").command("note\u0000 x");
    expect(texts(desk.received)).toEqual(["ab\ufffdc"]);
    expect(desk.received[1]).toMatchObject({ text: "note x" });
  });

  it("of workspaces that never installed the app are acknowledged and dropped", async () => {
    const { slack, desk } = await start({ transport });
    slack.addTeam("T2");
    slack.addUser("U1", { team: "T2" });
    await slack.asUser("U1", "T2").dm("hello from elsewhere");
    expect(slack.deliveries.log.at(-1)?.acknowledged).toBe(true);
    expect(desk.received).toEqual([]);
  });

  it("do not wait for a directory that does not answer", async () => {
    const { slack, desk } = await start({ transport, ackTimeoutMs: 3_000 });
    slack.faults.add({ kind: "hang" }, { method: "users.info", times: 5 });
    await slack.asUser("U1").dm("hello");
    expect(slack.deliveries.log.at(-1)).toMatchObject({ attempt: 0, acknowledged: true });
    expect(desk.received[0]).toMatchObject({ message: { author: { id: "slack:T1:U1", name: "U1" } } });
  });
});

describe("people", () => {
  it("are known by the directory: colleagues with their address, guests and others as external", async () => {
    const { slack, desk } = await start();
    for (const user of ["U1", "U3", "U4"]) await slack.asUser(user).say("C1", "hi <@U2>");
    const authors = desk.received.map((one) => (one.kind === "message" ? one.message.author : undefined));
    expect(authors[0]).toEqual({
      id: "slack:T1:U1",
      tenant: "T1",
      name: "Ana",
      directoryEmail: "u1@example.com",
      locale: "en-US",
    });
    expect(authors[1]).toMatchObject({ name: "Eve", external: true });
    expect(authors[1]?.directoryEmail).toBeUndefined();
    expect(authors[2]).toMatchObject({ name: "Gus", external: true });
    expect(authors[2]?.directoryEmail).toBeUndefined();
    expect(texts(desk.received)[0]).toBe("hi @Maya");
    expect(slack.callsOf("users.info")).toHaveLength(4);
  });
});

describe("the assistant pane", () => {
  it("greets once, offers up to four prompts, and is titled by the first question", async () => {
    const { slack, desk } = await start({
      config: {
        greeting: "Hi! Ask me **anything**.",
        suggestedPrompts: [
          "Where is my order?",
          { title: "Refund", message: "I want a refund" },
          "a",
          "b",
          "c",
        ],
      },
    });
    const ana = slack.asUser("U1");
    slack.deliveries.duplicate(1);
    const thread = await ana.openAssistant();
    await ana.dm("Where is ord_1002?", { threadTs: thread });
    await ana.dm("Hello?", { threadTs: thread });
    const place = `${ana.directChannel} ${thread}`;
    await slack.waitFor(() => slack.world.titles.get(place));
    await slack.waitFor(() =>
      slack.messages(ana.directChannel, thread).some((m) => m.text.includes("anything")),
    );
    await slack.deliveries.settled();
    expect(slack.messages(ana.directChannel, thread).filter((m) => m.text.includes("anything"))).toHaveLength(
      1,
    );
    expect(slack.world.titles.get(place)).toBe("Where is ord_1002?");
    expect(slack.world.prompts.get(place)).toMatchObject({
      prompts: [
        { title: "Where is my order?", message: "Where is my order?" },
        { title: "Refund", message: "I want a refund" },
        { title: "a" },
        { title: "b" },
      ],
    });
    expect(desk.received.map((one) => one.kind)).toEqual(["message", "message"]);
    expect(slack.callsOf("assistant.threads.setTitle")).toHaveLength(1);
  });
});

describe("trouble", () => {
  it("with a channel of the desk is told", async () => {
    const { slack, desk } = await start();
    await slack.emit("T1", { type: "channel_left", channel: "C1", event_ts: "1.1" });
    expect(desk.received).toMatchObject([{ kind: "trouble", code: "channel_left", channel: "slack:T1:C1" }]);
  });

  it("with the token is told, and nothing is asked with it again", async () => {
    const { slack, desk, platform } = await start();
    await slack.removeApp("T1");
    expect(desk.received).toMatchObject([{ kind: "trouble", code: "tokens_revoked" }]);
    const before = slack.calls.length;
    await expect(platform.post({ channel: "slack:T1:C1" }, { text: "x" }, "o_1")).rejects.toMatchObject({
      code: "platform_unauthorized",
    });
    expect(slack.calls.length).toBe(before);
  });

  it("with a scope is told once, with the scope's name, however often it is met", async () => {
    const { slack, desk, platform } = await start();
    slack.world.teams.get("T1")?.scopes.delete("reactions:write");
    const ts = await slack.asUser("U1").dm("hello");
    const message = `slack:T1:${slack.asUser("U1").directChannel}:${ts}`;
    for (let n = 0; n < 5; n += 1) {
      await expect(platform.mark?.(message, "sent", true)).rejects.toMatchObject({
        code: "platform_unauthorized",
      });
    }
    const told = desk.received.filter((one) => one.kind === "trouble");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      code: "missing_scope",
      text: expect.stringContaining("reactions:write"),
    });
  });
});

describe("requests over HTTP", () => {
  const now = () => Math.floor(Date.now() / 1000);
  async function send(
    desk: SlackDesk,
    body: string,
    {
      at = now(),
      secret = desk.slack.signingSecret,
      type = "application/json",
      signed = true,
      path = "",
    } = {},
  ) {
    const url = (desk.slack.deliveries.eventsUrls[0] ?? "").replace("/slack/events", path || "/slack/events");
    const headers = signed
      ? { "x-slack-request-timestamp": String(at), "x-slack-signature": sign(secret, String(at), body) }
      : {};
    return post(url, body, { "content-type": type, ...headers }, 5_000);
  }
  const event = (text: string) =>
    JSON.stringify({
      type: "event_callback",
      team_id: "T1",
      event_id: "Ev9",
      event: { type: "message", channel: "D1", channel_type: "im", user: "U1", ts: "1.1", text },
    });

  it("that are forged, unsigned, too old or from the future are refused without work", async () => {
    const desk = await start({ transport: "http" });
    const before = desk.slack.calls.length;
    expect((await send(desk, event("x"), { secret: "another" })).status).toBe(401);
    expect((await send(desk, event("x"), { signed: false })).status).toBe(401);
    expect((await send(desk, event("x"), { at: now() - 301 })).status).toBe(401);
    expect((await send(desk, event("x"), { at: now() + 310 })).status).toBe(401);
    expect((await send(desk, event("x"), { at: Number.NaN })).status).toBe(401);
    expect(desk.desk.received).toEqual([]);
    expect(desk.slack.calls.length).toBe(before);
    expect((await send(desk, event("x"))).status).toBe(200);
    expect(desk.desk.received).toHaveLength(1);
  });

  it("that are malformed are refused, and the next one is taken", async () => {
    const desk = await start({ transport: "http" });
    const form = "application/x-www-form-urlencoded";
    for (const body of ["", "null", "[]", "5", "{", '"x"'])
      expect((await send(desk, body)).status, body).toBe(400);
    for (const body of ["payload=", "payload=null", "payload={", "payload=[]"]) {
      expect((await send(desk, body, { type: form })).status, body).toBe(400);
    }
    for (const body of [
      "{}",
      '{"type":"event_callback"}',
      '{"type":"event_callback","team_id":"T1","event":5}',
      '{"type":"block_actions","team":{"id":"T1"},"actions":"x"}',
      '{"team_id":"T1","command":{}}',
    ]) {
      expect((await send(desk, body)).status, body).toBe(200);
    }
    expect((await send(desk, "a".repeat(3_000_000))).status).toBe(413);
    expect((await send(desk, event("still here"))).status).toBe(200);
    expect(texts(desk.desk.received)).toEqual(["still here"]);
  });

  it("that do not say how long they are, are cut off when they are too long, or when they break off", async () => {
    const desk = await start({ transport: "http" });
    const url = new URL(desk.slack.deliveries.eventsUrls[0] ?? "");
    const status = await new Promise<number>((resolve, reject) => {
      const asked = request(url, { method: "POST" }, (response) => resolve(response.statusCode ?? 0));
      asked.on("error", reject);
      for (let megabytes = 0; megabytes < 3; megabytes++) asked.write("a".repeat(1_000_000));
    });
    expect(status).toBe(413);
    const broken = request(url, { method: "POST" }).on("error", () => {});
    broken.write("half of ");
    await new Promise((resolve) => setTimeout(resolve, 50));
    broken.destroy();
    expect((await send(desk, event("still here"))).status).toBe(200);
    expect(texts(desk.desk.received)).toEqual(["still here"]);
  });

  it("that check the address are answered", async () => {
    const desk = await start({ transport: "http" });
    const check = { signed: false, type: "application/x-www-form-urlencoded" };
    expect((await send(desk, "ssl_check=1&token=x", check)).status).toBe(200);
    expect((await send(desk, "ssl_check=0&command=/support", check)).status).toBe(401);
    const challenge = await send(desk, '{"type":"url_verification","challenge":"abc"}');
    expect(challenge).toEqual({ status: 200, response: { challenge: "abc" } });
    expect((await send(desk, "{}", { path: "/elsewhere" })).status).toBe(404);
  });

  it("that are forms may name their character set", async () => {
    const desk = await start({ transport: "http" });
    const body = new URLSearchParams({
      command: "/support",
      text: "status",
      user_id: "U1",
      channel_id: "C1",
      team_id: "T1",
      trigger_id: "t",
    });
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    expect((await send(desk, body.toString(), { type })).status).toBe(200);
    expect(desk.desk.received).toMatchObject([{ kind: "command", text: "status" }]);
  });
});

describe("connections of Socket Mode", () => {
  it("are two, and stay open until their successors are", async () => {
    const { slack, desk } = await start();
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    const first = [...slack.deliveries.sockets];
    let fewest = 2;
    const watch = setInterval(() => {
      fewest = Math.min(fewest, slack.deliveries.sockets.length);
    }, 1);
    slack.deliveries.recycle(2);
    const ana = slack.asUser("U1");
    for (let n = 0; n < 30; n += 1) {
      await ana.dm(`during ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await slack.waitFor(() => first.every((socket) => !socket.open) && slack.deliveries.sockets.length === 2);
    clearInterval(watch);
    expect(fewest).toBe(2);
    expect(slack.deliveries.log.filter((one) => !one.acknowledged)).toEqual([]);
    expect(new Set(texts(desk.received)).size).toBe(30);
  });

  it("come back after the network was gone, however Slack refuses in between", async () => {
    const { slack, desk } = await start();
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    const open = { method: "apps.connections.open" };
    slack.faults.add({ kind: "reset" }, open);
    slack.faults.add({ kind: "status", status: 503 }, open);
    slack.faults.add({ kind: "error", error: "internal_error" }, open);
    for (const socket of [...slack.deliveries.sockets]) socket.destroy();
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    await slack.asUser("U1").dm("back again");
    expect(texts(desk.received)).toEqual(["back again"]);
  });

  it("that Slack opens no more, for the token's sake, are told to the desk, once", async () => {
    const { slack, desk } = await start();
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    const open = { method: "apps.connections.open" };
    slack.faults.add({ kind: "error", error: "token_revoked" }, { ...open, times: 2 });
    for (const socket of [...slack.deliveries.sockets]) socket.destroy();
    await slack.waitFor(() => slack.callsOf("apps.connections.open").filter((call) => call.ok).length >= 4);
    expect(desk.received).toMatchObject([{ kind: "trouble", code: "token_revoked" }]);
    expect(desk.received[0]).toHaveProperty("text", expect.stringContaining("SLACK_APP_TOKEN"));
  });

  it("survive envelopes that make no sense", async () => {
    const { slack, desk } = await start();
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    for (const socket of slack.deliveries.sockets) {
      for (const text of [
        "",
        "null",
        "{",
        "5",
        "{}",
        '{"type":"events_api"}',
        '{"type":"events_api","envelope_id":"e","payload":{}}',
        '{"type":"events_api","envelope_id":"e","payload":null}',
        '{"type":"slash_commands","envelope_id":"e","payload":"x"}',
      ]) {
        socket.send(text);
      }
    }
    await slack.asUser("U1").dm("still here");
    expect(texts(desk.received)).toEqual(["still here"]);
  });

  it("are not opened with a wrong token: the desk is told at once", async () => {
    await expect(start({ config: { appToken: "xapp-wrong" } })).rejects.toMatchObject({
      code: "platform_unauthorized",
    });
  });

  it("are opened when Slack has asked to wait, not before, and a long wait is told at once", async () => {
    const slack = await createInhabitedSlack();
    const where = { method: "apps.connections.open" };
    slack.faults.add({ kind: "rate_limited", seconds: 1 }, where);
    slack.faults.add({ kind: "rate_limited", seconds: 1 }, { method: "auth.test" });
    const { desk } = await start({ slack });
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    await slack.asUser("U1").dm("hello");
    expect(texts(desk.received)).toEqual(["hello"]);
    expect(slack.callsOf("apps.connections.open").map((call) => call.error)).toEqual(["ratelimited", "", ""]);
    expect(slack.violations).toEqual([]);
    const other = await createInhabitedSlack();
    other.faults.add({ kind: "rate_limited", seconds: 90 }, where);
    await expect(start({ slack: other })).rejects.toMatchObject({ code: "platform_rate_limited" });
    await other.close();
  });

  it("are judged by their pings: a dead one is replaced, a quiet one stays", async () => {
    const slack = await createInhabitedSlack();
    const http = createHttp();
    const { appToken, apiUrl } = slack;
    const handle = async () => undefined;
    const clock = createClock();
    const parts = {
      appToken,
      apiUrl,
      http,
      handle,
      waits: createWaits(clock),
      clock,
      log: createLog("silent"),
    };
    const receiver = createSocketReceiver({ ...parts, pingTimeoutMs: 600 });
    try {
      await receiver.start();
      await slack.waitFor(() => slack.deliveries.sockets.length === 2);
      const [dead, quiet] = [...slack.deliveries.sockets];
      dead?.playDead();
      await slack.waitFor(() =>
        slack.deliveries.sockets.some((socket) => socket !== dead && socket !== quiet),
      );
      expect(slack.deliveries.sockets).toContain(quiet);
    } finally {
      await receiver.close();
      await http.close();
      await slack.close();
    }
  });

  it("end with the desk", async () => {
    const { slack, platform } = await start();
    await slack.waitFor(() => slack.deliveries.sockets.length === 2);
    await platform.close();
    await eventually(() => expect(slack.deliveries.sockets).toHaveLength(0));
  });
});
