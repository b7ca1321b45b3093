import { afterEach, describe, expect, it } from "vitest";
import { createDiscordAdapter } from "../../../adapters/discord/adapter.ts";
import { createClock } from "../../../src/clock.ts";
import type { Incoming } from "../../../src/message.ts";
import type { Platform } from "../../../src/platform.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
afterEach(() => world.dispose());

const messages = (received: Incoming[]) =>
  received.flatMap((one) => (one.kind === "message" ? [one.message] : []));
const textsOf = (received: Incoming[]) => [...new Set(messages(received).map((one) => one.text))];

describe("a server that speaks Discord's protocol and knows less of it", () => {
  async function start(): Promise<{ platform: Platform; desk: ReturnType<typeof recordingDesk> }> {
    const platform = world.adapter();
    const desk = recordingDesk();
    await platform.connect(desk);
    return { platform, desk };
  }

  it("is enough for a desk: questions, answers, edits, marks, drafts, staff", async () => {
    world = await createSetting({ sparse: true });
    const { server, support } = world;
    const { platform, desk } = await start();
    const ana = server.asUser("Ana");
    const maya = world.staff("Maya");
    ana.dm("in a DM");
    ana.say(support, "in the channel");
    await eventually(() => expect(textsOf(desk.received).sort()).toEqual(["in a DM", "in the channel"]));
    for (const [n, { thread, id }] of messages(desk.received).entries()) {
      const posted = await platform.post({ thread }, { text: `answer ${n}` }, `k${n}`);
      await platform.edit?.(posted.id, { text: `better answer ${n}` });
      await platform.mark?.(id, "sent", true);
      await platform.mark?.(id, "sent", false);
      await platform.working?.(thread, "thinking");
      const draft = platform.draft?.({ thread }, `d${n}`);
      draft?.append("It ");
      await draft?.finish({ text: "It is." });
    }
    const shown = [...server.world.channels.values()].flatMap((one) => server.byBot(one));
    expect(shown.map((one) => one.content).sort()).toEqual([
      "It is.",
      "It is.",
      "better answer 0",
      "better answer 1",
    ]);
    const card = { title: "Ticket 1", facts: [], sections: [] };
    const buttons = [{ label: "Take", action: "take", value: "1" }];
    await platform.post({ channel: `discord:${world.desk.id}` }, { text: "Ticket 1", card, buttons }, "k9");
    maya.click("Take");
    await eventually(() => expect(desk.received.at(-1)).toMatchObject({ kind: "action", value: "1" }));
    expect(await platform.examine?.()).toEqual([]);
    expect(await platform.belongs?.(`discord:0:${maya.id}`, `discord:${world.desk.id}`)).toBe(true);
    expect(await platform.belongs?.(`discord:0:${ana.id}`, `discord:${world.desk.id}`)).toBe(false);
  });

  it("is asked for nothing twice that it does not have, and nothing of it ends the desk", async () => {
    world = await createSetting({ sparse: true });
    const { platform } = await start();
    const warned = () => world.log.lines.map((line) => line.event);
    await eventually(() => expect(warned()).toContain("discord.commands_not_registered"));
    await platform.close();
    expect(world.log.lines.filter((line) => line.level === "error")).toEqual([]);
  });

  it("loses nothing either when connections break, sessions end and the desk restarts", async () => {
    world = await createSetting({ sparse: true });
    const { server, support } = world;
    const ana = server.asUser("Ana");
    ana.say(support, "before the desk came");
    const first = await start();
    ana.dm("one");
    await eventually(() => expect(textsOf(first.desk.received)).toEqual(["one"]));
    server.gateway.drop();
    ana.say(support, "two");
    await eventually(() => expect(textsOf(first.desk.received)).toEqual(["one", "two"]));
    await first.platform.close();
    server.gateway.forgetSessions();
    ana.dm("three");
    ana.say(support, "four");
    const second = await start();
    await eventually(() => expect(textsOf(second.desk.received).sort()).toEqual(["four", "three"]));
  });
});

describe("DISCORD_API_URL", () => {
  it.each(["/", "/v10", "/v10/"])("may end in %s", async (end) => {
    world = await createSetting();
    const { server, log, marks } = world;
    const platform = createDiscordAdapter({
      config: { token: server.token, apiUrl: `${server.url}${end}`, guilds: [], supportChannels: [] },
      log,
      clock: createClock(),
      marks,
    });
    const desk = recordingDesk();
    await platform.connect(desk);
    server.asUser("Ana").dm("hello");
    await eventually(() => expect(textsOf(desk.received)).toEqual(["hello"]));
    await platform.close();
  });
});
