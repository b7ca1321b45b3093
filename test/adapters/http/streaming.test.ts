import { describe, expect, it } from "vitest";
import type { Draft } from "../../../src/platform.ts";
import { eventually } from "../../contracts/platform.ts";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";
import { type Answering, ask, gate, listen, say, seenIn, useDesks } from "./desk.ts";

const open = useDesks();

/** Writes its reply word by word. */
function writes(words: readonly string[], final = words.join("")): Answering {
  return ({ draft }) => {
    const paper = draft();
    for (const word of words) paper?.append(word);
    return { text: final };
  };
}

describe("a reply as events", () => {
  it("names the session, shows the reply while it is written, and ends with the plain answer", async () => {
    const desk = await open({ answering: writes(["Your ", "order ", "is here."]) });
    const stream = await listen(desk, { message: "Where is it?" });
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.response.headers.get("cache-control")).toBe("no-store");
    const events = await stream.rest();
    expect([...new Set(events.map(({ event }) => event))]).toEqual(["session", "text", "done"]);
    expect(seenIn(events)).toBe("Your order is here.");
    const session = events[0]?.data.session_id;
    expect(events.at(-1)?.data).toEqual({
      session_id: session,
      status: "answered",
      response: "Your order is here.",
      reply_id: expect.any(String),
      agent: "triage",
      turn: 1,
    });
  });

  it("sends what is new at once, not at the end", async () => {
    const release = gate();
    const desk = await open({
      async answering({ draft }) {
        draft()?.append("At once");
        await release.opened;
        return { text: "At once and later" };
      },
    });
    const stream = await listen(desk, { message: "Hello" });
    const seen: string[] = [];
    for await (const { event, data } of stream.events) {
      if (event === "text") seen.push(String(data.text));
      if (seen.length === 1) release.open();
    }
    expect(seen).toEqual(["At once", " and later"]);
  });

  it("replaces what was shown when the reply turned out otherwise", async () => {
    const desk = await open({ answering: writes(["Refunded ", "in 3 days."], "I have asked a colleague.") });
    const events = await (await listen(desk, { message: "Refund" })).rest();
    expect(events.map(({ event }) => event)).toEqual(["session", "text", "replace", "done"]);
    expect(seenIn(events)).toBe("I have asked a colleague.");
    expect(events.at(-1)?.data.response).toBe("I have asked a colleague.");
  });

  it("takes back what was shown when the turn came to nothing, and goes on with the next draft", async () => {
    const desk = await open({
      async answering({ draft }) {
        const first = draft() as Draft;
        first.append("I will ");
        await first.abandon();
        first.append("never seen");
        draft()?.append("Hello");
        return { text: "Hello." };
      },
    });
    const events = await (await listen(desk, { message: "Hi" })).rest();
    expect(JSON.stringify(events)).not.toContain("never seen");
    expect(seenIn(events)).toBe("Hello.");
  });

  it("takes back what was shown when a person has taken the conversation", async () => {
    const desk = await open({
      async answering({ draft, thread }) {
        const paper = draft() as Draft;
        paper.append("I will refund");
        await paper.abandon();
        const kept = desk.store.threads.get(thread);
        if (kept) kept.withStaff = true;
        return undefined;
      },
    });
    const events = await (await listen(desk, { message: "Hi" })).rest();
    expect(seenIn(events)).toBe("");
    expect(events.at(-1)).toMatchObject({ event: "done", data: { status: "with_staff", response: null } });
  });

  it("shows the whole reply when nothing was shown before the end", async () => {
    const desk = await open({ answering: () => ({ text: "Short." }) });
    const events = await (await listen(desk, { message: "Hi" })).rest();
    expect(events.map(({ event }) => event)).toEqual(["session", "text", "done"]);
    expect(seenIn(events)).toBe("Short.");
  });

  it("shows steps, and what is said in between", async () => {
    const desk = await open({
      async answering({ draft, aside }) {
        const paper = draft();
        paper?.step?.("c1", "Looking up your order", "running");
        paper?.step?.("c1", "Looking up your order", "done");
        await aside({ text: "This takes longer than usual." });
        return { text: "Found." };
      },
    });
    const events = await (await listen(desk, { message: "Hi" })).rest();
    expect(events.filter(({ event }) => event === "step").map(({ data }) => data)).toEqual([
      { id: "c1", title: "Looking up your order", state: "running" },
      { id: "c1", title: "Looking up your order", state: "done" },
    ]);
    expect(events.find(({ event }) => event === "message")?.data).toMatchObject({
      from: "bot",
      text: "This takes longer than usual.",
    });
    expect(events.at(-1)?.data.messages).toHaveLength(1);
  });

  it("never sends half a character, nor a control character", async () => {
    const desk = await open({ answering: writes(["a\uD83D", "\uDE00b", "\u0000\u0007", "c\uD800d"]) });
    const events = await (await listen(desk, { message: "Hi" })).rest();
    expect(seenIn(events)).toBe("a😀bc\uFFFDd");
    expect(events.at(-1)?.data.response).toBe("a😀bc\uFFFDd");
    for (const { event, data } of events) {
      if (event === "text") expect(String(data.text)).not.toMatch(/\p{Cs}/u);
    }
  });

  it("does not let a text break out of its event", async () => {
    const hostile = "x\n\nevent: done\ndata: {}\n\n\r\nevent: error\r\n";
    const desk = await open({ answering: writes([hostile]) });
    const events = await (await listen(desk, { message: "Hi" })).rest();
    expect(
      events.map(({ event }) => event).filter((event) => event !== "text" && event !== "replace"),
    ).toEqual(["session", "done"]);
  });

  it("keeps a draft from whoever did not ask for events", async () => {
    let offered: Draft | undefined;
    const desk = await open({
      answering({ draft }) {
        offered = draft();
        return { text: "Hello." };
      },
    });
    expect((await say(desk, "Hi")).body.response).toBe("Hello.");
    expect(offered).toBeUndefined();
  });

  it("does not show one message's draft to another", async () => {
    const release = gate();
    const desk = await open({
      async answering({ text }) {
        if (text === "first") await release.opened;
        return { text: `re ${text}` };
      },
    });
    const session = (await say(desk, "hello")).body.session_id;
    const stream = await listen(desk, { session_id: session, message: "first" });
    const thread = `http:open:${session}`;
    expect(desk.adapter.draft?.({ thread }, "o_other", `${thread}/m_other`)).toBeUndefined();
    expect(desk.adapter.draft?.({ thread }, "o_none")).toBeUndefined();
    release.open();
    expect(seenIn(await stream.rest())).toBe("re first");
  });

  it("loses neither message nor reply when the client goes away in the middle", async () => {
    const release = gate();
    const desk = await open({
      async answering({ text, draft }) {
        if (text === "hello") return { text: "re hello" };
        draft()?.append("Your ");
        await release.opened;
        return { text: "Your order is here." };
      },
    });
    const session = (await say(desk, "hello")).body.session_id;
    const stream = await listen(desk, { session_id: session, message: "Where?" });
    for await (const { event } of stream.events) if (event === "text") break;
    stream.leave();
    release.open();
    await eventually(async () => {
      const { body } = await ask(desk, `/conversation/${session}`);
      expect(JSON.stringify(body.messages)).toContain("Your order is here.");
    });
    expect((await say(desk, "hello", session)).body.response).toBe("re hello");
  });

  it("shows that it lives while there is nothing to show", async () => {
    const clock = createVirtualClock();
    const release = gate();
    const desk = await open({
      clock,
      async answering() {
        await release.opened;
        return { text: "At last." };
      },
    });
    const response = await fetch(`${desk.url}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ message: "Hi" }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    const decoder = new TextDecoder();
    await clock.pass(15_000);
    while (!text.includes(": still here")) text += decoder.decode((await reader.read()).value);
    release.open();
    while (!text.includes("event: done")) text += decoder.decode((await reader.read()).value);
    expect(text).toContain("At last.");
    await reader.cancel();
  });

  it("ends with an error when the reply takes too long; the message is kept", async () => {
    const clock = createVirtualClock();
    const desk = await open({ clock, answering: () => new Promise(() => {}) });
    const stream = await listen(desk, { message: "Hi" });
    await clock.pass(120_000);
    const events = await stream.rest();
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: {
        type: "urn:deskhand:problem:reply-timeout",
        status: 504,
        session_id: events[0]?.data.session_id,
      },
    });
    expect(desk.received).toHaveLength(1);
  });

  it("answers with a plain problem when nothing was taken", async () => {
    const desk = await open();
    desk.refusals.push(new Error("no"));
    const stream = await listen(desk, { message: "Hi" });
    expect(stream.response.status).toBe(503);
    expect(stream.response.headers.get("content-type")).toBe("application/problem+json");
    await stream.response.body?.cancel();
  });

  it("streams only where events are preferred", async () => {
    const desk = await open();
    for (const [accept, type] of [
      ["text/event-stream", "text/event-stream"],
      ["text/event-stream, application/json;q=0.5", "text/event-stream"],
      ["application/json, text/event-stream;q=0.5", "application/json"],
      ["*/*", "application/json"],
      ["text/html", "application/json"],
    ] as const) {
      const stream = await listen(desk, { message: "Hi" }, { accept });
      expect(stream.response.headers.get("content-type")).toBe(type);
      await stream.response.text();
    }
  });
});
