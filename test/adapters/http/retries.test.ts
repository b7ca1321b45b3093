import { describe, expect, it } from "vitest";
import { eventually } from "../../contracts/platform.ts";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";
import { gate, listen, type Reply, say, seenIn, useDesks } from "./desk.ts";

const open = useDesks();

const key = (value: string) => ({ "idempotency-key": value });

describe("a request that is sent again with its Idempotency-Key", () => {
  it("is one message and gets the same answer", async () => {
    const desk = await open();
    const first = await say(desk, "Hello", undefined, key("k1"));
    const again = await say(desk, "Hello", undefined, key("k1"));
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(desk.received).toHaveLength(1);
  });

  it("gets the same answer even when the conversation has gone on", async () => {
    const desk = await open();
    const first = await say(desk, "Hello", undefined, key("k1"));
    await say(desk, "More", first.body.session_id);
    for (const kept of desk.store.threads.values()) kept.ticket = 9;
    expect((await say(desk, "Hello", undefined, key("k1"))).body).toEqual(first.body);
  });

  it("waits for the answer when the first is still open", async () => {
    const release = gate();
    const desk = await open({
      async answering({ text }) {
        await release.opened;
        return { text: `re ${text}` };
      },
    });
    const both = [say(desk, "Hello", undefined, key("k1")), say(desk, "Hello", undefined, key("k1"))];
    await eventually(() => expect(desk.received).toHaveLength(1));
    release.open();
    const [first, second] = await Promise.all(both);
    expect(first?.body).toMatchObject({ response: "re Hello" });
    expect(second?.body).toEqual(first?.body);
    expect(desk.received).toHaveLength(1);
  });

  it("gets the reply that came after the first had given up", async () => {
    const clock = createVirtualClock();
    const release = gate();
    const desk = await open({
      clock,
      async answering({ text }) {
        await release.opened;
        return { text: `re ${text}` };
      },
    });
    let late: Reply | undefined;
    void say(desk, "Hello", undefined, key("k1")).then((reply) => {
      late = reply;
    });
    await eventually(async () => {
      await clock.pass(120_000);
      expect(late?.status).toBe(504);
    });
    release.open();
    const again = await say(desk, "Hello", undefined, key("k1"));
    expect(again.body).toMatchObject({ response: "re Hello", session_id: late?.body.session_id });
    expect(desk.received).toHaveLength(1);
  });

  it("can be followed as events", async () => {
    const desk = await open();
    await say(desk, "Hello", undefined, key("k1"));
    const events = await (await listen(desk, { message: "Hello" }, key("k1"))).rest();
    expect(seenIn(events)).toBe("You said: Hello");
    expect(desk.received).toHaveLength(1);
  });

  it("is taken when the first was not", async () => {
    const desk = await open();
    desk.refusals.push(new Error("busy"));
    expect((await say(desk, "Hello", undefined, key("k1"))).status).toBe(503);
    expect((await say(desk, "Hello", undefined, key("k1"))).status).toBe(200);
    expect(desk.received).toHaveLength(1);
  });

  it("is refused when it asks something else", async () => {
    const desk = await open();
    await say(desk, "Hello", undefined, key("k1"));
    expect(await say(desk, "Something else", undefined, key("k1"))).toMatchObject({
      status: 422,
      body: { type: "urn:deskhand:problem:idempotency-key-reused" },
    });
  });

  it("is told that it was taken when its answer is not at hand any more, also by the process after", async () => {
    const first = await open();
    const session = (await say(first, "Hello", undefined, key("k1"))).body.session_id;
    await say(first, "More", session, key("k2"));
    await first.close();
    const second = await open({ store: first.store });
    const opened = await say(second, "Hello", undefined, key("k1"));
    expect(opened).toMatchObject({ status: 409, body: { type: "urn:deskhand:problem:already-taken" } });
    expect(opened.body).not.toHaveProperty("session_id");
    expect(await say(second, "More", session, key("k2"))).toMatchObject({
      status: 409,
      body: { session_id: session },
    });
    expect(second.received).toHaveLength(0);
  });

  it("is told so as well when the answer has been kept long enough", async () => {
    const clock = createVirtualClock();
    const desk = await open({ clock });
    await say(desk, "Hello", undefined, key("k1"));
    await clock.pass(11 * 60_000);
    expect((await say(desk, "Hello", undefined, key("k1"))).status).toBe(409);
  });

  it("is another request under another API key", async () => {
    const desk = await open({ config: { apiKeys: ["one", "two"] } });
    const [first, second] = await Promise.all(
      ["one", "two"].map((name) =>
        say(desk, "Hello", undefined, { ...key("k1"), authorization: `Bearer ${name}` }),
      ),
    );
    expect(first?.body.session_id).not.toBe(second?.body.session_id);
    expect(desk.received).toHaveLength(2);
  });

  it("needs a key of a form that can be kept", async () => {
    const desk = await open();
    for (const bad of ["", "x".repeat(256), "tab\tinside"]) {
      expect((await say(desk, "Hello", undefined, key(bad))).status).toBe(400);
    }
    expect(desk.received).toHaveLength(0);
  });
});
