import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Incoming } from "../../../src/message.ts";
import type { Platform, Receiver } from "../../../src/platform.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
let platform: Platform;
let desk: ReturnType<typeof recordingDesk>;

async function begin(
  receiver?: Partial<Receiver>,
  options: Parameters<typeof createSetting>[0] = {},
): Promise<void> {
  world = await createSetting(options);
  platform = world.adapter();
  desk = recordingDesk();
  await platform.connect({ ...desk, ...receiver });
}
afterEach(() => world.dispose());

let keys = 0;
const key = () => `i_${++keys}`;
type Kind<K extends Incoming["kind"]> = Extract<Incoming, { kind: K }>;
const first = <K extends Incoming["kind"]>(kind: K): Promise<Kind<K>> =>
  eventually(() => {
    const found = desk.received.find((one): one is Kind<K> => one.kind === kind);
    if (!found) throw new Error(`no ${kind}`);
    return found;
  });
const card = {
  text: "Ticket #7",
  card: { title: "Ticket #7", facts: [], sections: [] },
  buttons: [
    { label: "Take", action: "ticket.take", value: "7", style: "primary" },
    { label: "Deny", action: "intent.deny", value: "in_1", ask: { title: "Deny the refund", label: "Why?" } },
  ],
  menus: [
    { label: "Transfer", action: "ticket.transfer", options: [{ label: "Bob", value: "discord:0:2" }] },
  ],
} as const;
const cardPost = () => JSON.parse(JSON.stringify(card)) as Parameters<Platform["post"]>[1];
const answered = (interaction: { answered: number | undefined }) =>
  world.server.waitFor(() => interaction.answered, "an answer");

describe("a button", () => {
  beforeEach(() => begin());

  it("tells who pressed what, where, and is acknowledged once the desk has it", async () => {
    const posted = await platform.post({ channel: `discord:${world.desk.id}` }, cardPost(), key());
    const pressed = world.staff("Maya").click("Take");
    const action = await first("action");
    expect(action).toMatchObject({
      keys: [`discord:interaction:${pressed.id}`],
      name: "ticket.take",
      value: "7",
      message: posted.id,
      channel: `discord:${world.desk.id}`,
      thread: posted.thread,
      by: { name: "Maya", tenant: "0", locale: "en-US" },
    });
    expect(await answered(pressed)).toBe(6);
  });

  it("that the desk could not take says so to the one who pressed it, and only then", async () => {
    const maya = world.staff("Maya");
    await platform.post({ channel: `discord:${world.desk.id}` }, cardPost(), key());
    desk.refuseNext(1);
    const pressed = maya.click("Take");
    expect(await answered(pressed)).toBe(4);
    expect(maya.shownPrivately().map((one) => one.content)).toEqual([expect.stringContaining("try again")]);
    expect(desk.received).toEqual([]);
  });

  it("asks for a reason first, with the words it was given", async () => {
    const maya = world.staff("Maya");
    await platform.post({ channel: `discord:${world.desk.id}` }, cardPost(), key());
    const pressed = maya.click("Deny");
    const modal = await world.server.waitFor(() => pressed.modal, "a modal");
    expect(modal.title).toBe("Deny the refund");
    expect(modal.components[0]?.components[0]?.label).toBe("Why?");
    expect(desk.received).toEqual([]);
    const submitted = maya.submitModal(pressed, "out of policy");
    expect(await first("action")).toMatchObject({
      name: "intent.deny",
      value: "in_1",
      reason: "out of policy",
    });
    expect(await answered(submitted)).toBe(6);
  });

  it("still asks after a restart", async () => {
    const maya = world.staff("Maya");
    await platform.post({ channel: `discord:${world.desk.id}` }, cardPost(), key());
    await platform.close();
    const next = world.adapter();
    await next.connect(desk);
    const pressed = maya.click("Deny");
    const modal = await world.server.waitFor(() => pressed.modal, "a modal");
    expect(modal.title).toBe("Deny");
    maya.submitModal(pressed, "out of policy");
    expect(await first("action")).toMatchObject({ name: "intent.deny", reason: "out of policy" });
  });

  it("of a menu brings what was chosen", async () => {
    await platform.post({ channel: `discord:${world.desk.id}` }, cardPost(), key());
    world.staff("Maya").select("Bob");
    expect(await first("action")).toMatchObject({ name: "ticket.transfer", value: "discord:0:2" });
  });

  it("of another program or version says that it does nothing any more", async () => {
    const ana = world.server.asUser("Ana");
    world.server.world.addMessage({
      channel: ana.directChannel,
      author: world.server.bot,
      content: "old",
      components: [{ components: [{ type: 2, custom_id: "something_else", label: "Old" }] }],
    });
    const pressed = ana.click("Old");
    expect(await answered(pressed)).toBe(4);
    expect(desk.received).toEqual([]);
  });

  it("for feedback says which turn it is about", async () => {
    const ana = world.server.asUser("Ana");
    ana.dm("hi");
    const { message } = await first("message");
    await platform.post({ thread: message.thread }, { text: "Hello!", feedback: "t_9" }, key());
    ana.click("👎");
    expect(await first("action")).toMatchObject({ name: "feedback", value: "down t_9" });
  });
});

describe("an answer to an interaction", () => {
  beforeEach(() => begin());

  async function command() {
    const ana = world.server.asUser("Ana");
    const run = ana.command(world.general, "support", "status");
    const { interaction } = await first("command");
    return { ana, run, interaction };
  }

  it("is seen by its person only, and goes on for as long as Discord lets it", async () => {
    const { ana, interaction } = await command();
    expect(await platform.answer?.(interaction, { text: "Your ticket is #7." })).toBe(true);
    expect(
      await platform.answer?.(interaction, { text: "It is waiting.", sources: [{ title: "Terms" }] }),
    ).toBe(true);
    expect(ana.shownPrivately().map((one) => one.content)).toEqual([
      "Your ticket is #7.",
      "It is waiting.\n-# Terms",
    ]);
    expect(world.server.byBot(world.general)).toEqual([]);
  });

  it("replaces the waiting sign of a command, also when it is given by another process", async () => {
    const { ana, run, interaction } = await command();
    expect(await answered(run)).toBe(5);
    await platform.close();
    const next = world.adapter();
    await next.connect(recordingDesk());
    expect(await next.answer?.(interaction, { text: "Here you are." })).toBe(true);
    expect(run.original?.content).toBe("Here you are.");
    expect(ana.shownPrivately()).toHaveLength(1);
  });

  it("waits for the first one, which another process is still giving", async () => {
    const next = world.adapter();
    await next.connect(recordingDesk(), { listening: false });
    world.server.rest.fault({ path: /\/callback$/, trouble: { kind: "slow", ms: 400 } });
    const { ana, interaction } = await command();
    expect(await next.answer?.(interaction, { text: "Here you are." })).toBe(true);
    expect(ana.shownPrivately().map((one) => one.content)).toEqual(["Here you are."]);
  });

  it("may be longer than a message", async () => {
    const { ana, interaction } = await command();
    const text = Array.from({ length: 30 }, (_, n) => `Paragraph ${n} ${"word ".repeat(40)}`).join("\n\n");
    expect(await platform.answer?.(interaction, { text })).toBe(true);
    expect(ana.shownPrivately().length).toBeGreaterThan(2);
    expect(ana.shownPrivately().every((one) => one.content.length <= 2000)).toBe(true);
  });

  it("comes to nothing, without an error, when its time is over", async () => {
    await world.dispose();
    await begin({}, { tokenLivesMs: 0 });
    const { interaction } = await command();
    await eventually(async () => expect(await platform.answer?.(interaction, { text: "late" })).toBe(false));
  });
});

describe("what was pressed while nobody listened", () => {
  /** Nobody listens, and the session stays, as when the process that listened has died. */
  async function pressedAnd(meanwhile: (pressed: ReturnType<typeof pressTake>) => void): Promise<string[]> {
    await begin({}, { answerWithinMs: 300 });
    await platform.post({ channel: `discord:${world.desk.id}` }, cardPost(), key());
    const pressed = pressTake();
    await platform.listen?.(false);
    meanwhile(pressed);
    await new Promise((resolve) => setTimeout(resolve, 4_200));
    platform = world.adapter();
    await platform.connect(desk);
    world.staff("Maya").say(world.desk, "anybody?");
    await first("message");
    return desk.received.map((one) => one.kind);
  }
  const pressTake = () => world.staff("Maya").click("Take");

  it("and Discord has said that it failed, is not done long afterwards", async () => {
    expect(await pressedAnd(() => {})).toEqual(["message"]);
    expect(world.log.lines.map((line) => line.event)).toContain("discord.interaction_over");
  });

  it("and the desk has said that it is taken, is taken", async () => {
    const kinds = await pressedAnd((pressed) => {
      pressed.answered = 6;
    });
    expect(kinds).toEqual(["action", "message"]);
    expect(world.log.lines.map((line) => line.event)).not.toContain("discord.interaction_failed");
  });
});

describe("a desk that takes its time", () => {
  it("does not cost an interaction its three seconds", async () => {
    let release = () => {};
    const taken = new Promise<void>((resolve) => {
      release = resolve;
    });
    await begin({ receive: () => taken });
    const run = world.server.asUser("Ana").command(world.general, "support", "status");
    expect(await answered(run)).toBe(5);
    expect(Date.now() - run.at).toBeLessThan(3_000);
    release();
  });

  it("tells the person when it has failed after all", async () => {
    await begin({
      receive: async () => {
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        throw new Error("the disk is full");
      },
    });
    const ana = world.server.asUser("Ana");
    ana.command(world.general, "support", "status");
    await eventually(() =>
      expect(
        ana
          .shownPrivately()
          .map((one) => one.content)
          .join(),
      ).toContain("try again"),
    );
  });

  it("may answer before Discord has been told anything", async () => {
    await begin({
      receive: async (incoming) => {
        if (incoming.kind === "command") await platform.answer?.(incoming.interaction, { text: "at once" });
      },
    });
    const ana = world.server.asUser("Ana");
    const run = ana.command(world.general, "support", "status");
    expect(await answered(run)).toBe(4);
    expect(ana.shownPrivately().map((one) => one.content)).toEqual(["at once"]);
  });
});

describe("commands", () => {
  it("bring their subcommand and options as words", async () => {
    await begin();
    const maya = world.staff("Maya");
    maya.command(world.desk, "support", "note", { ticket: "7", text: " called them back " });
    maya.command(world.desk, "support", "help");
    await eventually(() =>
      expect(desk.received).toMatchObject([
        {
          kind: "command",
          name: "support",
          text: "note 7 called them back",
          channel: `discord:${world.desk.id}`,
        },
        { kind: "command", name: "support", text: "" },
      ]),
    );
  });

  it("of a message's menu bring the message, whoever wrote it and wherever", async () => {
    await begin();
    const bob = world.server.asUser("Bob");
    const message = bob.say(world.general, "the export is broken again");
    world.staff("Maya").messageCommand("Open a ticket", message);
    expect(await first("command")).toMatchObject({
      name: "open_ticket",
      about: {
        id: `discord:${world.general.id}:${message.id}`,
        thread: `discord:${world.general.id}:${message.id}`,
        text: "the export is broken again",
        author: { name: "Bob" },
        visibility: "shared",
      },
    });
  });

  it("complete tickets and snippets, and nothing when the desk cannot say", async () => {
    const asked: unknown[] = [];
    await begin({
      suggest: async (what, prefix, by) => {
        asked.push([what, prefix, by.name]);
        if (prefix === "fail") throw new Error("no");
        return Array.from({ length: 40 }, (_, n) => ({ value: `${n}`, label: `#${n} ${"x".repeat(200)}` }));
      },
    });
    const maya = world.staff("Maya");
    const tickets = maya.types(world.desk, "support", "take", "ticket", "ref");
    expect(await answered(tickets)).toBe(8);
    expect(tickets.choices).toHaveLength(25);
    const failing = maya.types(world.desk, "support", "snippet", "snippet", "fail");
    expect(await answered(failing)).toBe(8);
    expect(failing.choices).toEqual([]);
    expect(asked).toEqual([
      ["ticket", "ref", "Maya"],
      ["snippet", "fail", "Maya"],
    ]);
  });

  it("are registered for the guilds and for DMs, and again only when they have changed", async () => {
    await begin();
    const { server } = world;
    const puts = () =>
      server.rest.calls.filter((call) => call.method === "PUT" && call.path.endsWith("/commands"));
    await server.waitFor(() => server.routes.commands.has(server.guild.id), "commands");
    expect(puts()).toHaveLength(2);
    const ofGuild = server.routes.commands.get(server.guild.id) as { name: string }[];
    expect(ofGuild.map((one) => one.name)).toEqual(["support", "Open a ticket"]);
    expect(server.routes.commands.get("global")).toMatchObject([{ name: "support", contexts: [1] }]);
    await platform.close();
    const next = world.adapter();
    await next.connect(recordingDesk());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(puts()).toHaveLength(2);
  });

  it("that cannot be registered leave a working desk", async () => {
    world = await createSetting();
    world.server.rest.fault({
      method: "PUT",
      path: /commands$/,
      times: 5,
      trouble: { kind: "status", status: 500 },
    });
    platform = world.adapter();
    desk = recordingDesk();
    await platform.connect(desk);
    world.server.asUser("Ana").dm("hello");
    expect((await first("message")).message.text).toBe("hello");
    await eventually(() =>
      expect(world.log.lines.map((line) => line.event)).toContain("discord.commands_not_registered"),
    );
  });
});
