import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDiscordAdapter } from "../../../adapters/discord/adapter.ts";
import { commandsFor } from "../../../adapters/discord/commands.ts";
import { invitePermissions } from "../../../adapters/discord/examine.ts";
import { permission } from "../../../adapters/discord/permissions.ts";
import { createClock } from "../../../src/clock.ts";
import { codeOf } from "../../../src/errors.ts";
import type { FileRef } from "../../../src/message.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { permissions } from "../../doubles/discord-server/world.ts";
import { createSetting, keptLog, rememberedMarks, type Setting } from "./setting.ts";

let world: Setting;
beforeEach(async () => {
  world = await createSetting();
});
afterEach(() => world.dispose());

describe("docs/discord.md", () => {
  const text = readFileSync(new URL("../../../docs/discord.md", import.meta.url), "utf8");

  it("invites the bot with exactly the permissions that doctor asks for", () => {
    expect(text).toContain(`&permissions=${invitePermissions}\n`);
  });

  it("names what each of these permissions is for", () => {
    const table = text.slice(text.indexOf("| permission |"), text.indexOf("## 3.")).toLowerCase();
    for (const [name, bit] of Object.entries(permission)) {
      if ((invitePermissions & bit) === 0n) continue;
      expect(table).toContain(name.replace(/([A-Z])/g, " $1").toLowerCase());
    }
  });

  it("names every subcommand", () => {
    const [slash] = commandsFor("guild", []);
    for (const { name } of slash?.options ?? []) if (name !== "help") expect(text).toContain(`\`${name}\``);
  });
});

describe("doctor", () => {
  it("finds nothing wrong with a good installation, without being connected", async () => {
    expect(await world.adapter().examine?.()).toEqual([]);
  });

  it("says which permission is missing in which channel", async () => {
    const { server, support, desk } = world;
    const deny = (bits: bigint) => [{ id: server.bot.id, type: 1 as const, allow: 0n, deny: bits }];
    server.world.changeChannel(support, {
      overwrites: deny(permissions.createPublicThreads | permissions.attachFiles),
    });
    server.world.changeChannel(desk, { overwrites: deny(permissions.viewChannel) });
    const problems = (await world.adapter().examine?.()) ?? [];
    expect(problems).toMatchObject([
      {
        where: `DISCORD_SUPPORT_CHANNELS ${support.id}`,
        fault: "In #help the bot lacks: Attach Files, Create Public Threads.",
      },
      { where: `DESK_CHANNEL discord:${desk.id}`, fault: expect.stringContaining("View Channel") },
    ]);
    expect(problems.every((one) => one.remedy !== "")).toBe(true);
  });

  it("says that the intent is off, the token is wrong, the server is another one", async () => {
    world.server.setMessageContent(false);
    expect(await world.adapter().examine?.()).toMatchObject([
      { fault: expect.stringContaining("Message Content") },
    ]);
    expect(await world.adapter({ token: "wrong" }).examine?.()).toMatchObject([{ where: "DISCORD_TOKEN" }]);
    world.server.setMessageContent(true);
    world.server.kickBot();
    const faults = ((await world.adapter().examine?.()) ?? []).map((one) => one.fault);
    expect(faults[0]).toBe("The bot is not in this server.");
    expect(faults).toHaveLength(4);
  });
});

describe("who belongs to what", () => {
  it("is asked of channels, roles, servers and people", async () => {
    const { server, desk, agents, support } = world;
    const [maya, ana] = [world.staff("Maya"), server.asUser("Ana")];
    const platform = world.adapter();
    await platform.connect(recordingDesk());
    const belongs = (who: { id: string }, group: string) => platform.belongs?.(`discord:0:${who.id}`, group);
    for (const group of [`discord:${desk.id}`, desk.id, agents.id, `discord:${agents.id}`]) {
      expect(await belongs(maya, group)).toBe(true);
      expect(await belongs(ana, group)).toBe(false);
    }
    expect(await belongs(ana, support.id)).toBe(true);
    expect(await belongs(ana, server.guild.id)).toBe(true);
    expect(await belongs(ana, `discord:0:${ana.id}`)).toBe(true);
    expect(await belongs(ana, maya.id)).toBe(false);
    expect(await belongs({ id: "1" }, server.guild.id)).toBe(false);
    expect(await belongs(ana, "slack:T1:S2")).toBe(false);
    expect(await belongs(ana, "12345")).toBe(false);
  });

  it("follows the roles that a press shows, not what was true before", async () => {
    const { server, desk, agents } = world;
    const maya = world.staff("Maya");
    const platform = world.adapter();
    const recorder = recordingDesk();
    await platform.connect(recorder);
    const belongs = () => platform.belongs?.(`discord:0:${maya.id}`, `discord:${desk.id}`);
    await platform.post(
      { channel: `discord:${world.general.id}` },
      { text: "x", buttons: [{ label: "Take", action: "take", value: "1" }] },
      "k1",
    );
    expect(await belongs()).toBe(true);
    const member = server.guild.members.get(maya.id);
    if (member) member.roles = member.roles.filter((role) => role !== agents.id);
    maya.click("Take");
    await eventually(() => expect(recorder.received).toHaveLength(1));
    expect(await belongs()).toBe(false);
  });

  it("sees a change of the channel's permissions", async () => {
    const { server, support } = world;
    const ana = server.asUser("Ana");
    const platform = world.adapter();
    await platform.connect(recordingDesk());
    const belongs = () => platform.belongs?.(`discord:0:${ana.id}`, support.id);
    expect(await belongs()).toBe(true);
    const overwrites = [{ id: ana.id, type: 1 as const, allow: 0n, deny: permissions.viewChannel }];
    server.world.changeChannel(support, { overwrites });
    await eventually(async () => expect(await belongs()).toBe(false));
  });

  it("is not guessed when Discord cannot be asked", async () => {
    const { server, desk } = world;
    const maya = world.staff("Maya");
    const platform = world.adapter();
    await platform.connect(recordingDesk());
    server.rest.fault({ path: /\/members\//, trouble: { kind: "status", status: 500 } });
    const error = await platform.belongs?.(`discord:0:${maya.id}`, desk.id).catch((one: unknown) => one);
    expect(codeOf(error)).toBe("platform_unavailable");
  });
});

describe("a received file", () => {
  it("is fetched from Discord's hosts and the configured server only", async () => {
    const platform = world.adapter();
    const file: FileRef = { id: "1", name: "a", mediaType: "text/plain", bytes: 1 };
    for (const source of [
      "https://evil.test/a",
      "http://cdn.discordapp.com/a",
      "https://cdn.discordapp.com.evil.test/a",
      "https://cdn.discordapp.com:444/a",
      "file:///etc/passwd",
      "http://169.254.169.254/",
      "",
    ]) {
      const error = await platform.download?.({ ...file, source }, 100).catch((one: unknown) => one);
      expect(codeOf(error), source).toBe("platform_refused");
    }
  });

  it("that is gone is unreachable", async () => {
    const source = `${world.server.origin}/attachments/1/2/a.txt`;
    const file: FileRef = { id: "2", name: "a", mediaType: "text/plain", bytes: 1, source };
    const error = await world
      .adapter()
      .download?.(file, 100)
      .catch((one: unknown) => one);
    expect(codeOf(error)).toBe("platform_unreachable");
  });

  it("says when it is a recorded voice", async () => {
    const platform = world.adapter();
    const recorder = recordingDesk();
    await platform.connect(recorder);
    const content = new Uint8Array([1, 2, 3]);
    world.server
      .asUser("Ana")
      .dm("", { files: [{ name: "voice.ogg", mediaType: "audio/ogg", content, voice: true }] });
    const file = await eventually(() => {
      const [one] = recorder.received;
      if (one?.kind !== "message") throw new Error("no message");
      return one.message.files[0] as FileRef;
    });
    expect(file).toMatchObject({ voice: true, mediaType: "audio/ogg" });
    expect(await platform.download?.(file, 3)).toEqual(content);
  });
});

describe("a server that speaks only the necessary part of the protocol", () => {
  it("is enough for questions and answers", async () => {
    const { server, support, desk } = world;
    for (const path of [/^\/applications/, /^\/guilds/, /threads\/active/, /^\/users\/@me$/, /typing$/]) {
      server.rest.fault({
        path,
        times: 1_000,
        trouble: { kind: "status", status: 404, message: "404: Not Found" },
      });
    }
    const platform = createDiscordAdapter({
      config: {
        token: server.token,
        apiUrl: `${server.url}/`,
        guilds: [],
        supportChannels: [support.id],
        deskChannel: desk.id,
      },
      log: keptLog(),
      clock: createClock(),
      marks: rememberedMarks(),
    });
    const recorder = recordingDesk();
    await platform.connect(recorder);
    try {
      const ana = server.asUser("Ana");
      ana.dm("hello");
      ana.say(support, "a question");
      ana.say(world.general, `<@${server.bot.id}> a mention`);
      await eventually(() => expect(recorder.received).toHaveLength(3));
      for (const incoming of recorder.received) {
        if (incoming.kind !== "message") continue;
        await platform.working?.(incoming.message.thread, "thinking");
        await platform.post(
          { thread: incoming.message.thread },
          { text: "answer" },
          `k${incoming.message.order}`,
        );
      }
      expect(server.byBot(ana.directChannel).map((one) => one.content)).toEqual(["answer"]);
      for (const parent of [support, world.general]) {
        expect(server.byBot(server.threadsOf(parent)[0]!).map((one) => one.content)).toEqual(["answer"]);
      }
    } finally {
      await platform.close();
    }
  });
});

describe("what the adapter remembers", () => {
  it("that cannot be saved does not stop the desk, and is saved later", async () => {
    const { server, marks } = world;
    marks.fail = true;
    const platform = world.adapter();
    const recorder = recordingDesk();
    await platform.connect(recorder);
    const ana = server.asUser("Ana");
    ana.dm("hello");
    await eventually(() => expect(recorder.received).toHaveLength(1));
    expect(marks.saved.size).toBe(0);
    marks.fail = false;
    await eventually(() => expect(marks.saved.has(`at:${ana.directChannel.id}`)).toBe(true));
  });

  it("holds neither the token nor what people have written", async () => {
    const { server, marks, log } = world;
    const platform = world.adapter();
    const recorder = recordingDesk();
    await platform.connect(recorder);
    server.asUser("Ana").dm("my password is hunter2");
    await eventually(() => expect(recorder.received).toHaveLength(1));
    server.rest.fault({ method: "POST", path: /messages$/, trouble: { kind: "status", status: 500 } });
    const [message] = recorder.received;
    const thread = message?.kind === "message" ? message.message.thread : "";
    await platform
      .post({ thread }, { text: "secret reply" }, "k1")
      .catch((error) => log.warn("test", { error: String(error) }));
    await platform.close();
    const kept = JSON.stringify([...marks.saved]) + JSON.stringify(log.lines);
    for (const secret of [server.token, "hunter2", "secret reply"]) expect(kept).not.toContain(secret);
  });
});
