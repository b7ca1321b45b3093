import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../../../src/errors.ts";
import type { Incoming } from "../../../src/message.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
beforeEach(async () => {
  world = await createSetting();
});
afterEach(() => world.dispose());

const textsOf = (received: Incoming[]) =>
  received.flatMap((one) => (one.kind === "message" ? [one.message.text] : []));

/** A process that takes part; listening or not. */
async function process(listening: boolean) {
  const platform = world.adapter();
  const desk = recordingDesk();
  await platform.connect(desk, { listening });
  return { platform, desk };
}

describe("listening", () => {
  it("is handed from process to process with the session: one identify, everything once and in order", async () => {
    const { server, support } = world;
    const ana = server.asUser("Ana");
    const processes = [await process(true), await process(false), await process(false)];
    const heard: string[] = [];
    const said: string[] = [];
    for (let n = 0; n < 9; n++) {
      const from = processes[n % 3];
      const to = processes[(n + 1) % 3];
      for (const text of [`dm ${n}`, `dm ${n} again`]) {
        said.push(text);
        ana.dm(text);
      }
      ana.say(support, `channel ${n}`);
      await from?.platform.listen?.(false);
      ana.dm(`between ${n}`);
      said.push(`between ${n}`);
      await to?.platform.listen?.(true);
    }
    await eventually(() => {
      heard.splice(0, heard.length, ...processes.flatMap(({ desk }) => textsOf(desk.received)));
      expect([...heard].sort()).toEqual(
        [...said, ...Array.from({ length: 9 }, (_, n) => `channel ${n}`)].sort(),
      );
    });
    for (const { desk } of processes) {
      const own = textsOf(desk.received).filter((text) => !text.startsWith("channel"));
      expect(own).toEqual(said.filter((text) => own.includes(text)));
    }
    expect(server.gateway.identifies).toBe(1);
    expect(server.gateway.resumes).toBe(9);
  });

  it("knows while it is cut off", async () => {
    const { gateway } = world.server;
    const { platform } = await process(true);
    expect(platform.hears?.()).toBe(true);
    gateway.trouble.down = true;
    gateway.drop();
    await eventually(() => expect(platform.hears?.()).toBe(false));
    gateway.trouble.down = false;
    await eventually(() => expect(platform.hears?.()).toBe(true));
    await platform.listen?.(false);
    expect(platform.hears?.()).toBe(false);
  });

  it("goes on where it was although the session is gone: DMs that another process has opened included", async () => {
    const { server } = world;
    const first = await process(true);
    const second = await process(false);
    const nina = server.asUser("Nina");
    const direct = await second.platform.direct?.({ id: `discord:0:${nina.id}`, tenant: "0", name: "Nina" });
    await second.platform.post({ thread: direct?.thread ?? "" }, { text: "Hello Nina" }, "k1");
    await first.platform.listen?.(false);
    server.gateway.forgetSessions();
    nina.dm("Hello desk");
    const third = await process(false);
    await third.platform.listen?.(true);
    await eventually(() => expect(textsOf(third.desk.received)).toEqual(["Hello desk"]));
    expect(textsOf(first.desk.received)).toEqual([]);
  });

  it("goes on after a session is lost: what was answered to another process meanwhile is read up", async () => {
    const { server } = world;
    const { desk } = await process(true);
    const second = await process(false);
    const nina = server.asUser("Nina");
    const direct = await second.platform.direct?.({ id: `discord:0:${nina.id}`, tenant: "0", name: "Nina" });
    await second.platform.post({ thread: direct?.thread ?? "" }, { text: "Hello Nina" }, "k1");
    server.gateway.trouble.down = true;
    server.gateway.forgetSessions();
    await server.waitFor(() => !server.gateway.connected, "the end of the session");
    nina.dm("Hello desk");
    server.gateway.trouble.down = false;
    await eventually(() => expect(textsOf(desk.received)).toEqual(["Hello desk"]));
  });

  it("by one that does not know yet that another has taken over costs nothing, and ends", async () => {
    const { server } = world;
    const ana = server.asUser("Ana");
    const late = await process(true);
    const next = await process(false);
    await eventually(() => expect(world.marks.saved.has("session")).toBe(true));
    await next.platform.listen?.(true);
    const said: string[] = [];
    for (let n = 0; n < 20; n++) {
      said.push(`message ${n}`);
      ana.dm(`message ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await late.platform.listen?.(false);
    ana.dm("afterwards");
    await eventually(() => expect(textsOf(next.desk.received)).toContain("afterwards"));
    const heard = [...textsOf(late.desk.received), ...textsOf(next.desk.received)];
    expect(new Set(heard)).toEqual(new Set([...said, "afterwards"]));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { resumes, identifies } = server.gateway;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(server.gateway.connected).toBe(true);
    expect({ resumes: server.gateway.resumes, identifies: server.gateway.identifies }).toEqual({
      resumes,
      identifies,
    });
    expect(identifies).toBe(1);
  });

  it("that is refused says why; posting goes on, and so does listening once it is allowed", async () => {
    const { server } = world;
    const { platform, desk } = await process(false);
    server.setMessageContent(false);
    const refused = await platform.listen?.(true).catch((error: unknown) => error);
    expect(codeOf(refused)).toBe("platform_unauthorized");
    await platform.post({ channel: `discord:${world.desk.id}` }, { text: "still here" }, "k1");
    expect(server.byBot(world.desk).map((one) => one.content)).toEqual(["still here"]);
    server.setMessageContent(true);
    await platform.listen?.(true);
    server.asUser("Ana").dm("hello");
    await eventually(() => expect(textsOf(desk.received)).toEqual(["hello"]));
  });

  it("is not needed to find out that the token is wrong", async () => {
    const platform = world.adapter({ token: "wrong" });
    const error = await platform.connect(recordingDesk(), { listening: false }).catch((one: unknown) => one);
    expect(codeOf(error)).toBe("platform_unauthorized");
    expect(String(error)).not.toContain("wrong");
  });

  it("can be given up while it still tries to begin", async () => {
    const { server } = world;
    const { platform } = await process(false);
    server.rest.fault({ path: /gateway/, times: 100, trouble: { kind: "status", status: 500 } });
    const trying = platform.listen?.(true).catch((error: unknown) => error);
    await server.waitFor(() => world.log.lines.some((line) => line.event === "discord.unreachable"));
    await platform.listen?.(false);
    expect(codeOf(await trying)).toBe("platform_unavailable");
    server.rest.clearFaults();
    await platform.listen?.(true);
  });

  it("that is given up while Discord does not answer stays given up, and ends nothing when the line breaks", async () => {
    const { server } = world;
    const { gateway } = server;
    const late = await process(true);
    const next = await process(false);
    await eventually(() => expect(world.marks.saved.has("session")).toBe(true));
    gateway.trouble.silent = true;
    gateway.drop();
    await server.waitFor(() => gateway.unanswered > 0, "a connection without an answer");
    await late.platform.listen?.(false);
    gateway.trouble.silent = false;
    await late.platform.listen?.(true);
    await late.platform.listen?.(false);
    await next.platform.listen?.(true);
    gateway.dropUnanswered();
    const { resumes, identifies } = gateway;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(gateway.connections.length).toBe(3);
    expect({ resumes: gateway.resumes, identifies: gateway.identifies }).toEqual({ resumes, identifies });
    await late.platform.listen?.(true);
    server.asUser("Ana").dm("hello");
    await eventually(() => expect(textsOf(late.desk.received)).toEqual(["hello"]));
  });
});
