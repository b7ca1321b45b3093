import { describe, expect, it } from "vitest";
import { DeskError } from "../../../src/errors.ts";
import { eventually } from "../../contracts/platform.ts";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";
import { ask, gate, type Reply, say, useDesks } from "./desk.ts";

const open = useDesks();

describe("POST /chat", () => {
  it("opens a session with the first message and answers with the reply", async () => {
    const desk = await open();
    const { status, body, headers } = await say(desk, "Hello");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      session_id: expect.stringMatching(/^[0-9A-Za-z_-]{32,64}$/),
      status: "answered",
      response: "You said: Hello",
      reply_id: expect.any(String),
      agent: "triage",
      turn: 1,
    });
  });

  it("goes on in the session that is named", async () => {
    const desk = await open();
    const first = await say(desk, "one");
    const second = await say(desk, "two", first.body.session_id);
    expect(second.body).toMatchObject({
      session_id: first.body.session_id,
      response: "You said: two",
      turn: 2,
    });
    expect(desk.store.threads.size).toBe(1);
  });

  it("takes a session_id that is null for none", async () => {
    const desk = await open();
    expect((await say(desk, "one", null)).status).toBe(200);
  });

  it("answers a session's messages one after the other, each with its own reply", async () => {
    const desk = await open({
      async answering({ text }) {
        // The first takes longest: an answer that overtook would be seen.
        await new Promise((resolve) => setTimeout(resolve, text === "m0" ? 60 : 1));
        return { text: `re ${text}` };
      },
    });
    const session = (await say(desk, "hello")).body.session_id;
    const replies = await Promise.all(Array.from({ length: 8 }, (_, n) => say(desk, `m${n}`, session)));
    for (const [n, { status, body }] of replies.entries()) {
      expect(status).toBe(200);
      expect(body.response).toBe(`re m${n}`);
    }
    const order = desk.received.map((event) => (event.kind === "message" ? event.message : undefined));
    expect(order.map((message) => message?.order)).toEqual(order.map((message) => message?.order).toSorted());
    expect(replies.map(({ body }) => body.turn).toSorted()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("hands on a message as the session's own user, privately", async () => {
    const desk = await open();
    const { body } = await say(desk, "Hello");
    const event = desk.received[0];
    const thread = `http:open:${body.session_id}`;
    expect(event).toMatchObject({
      kind: "message",
      message: {
        thread,
        channel: thread,
        text: "Hello",
        visibility: "private",
        addressed: true,
        author: { id: `http:open:session/${body.session_id}`, tenant: "open", name: "customer" },
      },
    });
    expect(JSON.stringify(event)).not.toContain('"customer":');
  });

  it("tells sources, the open ticket and what waits for the customer's yes", async () => {
    const desk = await open({
      answering: () => ({
        text: "Shall I?",
        sources: [{ title: "Refunds", url: "https://example.com/r" }, { title: "Terms" }],
        confirmation: { id: "in_1", text: "Refund 49.99 USD", expiresAt: Date.UTC(2030, 0, 1) },
      }),
    });
    const first = await say(desk, "refund");
    for (const kept of desk.store.threads.values()) kept.ticket = 7;
    const second = await say(desk, "again", first.body.session_id);
    expect(first.body).not.toHaveProperty("ticket");
    expect(second.body).toMatchObject({
      sources: [{ title: "Refunds", url: "https://example.com/r" }, { title: "Terms" }],
      confirmation: { id: "in_1", text: "Refund 49.99 USD", expires_at: "2030-01-01T00:00:00.000Z" },
      ticket: 7,
    });
  });

  it("shows what is posted in between beside the response", async () => {
    const desk = await open({
      async answering({ text, aside }) {
        await aside({ text: "This takes longer than usual." });
        await aside({ text: "I am Maya, hello.", as: "Maya" });
        return { text: `re ${text}` };
      },
    });
    const { body } = await say(desk, "slow one");
    expect(body.response).toBe("re slow one");
    expect(body.messages).toMatchObject([
      { from: "bot", text: "This takes longer than usual." },
      { from: "staff", name: "Maya", text: "I am Maya, hello." },
    ]);
  });

  it("gives a post in between to the oldest open request, and to no other", async () => {
    const release = gate();
    const desk = await open({
      async answering({ text }) {
        if (text === "first") await release.opened;
        return { text: `re ${text}` };
      },
    });
    const session = (await say(desk, "hello")).body.session_id;
    const first = say(desk, "first", session);
    await eventually(() => expect(desk.received).toHaveLength(2));
    const second = say(desk, "second", session);
    await eventually(() => expect(desk.received).toHaveLength(3));
    await desk.aside(`http:open:${session}`, { text: "One moment.", as: "Maya" });
    release.open();
    expect((await first).body).toMatchObject({ response: "re first", messages: [{ text: "One moment." }] });
    expect((await second).body).not.toHaveProperty("messages");
  });

  it("answers 202 without a response when a person has the conversation", async () => {
    const desk = await open();
    const session = (await say(desk, "hello")).body.session_id;
    for (const kept of desk.store.threads.values()) kept.withStaff = true;
    desk.answering = () => undefined;
    const { status, body } = await say(desk, "are you there?", session);
    expect(status).toBe(202);
    expect(body).toEqual({
      session_id: session,
      status: "with_staff",
      response: null,
      reply_id: null,
      agent: "triage",
      turn: 1,
    });
  });

  it("answers 202 with what was said instead of a reply", async () => {
    const desk = await open();
    const session = (await say(desk, "hello")).body.session_id;
    for (const kept of desk.store.threads.values()) kept.withStaff = true;
    desk.answering = async ({ aside }) => {
      await aside({ text: "Thank you, I have added this to ticket #7." });
      return undefined;
    };
    const { status, body } = await say(desk, "more", session);
    expect(status).toBe(202);
    expect(body).toMatchObject({
      response: null,
      messages: [{ from: "bot", text: "Thank you, I have added this to ticket #7." }],
    });
  });

  it("says that there is no reply when the bot has none and no person has the conversation", async () => {
    const desk = await open({ answering: () => undefined });
    expect(await say(desk, "…hello")).toMatchObject({
      status: 202,
      body: { status: "no_reply", response: null, turn: 0, agent: null },
    });
  });

  it("hands on a yes and a no as the press of the question's buttons, and answers with what follows", async () => {
    const desk = await open();
    const session = (await say(desk, "refund")).body.session_id;
    const yes = await ask(desk, "/chat", { session_id: session, confirm: "in_1" });
    const no = await ask(desk, "/chat", { session_id: session, decline: "in_2" });
    expect(yes).toMatchObject({ status: 200, body: { response: "You said: intent.confirm in_1" } });
    expect(no).toMatchObject({ status: 200, body: { response: "You said: intent.cancel in_2" } });
    const thread = `http:open:${session}`;
    expect(desk.received[1]).toMatchObject({
      kind: "action",
      name: "intent.confirm",
      value: "in_1",
      thread,
      channel: thread,
      by: { id: `http:open:session/${session}` },
    });
  });

  it("takes a reply for the presser alone as the answer of the press", async () => {
    const desk = await open();
    const session = (await say(desk, "refund")).body.session_id;
    desk.answering = async ({ event }) => {
      const press = event.kind === "action" ? event.interaction : "";
      expect(await desk.adapter.answer?.(press, { text: "That is over." })).toBe(true);
      expect(await desk.adapter.answer?.(press, { text: "Again." })).toBe(false);
      return undefined;
    };
    expect(await ask(desk, "/chat", { session_id: session, confirm: "in_1" })).toMatchObject({
      status: 200,
      body: { response: "That is over." },
    });
  });

  it("refuses to confirm without a session", async () => {
    const desk = await open();
    expect(await ask(desk, "/chat", { confirm: "in_1" })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/session_id" }] },
    });
  });

  it("says that nothing was taken when the desk cannot take it, and when to come again", async () => {
    const desk = await open();
    desk.refusals.push(
      new DeskError("ledger_busy", "locked"),
      new DeskError("ledger_full", "full", { retryAfterMs: 9_000 }),
    );
    const first = await say(desk, "one");
    expect(first).toMatchObject({ status: 503, body: { type: "urn:deskhand:problem:not-taken" } });
    expect(Number(first.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await say(desk, "two")).headers.get("retry-after")).toBe("9");
    expect((await say(desk, "three")).body.response).toBe("You said: three");
    expect(desk.received).toHaveLength(1);
  });

  it("answers 504 when the reply takes too long, and keeps message and reply", async () => {
    const clock = createVirtualClock();
    const release = gate();
    const desk = await open({
      clock,
      async answering({ text }) {
        if (text === "hard") await release.opened;
        return { text: `re ${text}` };
      },
    });
    const session = (await say(desk, "easy")).body.session_id;
    let late: Reply | undefined;
    void say(desk, "hard", session).then((reply) => {
      late = reply;
    });
    await eventually(async () => {
      await clock.pass(120_000);
      expect(late).toBeDefined();
    });
    expect(late).toMatchObject({
      status: 504,
      body: { type: "urn:deskhand:problem:reply-timeout", session_id: session },
    });
    release.open();
    // The late reply belongs to the conversation, never to the next message.
    const next = await say(desk, "next", session);
    expect(next.body).toMatchObject({ response: "re next" });
    expect(next.body).not.toHaveProperty("messages");
    const { body } = await ask(desk, `/conversation/${session}`);
    expect((body.messages as { text: string }[]).map(({ text }) => text).toSorted()).toEqual(
      ["easy", "re easy", "hard", "re hard", "next", "re next"].toSorted(),
    );
  });

  it("loses nothing when the client goes away", async () => {
    const release = gate();
    const desk = await open({
      async answering({ text }) {
        if (text === "hard") await release.opened;
        return { text: `re ${text}` };
      },
    });
    const session = (await say(desk, "easy")).body.session_id;
    const leaving = new AbortController();
    const left = fetch(`${desk.url}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ session_id: session, message: "hard" }),
      signal: leaving.signal,
    }).catch(() => "left");
    await eventually(() => expect(desk.received).toHaveLength(2));
    leaving.abort();
    expect(await left).toBe("left");
    release.open();
    await eventually(async () => {
      const { body } = await ask(desk, `/conversation/${session}`);
      expect(JSON.stringify(body.messages)).toContain("re hard");
    });
  });

  it("does not give a reply of an earlier process to the message of this one", async () => {
    const first = await open();
    const session = (await say(first, "hello")).body.session_id;
    await first.close();
    const release = gate();
    const desk = await open({
      store: first.store,
      async answering({ text }) {
        await release.opened;
        return { text: `re ${text}` };
      },
    });
    const asked = say(desk, "next", session);
    await eventually(() => expect(desk.received).toHaveLength(1));
    const thread = `http:open:${session}`;
    await desk.adapter.post({ thread }, { text: "re hello", replyTo: `${thread}/m_before` }, "o_before");
    release.open();
    expect((await asked).body).toMatchObject({ response: "re next" });
    expect((await asked).body).not.toHaveProperty("messages");
  });

  it("writes a card out, and says plainly that files cannot be sent", async () => {
    const desk = await open({
      answering: () => ({
        text: "short",
        card: {
          title: "Order",
          facts: [{ label: "State", value: "sent" }],
          sections: [{ label: "Note", text: "soon" }],
        },
      }),
    });
    const { body } = await say(desk, "order");
    expect(body.response).toBe("**Order**\n\n- State: sent\n\n**Note**\n\nsoon");
    const files = [{ name: "a.pdf", mediaType: "application/pdf", bytes: 1, path: "/nowhere" }];
    const post = desk.adapter.post(
      { thread: `http:open:${body.session_id}` },
      { text: "here", files },
      "o_file",
    );
    await expect(post).rejects.toMatchObject({ code: "platform_refused" });
    await expect(desk.adapter.post({ channel: "http:open" }, { text: "x" }, "o_x")).rejects.toMatchObject({
      code: "platform_unreachable",
    });
  });

  it("has no open requests left when all have been answered or given up", async () => {
    const desk = await open({ limits: { openMax: 1, openPerSessionMax: 1, closeGraceMs: 50 } });
    const session = (await say(desk, "one")).body.session_id;
    desk.answering = () => undefined;
    expect((await say(desk, "two", session)).status).toBe(202);
    desk.refusals.push(new Error("no"));
    expect((await say(desk, "three", session)).status).toBe(503);
    desk.answering = () => ({ text: "fine" });
    expect((await say(desk, "four", session)).status).toBe(200);
  });

  it("refuses what is too much at once: in one session, and in all", async () => {
    const release = gate();
    const desk = await open({
      limits: { openMax: 2, openPerSessionMax: 1, closeGraceMs: 50 },
      async answering({ text }) {
        if (text !== "easy") await release.opened;
        return { text };
      },
    });
    const session = (await say(desk, "easy")).body.session_id;
    const waiting = [say(desk, "hard", session)];
    await eventually(() => expect(desk.received).toHaveLength(2));
    const over = await say(desk, "harder", session);
    expect(over).toMatchObject({ status: 429 });
    expect(over.headers.get("retry-after")).toBe("1");
    waiting.push(say(desk, "other"));
    await eventually(() => expect(desk.received).toHaveLength(3));
    expect(await say(desk, "another")).toMatchObject({
      status: 503,
      body: { type: "urn:deskhand:problem:not-taken" },
    });
    release.open();
    for (const one of waiting) expect((await one).status).toBe(200);
  });
});
