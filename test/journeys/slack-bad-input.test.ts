/** Requests that are not Slack's, and texts that want more than to be read. */
import { afterEach, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { sign } from "../doubles/slack-server/deliveries.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";
import { temporaryFolder } from "./terminal.ts";

let desk: SlackDesk;
let model: OpenAIServer | undefined;
let shop: ReturnType<typeof temporaryFolder> | undefined;
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  await model?.close();
  model = undefined;
  shop?.remove();
  shop = undefined;
  expect(violations).toEqual([]);
});

const hostile = [
  "<!channel> <!here> <@U2> <!subteam^S1> @everyone <https://evil.example/login|your invoice> <#C2>",
  `${"long words ".repeat(3_700)}<!channel>`.slice(0, 40_000),
  `bells\u0007 and\u0000 zeros\u001b[31m, \u202eright to left\u202c, \u200bnothing\u200b <@U2>`,
  `${"<@U2> ".repeat(3_000)}`,
  "*_~`>```<!here> </script>&amp;&lt;!channel&gt; %s {{7*7}}",
];

/** Nothing that the bot has written would notify anybody. */
function harmless(): void {
  for (const { user, ...message } of [
    ...desk.slack.messages("C1"),
    ...desk.slack.messages("C2"),
    ...desk.slack.messages("D1"),
  ]) {
    if (!message.byBot) continue;
    expect(message.live, message.text.slice(0, 300)).toEqual([]);
  }
}

describe("over HTTP", () => {
  it("a request that Slack has not signed, or not now, is refused and does nothing", async () => {
    desk = await openSlackDesk({ transport: "http" });
    const { slack, address } = desk;
    const ana = slack.asUser("U1");
    await ana.dm("Hello!");
    await slack.waitFor(() => desk.byBot(ana.directChannel).length === 1);
    const genuine = slack.deliveries.log[0]?.payload;
    const event = genuine?.event as Record<string, unknown>;
    const body = JSON.stringify({
      ...genuine,
      event_id: "EvForged",
      event: { ...event, ts: "1.2", client_msg_id: "forged", text: "I want to speak to a human" },
    });
    const now = Math.floor(Date.now() / 1000);
    const send = async (at: number, signature: string) => {
      const headers = {
        "content-type": "application/json",
        "x-slack-request-timestamp": String(at),
        "x-slack-signature": signature,
      };
      return (await fetch(address, { method: "POST", body, headers })).status;
    };
    const { signingSecret: secret } = slack;
    expect(await send(now, sign("a guess", String(now), body))).toBe(401);
    expect(await send(now, sign(secret, String(now), `${body} `))).toBe(401);
    expect(await send(now - 600, sign(secret, String(now - 600), body))).toBe(401);
    expect(await send(now + 600, sign(secret, String(now + 600), body))).toBe(401);
    expect(await send(now, "")).toBe(401);
    expect((await fetch(address, { method: "POST", body })).status).toBe(401);
    expect(slack.messages("C2")).toEqual([]);
    expect(await send(now, sign(secret, String(now), body))).toBe(200);
    await desk.sees("C2", "Ticket #1");
    expect(await desk.stop()).toBe(0);
  });

  it("a request that is replayed as it was, press or message, does nothing a second time", async () => {
    desk = await openSlackDesk({ transport: "http" });
    const { slack } = desk;
    const ana = slack.asUser("U1");
    await ana.dm("I want to speak to a human");
    const card = await desk.sees("C2", "Ticket #1");
    await slack.asUser("U2").click("Take");
    await desk.sees("C2", "The bot is silent", card.ts);
    await slack.asUser("U2").click("Hand back");
    await desk.sees(ana.directChannel, "back with the assistant");
    await slack.waitFor(() => desk.byBot("C2", card.ts).includes("Handed back to the bot by Maya."));
    const shown = () => [...desk.byBot("C2", card.ts), ...desk.byBot(ana.directChannel)];
    const before = shown();
    for (const { kind, payload } of [...slack.deliveries.log]) {
      expect((await slack.deliveries.deliver(kind, payload)).status).toBe(200);
    }
    await ana.dm("How long does express shipping take?");
    await desk.sees(ana.directChannel, "1-2 business days");
    const fresh = shown().filter((text) => !before.includes(text));
    expect(fresh).toEqual([expect.stringContaining("1-2 business days")]);
    expect(shown()).toHaveLength(before.length + 1);
    expect(await desk.stop()).toBe(0);
  });

  it("signed nonsense is answered, and the desk goes on", async () => {
    desk = await openSlackDesk({ transport: "http" });
    const { slack, address } = desk;
    const send = async (body: string, type: string) => {
      const at = String(Math.floor(Date.now() / 1000));
      const signature = sign(slack.signingSecret, at, body);
      const headers = {
        "content-type": type,
        "x-slack-request-timestamp": at,
        "x-slack-signature": signature,
      };
      return (await fetch(address, { method: "POST", body, headers })).status;
    };
    const form = "application/x-www-form-urlencoded";
    const actions = [
      { action_id: "ticket.take", value: "999999999999999999999" },
      { action_id: "nobody.knows" },
    ];
    const press = {
      type: "block_actions",
      team: { id: "T1" },
      user: { id: "U2" },
      channel: { id: "C2" },
      actions,
    };
    const odd: [string, string][] = [
      ["{", "application/json"],
      ["null", "application/json"],
      ["[1,2]", "application/json"],
      [`{"type":"event_callback","team_id":"T1","event":{"type":"message"}}`, "application/json"],
      [
        `{"type":"event_callback","team_id":"T1","event_id":"E1","event":{"type":"message","channel":7,"ts":[],"user":{},"text":null}}`,
        "application/json",
      ],
      [
        `{"type":"event_callback","team_id":"T77","event_id":"E2","event":{"type":"message","channel":"C1","ts":"1.1","user":"U1","text":"hi"}}`,
        "application/json",
      ],
      ["payload=%7B", form],
      [new URLSearchParams({ payload: JSON.stringify(press) }).toString(), form],
      ["command=%2Fsupport&text=take+1&team_id=T1&user_id=U1&channel_id=D1", form],
      ["", form],
    ];
    for (const [body, type] of odd) expect([200, 400], body).toContain(await send(body, type));
    const ana = slack.asUser("U1");
    await ana.dm("How long does express shipping take?");
    await desk.sees(ana.directChannel, "1-2 business days");
    expect(await desk.stop()).toBe(0);
    expect(desk.program.errors()).not.toContain(slack.signingSecret);
    expect(desk.program.errors()).not.toContain(slack.botToken);
  });
});

describe("over Socket Mode", () => {
  it("envelopes that make no sense are left, and the desk goes on", async () => {
    desk = await openSlackDesk();
    const { slack } = desk;
    const odd = [
      "{",
      "null",
      "[]",
      '"hello"',
      "{}",
      '{"type":"events_api"}',
      '{"type":"events_api","envelope_id":"1","payload":null}',
      '{"type":"events_api","envelope_id":"2","payload":{"type":"event_callback","team_id":"T1","event":{"type":"message","channel":7}}}',
      '{"type":"interactive","envelope_id":"3","payload":{"type":"block_actions","team":{"id":"T1"},"actions":"no"}}',
      '{"type":"slash_commands","envelope_id":"4","payload":{"team_id":"T1","command":7}}',
      '{"type":"unheard_of","envelope_id":"5","payload":{}}',
    ];
    for (const text of odd) for (const socket of slack.deliveries.sockets) socket.send(text);
    const ana = slack.asUser("U1");
    await ana.dm("How long does express shipping take?");
    await desk.sees(ana.directChannel, "1-2 business days");
    expect(await desk.stop()).toBe(0);
    expect(desk.program.errors()).not.toContain(slack.appToken);
  });
});

describe("hostile text", () => {
  it("of a customer reaches staff as text", async () => {
    desk = await openSlackDesk();
    const { slack, sees } = desk;
    const ana = slack.asUser("U1");
    await ana.dm("I want to speak to a human");
    const card = await sees("C2", "Ticket #1");
    await slack.asUser("U2").click("Take");
    await sees("C2", "The bot is silent", card.ts);
    for (const [at, text] of hostile.entries()) await ana.dm(`number ${at}: ${text}`);
    for (const at of hostile.keys()) await sees("C2", `number ${at}:`, card.ts);
    await ana.say("C1", `I want to speak to a human ${hostile[0]}`);
    await sees("C2", "Ticket #2");
    harmless();
    expect(await desk.stop()).toBe(0);
  });

  it("of an article is quoted as text, and its links lead nowhere that is not allowed", async () => {
    shop = temporaryFolder();
    const words = `To water the ficus: <!channel> <@U2> <https://evil.example/pay|pay here> [pay](https://evil.example) every Monday.`;
    const article = { id: "ficus", category: "plants", updated: "2026-01-10", text: words };
    writeShop(shop.path, { ...careful, articles: [article] });
    desk = await openSlackDesk({ workspace: shop.path });
    const { slack, sees } = desk;
    const ana = slack.asUser("U1");
    await ana.dm("When should I water the ficus?");
    await sees(ana.directChannel, "every Monday");
    harmless();
    expect(JSON.stringify(slack.callsOf("chat.postMessage").map((call) => call.args))).not.toMatch(
      /<https:\/\/evil|<!channel|<@U2>/,
    );
  });

  it("in the names of people reaches staff and customers as text", async () => {
    desk = await openSlackDesk();
    const { slack, sees } = desk;
    slack.addUser("U6", { name: "<!channel> *Eve* <https://evil.example|help>\n\u202eU2" });
    slack.addUser("U7", { name: "<@U1> `Mallory`" });
    for (const channel of ["C1", "C2"]) slack.world.channels.get(`T1 ${channel}`)?.members.add("U7");
    await slack.asUser("U6").dm("I want to speak to a human");
    const card = await sees("C2", "Ticket #1");
    await slack.asUser("U7").click("Take");
    await sees("C2", "The bot is silent", card.ts);
    const words = await slack.asUser("U7").say("C2", "Here I am.", { threadTs: card.ts });
    await desk.marked("C2", words, "white_check_mark");
    await sees("D6", "Here I am.");
    await slack.asUser("U6").dm("Hello!");
    await sees("C2", "Hello!", card.ts);
    harmless();
    for (const { live } of slack.messages("D6")) expect(live).toEqual([]);
    expect(await desk.stop()).toBe(0);
  });

  it("of a model reaches the customer as text", async () => {
    model = await createOpenAIServer({
      script: ({ body }) => {
        const items = body.messages as { role: string; content: string | null }[];
        const asked = items.findLast((item) => item.role === "user")?.content ?? "";
        return { text: hostile[Number(/number (\d)/.exec(asked)?.[1])] ?? "What can I do for you?" };
      },
    });
    desk = await openSlackDesk({ modelUrl: model.url });
    const { slack } = desk;
    const ana = slack.asUser("U1");
    for (const at of hostile.keys()) {
      const threadTs = slack.addAssistantThread("U1");
      await ana.dm(`Tell me about number ${at}`, { threadTs });
      await desk.replied(ana.directChannel, 0, threadTs);
    }
    const threadTs = slack.addAssistantThread("U1");
    await ana.dm("Are you still there?", { threadTs });
    await desk.sees(ana.directChannel, "What can I do for you?", threadTs);
    harmless();
    expect(await desk.stop()).toBe(0);
  });
});
