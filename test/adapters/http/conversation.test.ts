import { describe, expect, it } from "vitest";
import { ask, say, useDesks } from "./desk.ts";

const open = useDesks();

describe("GET /conversation/{id}", () => {
  it("tells who is in charge, how far it is, and what was said, staff's words among it", async () => {
    const desk = await open();
    const first = await say(desk, "hello");
    const session = first.body.session_id;
    await desk.aside(`http:open:${session}`, { text: "I am Maya.", as: "Maya" });
    expect(await ask(desk, `/conversation/${session}`)).toMatchObject({
      status: 200,
      body: {
        session_id: session,
        customer_id: null,
        current_agent: "triage",
        total_turns: 1,
        history_items: 3,
        with_staff: false,
        messages: [
          { from: "customer", text: "hello" },
          { from: "bot", text: "You said: hello", id: first.body.reply_id },
          { from: "staff", name: "Maya", text: "I am Maya." },
        ],
      },
    });
  });

  it("shows as many of the newest messages as are asked for", async () => {
    const desk = await open();
    const session = (await say(desk, "hello")).body.session_id;
    const texts = async (query: string) => {
      const { body } = await ask(desk, `/conversation/${session}${query}`);
      return (body.messages as { text: string }[] | undefined)?.map(({ text }) => text);
    };
    expect(await texts("?limit=1")).toEqual(["You said: hello"]);
    expect(await texts("?limit=0")).toEqual([]);
    for (const bad of ["-1", "201", "x", ""]) {
      expect((await ask(desk, `/conversation/${session}?limit=${bad}`)).status).toBe(400);
    }
  });

  it("is the same after a restart", async () => {
    const first = await open();
    const session = (await say(first, "hello")).body.session_id;
    const before = await ask(first, `/conversation/${session}`);
    await first.close();
    const second = await open({ store: first.store });
    expect((await ask(second, `/conversation/${session}`)).body).toEqual(before.body);
    expect((await say(second, "again", session)).body).toMatchObject({ turn: 2 });
  });
});

describe("POST /conversation/{id}/reset", () => {
  it("begins anew under the same id, with or without a body", async () => {
    const desk = await open();
    const session = (await say(desk, "hello")).body.session_id;
    expect(await ask(desk, `/conversation/${session}/reset`, {})).toMatchObject({
      status: 200,
      body: { status: "reset", session_id: session },
    });
    const bare = await fetch(`${desk.url}/conversation/${session}/reset`, { method: "POST" });
    expect(bare.status).toBe(200);
    expect((await ask(desk, `/conversation/${session}`)).body).toMatchObject({
      total_turns: 0,
      current_agent: null,
    });
    expect((await say(desk, "again", session)).body).toMatchObject({ turn: 1 });
  });

  it("does not take a conversation out of a person's hands", async () => {
    const desk = await open();
    const session = (await say(desk, "hello")).body.session_id;
    for (const kept of desk.store.threads.values()) kept.withStaff = true;
    expect(await ask(desk, `/conversation/${session}/reset`, {})).toMatchObject({
      status: 409,
      body: { type: "urn:deskhand:problem:with-staff" },
    });
  });

  it("does not know a session that nobody has opened", async () => {
    const desk = await open();
    expect(await ask(desk, "/conversation/nothing/reset", {})).toMatchObject({
      status: 404,
      body: { type: "urn:deskhand:problem:unknown-session" },
    });
  });
});
