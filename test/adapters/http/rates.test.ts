import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";
import { ask, say, useDesks } from "./desk.ts";

const open = useDesks();

describe("the rates", () => {
  it("holds a session to its rate and says when it may go on", async () => {
    const clock = createVirtualClock();
    const desk = await open({ clock, limits: { sessionPerMinute: 3, closeGraceMs: 50 } });
    const session = (await say(desk, "one")).body.session_id;
    for (const text of ["two", "three", "four"]) expect((await say(desk, text, session)).status).toBe(200);
    const over = await say(desk, "five", session);
    expect(over).toMatchObject({ status: 429, body: { type: "urn:deskhand:problem:too-many-requests" } });
    expect(over.headers.get("retry-after")).toBe("20");
    expect((await say(desk, "in another session")).status).toBe(200);
    await clock.pass(20_000);
    expect((await say(desk, "five", session)).status).toBe(200);
    expect((await say(desk, "six", session)).status).toBe(429);
  });

  it("holds an API key to its rate, whatever is asked, and no other key with it", async () => {
    const clock = createVirtualClock();
    const desk = await open({
      clock,
      config: { apiKeys: ["key-one", "key-two"] },
      limits: { keyPerMinute: 2, closeGraceMs: 50 },
    });
    const one = { authorization: "Bearer key-one" };
    expect((await ask(desk, "/conversation/none", undefined, one)).status).toBe(404);
    expect((await ask(desk, "/conversation/none", undefined, one)).status).toBe(404);
    const over = await say(desk, "hello", undefined, one);
    expect(over.status).toBe(429);
    expect(over.headers.get("retry-after")).toBe("30");
    expect((await say(desk, "hello", undefined, { authorization: "Bearer key-two" })).status).toBe(200);
  });
});
