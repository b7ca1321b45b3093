import { describe, expect, it } from "vitest";
import { eventually } from "../../contracts/platform.ts";
import { gate, listen, openDesk, say, useConnections, useDesks } from "./desk.ts";

const open = useDesks();
const dial = useConnections();

describe("the end", () => {
  it("lets open requests end, takes nothing new, and then closes the door", async () => {
    const release = gate();
    const desk = await openDesk({
      limits: { closeGraceMs: 10_000 },
      async answering({ text }) {
        await release.opened;
        return { text: `re ${text}` };
      },
    });
    const { socket, text, ended } = dial(desk);
    const request = (message: string): string => {
      const body = JSON.stringify({ message });
      return `POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    };
    socket.write(request("plain"));
    const stream = await listen(desk, { message: "stream" });
    await eventually(() => expect(desk.received).toHaveLength(2));
    const closing = desk.close();
    await expect(fetch(`${desk.url}/healthz`)).rejects.toThrow();
    // The one connection that may still ask is the one that waits.
    socket.write(request("too late"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    release.open();
    expect((await stream.rest()).at(-1)).toMatchObject({ event: "done", data: { response: "re stream" } });
    await closing;
    await ended;
    expect(text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(text()).toContain("re plain");
    expect(text()).not.toContain("re too late");
    expect(desk.received).toHaveLength(2);
    expect(desk.adapter.address()).toBeUndefined();
  });

  it("tells whoever still waits that the message is kept, and cuts nobody off in silence", async () => {
    const desk = await openDesk({ limits: { closeGraceMs: 20 }, answering: () => new Promise(() => {}) });
    const plain = say(desk, "one");
    await eventually(() => expect(desk.received).toHaveLength(1));
    const stream = await listen(desk, { message: "two" });
    await desk.close();
    const told = await plain;
    expect(told).toMatchObject({ status: 503, body: { type: "urn:deskhand:problem:interrupted" } });
    expect(told.headers.get("retry-after")).not.toBeNull();
    expect(told.body.session_id).toBeDefined();
    const events = await stream.rest();
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: { type: "urn:deskhand:problem:interrupted", session_id: events[0]?.data.session_id },
    });
    await desk.close();
  });

  it("says what is wrong when the port is taken", async () => {
    const desk = await open();
    const port = desk.adapter.address()?.port ?? 0;
    await expect(openDesk({ config: { port } })).rejects.toMatchObject({ code: "command_failed" });
  });
});
