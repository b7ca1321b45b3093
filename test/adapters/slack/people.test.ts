import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { recordingDesk } from "../../contracts/platform.ts";
import {
  adapterFor,
  codeOf,
  createInhabitedSlack,
  type DeskOptions,
  openDesk,
  type SlackDesk,
} from "./harness.ts";

let cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});
async function start(options: DeskOptions = {}): Promise<SlackDesk> {
  const one = await openDesk({ ackTimeoutMs: 1_500, ...options });
  cleanups.push(() => one.close());
  return one;
}

describe("who belongs", () => {
  it("to a channel, a user group, or is the person named", async () => {
    const { platform, slack } = await start();
    slack.addChannel("C9", { members: Array.from({ length: 1_500 }, (_, n) => `UX${n}`).concat("U2") });
    const belongs = platform.belongs?.bind(platform);
    const cases: [string, string, boolean][] = [
      ["U2", "C2", true],
      ["U2", "slack:C2", true],
      ["U2", "slack:T1:C2", true],
      ["U1", "C2", false],
      ["U2", "C9", true],
      ["U2", "S1", true],
      ["U1", "S1", false],
      ["U1", "U1", true],
      ["U1", "slack:U2", false],
      ["U2", "slack:T2:C2", false],
      ["U2", "discord:C2", false],
      ["U2", "everybody", false],
    ];
    for (const [user, group, expected] of cases) {
      expect(await belongs?.(`slack:T1:${user}`, group), `${user} ${group}`).toBe(expected);
    }
  });

  it("to the workspace that is meant, however equal the ids of another are", async () => {
    const { platform, slack } = await start();
    slack.addTeam("T2");
    slack.addUser("U2", { team: "T2" });
    slack.addChannel("C2", { team: "T2", members: ["U2"] });
    for (const group of ["C2", "slack:C2", "slack:T1:C2", "S1", "U2"]) {
      expect(await platform.belongs?.("slack:T2:U2", group), group).toBe(false);
    }
  });

  it("is never guessed: what cannot be asked is an error", async () => {
    const { platform, slack } = await start();
    expect(await codeOf(platform.belongs?.("slack:T1:U2", "C404"))).toBe("platform_unreachable");
    slack.faults.add({ kind: "status", status: 503 }, { method: "usergroups.users.list" });
    expect(await codeOf(platform.belongs?.("slack:T1:U2", "S1"))).toBe("platform_unavailable");
    expect(await platform.belongs?.("slack:T1:U2", "S1")).toBe(true);
  });
});

describe("answers", () => {
  it("to a button that asks too late say so, and nothing else happens", async () => {
    const { platform, slack, desk } = await start();
    const ask = { title: "Deny", label: "Why?" };
    await platform.post(
      { channel: "slack:T1:C2" },
      { text: "x", buttons: [{ label: "Deny", action: "deny", value: "1", ask }] },
      "o_1",
    );
    slack.faults.add({ kind: "error", error: "expired_trigger_id" }, { method: "views.open" });
    await slack.asUser("U2").click("Deny");
    const told = await slack.waitFor(() => slack.privately("U2")[0]);
    expect(told.text).toContain("press the button again");
    expect(desk.received).toEqual([]);
  });

  it("reach the person after a restart too", async () => {
    const { platform, slack, desk } = await start();
    await slack.asUser("U1").command("status");
    const [command] = desk.received;
    if (command?.kind !== "command") throw new Error("no command");
    const second = adapterFor(slack);
    cleanups.push(() => second.close());
    await second.connect(recordingDesk());
    expect(await second.answer?.(command.interaction, { text: "All is well." })).toBe(true);
    expect(slack.privately("U1").map((seen) => seen.text)).toEqual(["All is well."]);
    expect(await platform.answer?.("forged", { text: "x" })).toBe(false);
  });

  it("reach the person from another process also where the bot is no member", async () => {
    const { slack, desk } = await start();
    slack.addChannel("C7", { members: ["U1"] }).members.delete("UBOTT1");
    await slack.asUser("U1").command("status", "C7");
    const [command] = desk.received;
    if (command?.kind !== "command") throw new Error("no command");
    const second = adapterFor(slack);
    cleanups.push(() => second.close());
    await second.connect(recordingDesk(), { listening: false });
    expect(await second.answer?.(command.interaction, { text: "All is well." })).toBe(true);
    expect(slack.privately("U1").map((seen) => seen.text)).toEqual(["All is well."]);
  });

  it("stand where the message does: in its thread, and not in one that nobody has opened", async () => {
    const { platform, slack, desk } = await start();
    const maya = slack.asUser("U2");
    const ask = { title: "Deny", label: "Why?" };
    const buttons = [
      { label: "Take", action: "take", value: "1" },
      { label: "Deny", action: "deny", value: "1", ask },
    ];
    const card = await platform.post({ channel: "slack:T1:C2" }, { text: "card", buttons }, "o_1");
    // It is not told the address of the answer, as it is when half an hour is over.
    const second = adapterFor(slack);
    cleanups.push(() => second.close());
    await second.connect(recordingDesk(), { listening: false });
    const told = async (): Promise<(string | undefined)[]> => {
      const last = desk.received.at(-1);
      if (last?.kind !== "action" && last?.kind !== "command") throw new Error("nothing pressed");
      expect(last.thread).toBeDefined();
      const before = slack.privately("U2").length;
      await platform.answer?.(last.interaction, { text: "Too late." });
      await second.answer?.(last.interaction.split(":").slice(0, 6).join(":"), { text: "Too late." });
      return slack
        .privately("U2")
        .slice(before)
        .map((seen) => seen.threadTs);
    };
    await maya.click("Take");
    expect(await told()).toEqual([undefined, undefined]);
    await maya.click("Deny", { reason: "no" });
    expect(await told()).toEqual([undefined, undefined]);
    const ts = await slack.asUser("U1").say("C3", "it is broken");
    await maya.shortcut("C3", ts, "open_ticket");
    expect(await told()).toEqual([undefined, undefined]);

    const root = card.id.split(":").at(-1);
    await platform.post({ thread: card.thread }, { text: "below", buttons }, "o_2");
    await maya.click("Take");
    expect(await told()).toEqual([root, root]);
    slack.faults.add({ kind: "error", error: "expired_trigger_id" }, { method: "views.open" });
    const before = slack.privately("U2").length;
    await maya.click("Deny");
    await slack.waitFor(() => slack.privately("U2").length > before);
    expect(slack.privately("U2").at(-1)?.threadTs).toBe(root);
  });

  it("say so when their time is over and the place is gone", async () => {
    const { platform, slack, desk } = await start();
    await slack.asUser("U1").command("status", "C1");
    const [command] = desk.received;
    if (command?.kind !== "command") throw new Error("no command");
    for (let n = 0; n < 5; n += 1) await platform.answer?.(command.interaction, { text: `${n}` });
    slack.addChannel("C1", { archived: true });
    expect(await platform.answer?.(command.interaction, { text: "too late" })).toBe(false);
    expect(slack.privately("U1")).toHaveLength(5);
  });

  it("to a modal come back to the one who filled it in", async () => {
    const { platform, slack, desk } = await start();
    const ask = { title: "Deny", label: "Why?" };
    await platform.post(
      { channel: "slack:T1:C2" },
      { text: "x", buttons: [{ label: "Deny", action: "deny", value: "1", ask }] },
      "o_1",
    );
    await slack.asUser("U2").click("Deny", { reason: "no" });
    const action = desk.received.at(-1);
    if (action?.kind !== "action") throw new Error("no action");
    await platform.answer?.(action.interaction, { text: "Denied." });
    expect(slack.privately("U2").map((seen) => seen.text)).toEqual(["Denied."]);
  });
});

describe("a person's own page, menus and shortcuts", () => {
  it("are shown and come back", async () => {
    const { platform, slack, desk } = await start();
    const maya = slack.asUser("U2");
    await maya.openHome();
    const opened = desk.received.at(-1);
    if (opened?.kind !== "home") throw new Error("no home");
    await platform.home?.(opened.by.id, {
      text: "Your **tickets**",
      buttons: [{ label: "Open", action: "open", value: "7" }],
    });
    expect(JSON.stringify(slack.world.homes.get("T1 U2"))).toContain("Your *tickets*");

    const menus = [
      { label: "Transfer", action: "transfer", options: [{ label: "Billing", value: "billing" }] },
    ];
    await platform.post({ channel: "slack:T1:C2" }, { text: "x", menus }, "o_1");
    await maya.choose("Billing");
    expect(desk.received.at(-1)).toMatchObject({ kind: "action", name: "transfer", value: "billing" });

    const ts = await slack.asUser("U1").say("C3", "it is broken");
    await maya.shortcut("C3", ts, "open_ticket");
    expect(desk.received.at(-1)).toMatchObject({
      kind: "command",
      name: "open_ticket",
      by: { id: "slack:T1:U2", name: "Maya" },
      about: { text: "it is broken", author: { name: "Ana" } },
    });
  });
});

describe("status and reactions", () => {
  it("are shown while the bot works, and cleared", async () => {
    const { platform, slack } = await start({ config: { loadingMessages: ["Reading…", "Thinking…"] } });
    const ts = await slack.asUser("U1").say("C1", "hello");
    await platform.working?.(`slack:T1:C1:${ts}`, "Looking up your order");
    expect(slack.world.statuses.get(`C1 ${ts}`)).toEqual({
      status: "Looking up your order",
      loading: ["Reading…", "Thinking…"],
    });
    await platform.working?.(`slack:T1:C1:${ts}`, undefined);
    expect(slack.world.statuses.size).toBe(0);
    await platform.working?.("slack:T1:D1", "nothing to show it in");
    await platform.react?.(`slack:T1:C1:${ts}`, "👍", true);
    expect([...(slack.messages("C1")[0]?.message.reactions.keys() ?? [])]).toEqual(["+1"]);
    await platform.react?.(`slack:T1:C1:${ts}`, "👍", false);
    expect(slack.messages("C1")[0]?.message.reactions.size).toBe(0);
    expect(await codeOf(platform.react?.(`slack:T1:C1:${ts}`, "🦤", true))).toBe("platform_refused");
  });
});

describe("the content of files", () => {
  const file = { id: "slack:T1:F1", name: "a", mediaType: "text/plain", bytes: 3 };

  it("is never asked of another host, nor the token given to one", async () => {
    const { platform, slack } = await start();
    const seen: string[] = [];
    const thief = createServer((request, response) => {
      seen.push(String(request.headers.authorization));
      response.end("x");
    });
    await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => void thief.close());
    const stolen = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/x`;
    for (const source of [
      stolen,
      "https://slack.com.evil.example/x",
      "file:///etc/passwd",
      "http://slack.com/x",
      "nonsense",
      `${slack.url}@evil.example/`,
    ]) {
      expect(await codeOf(platform.download?.({ ...file, source }, 100)), source).toBe("platform_refused");
    }
    expect(seen).toEqual([]);
  });

  it("is not followed to a login page", async () => {
    const { platform, slack } = await start();
    slack.world.teams.get("T1")?.scopes.delete("files:read");
    const source = `${slack.url}/files-pri/T1-F1/download/a`;
    expect(await codeOf(platform.download?.({ ...file, source }, 100))).toBe("platform_unauthorized");
  });
});

describe("the human channel", () => {
  it("is named with the workspace that it is in, before the first event", async () => {
    expect((await start()).platform.deskChannel).toBe("slack:T1:C2");
    expect((await start({ config: { deskChannel: "slack:C2" } })).platform.deskChannel).toBe("slack:T1:C2");
    expect((await start({ config: { deskChannel: "slack:T7:C2" } })).platform.deskChannel).toBe(
      "slack:T7:C2",
    );
  });
});

describe("examining the installation", () => {
  it("finds every problem at once, with its remedy", async () => {
    const slack = await createInhabitedSlack();
    const { platform } = await start({
      slack,
      config: { supportChannels: ["C1", "C404", "C8"], deskChannel: "C2" },
    });
    slack.addChannel("C8", { archived: true });
    slack.world.channels.get("T1 C1")?.members.delete("UBOTT1");
    slack.world.teams.get("T1")?.scopes.delete("commands");
    const problems = (await platform.examine?.()) ?? [];
    expect(problems.map((problem) => problem.fault)).toEqual([
      "missing: commands",
      "the bot is not a member of C1",
      "the bot sees no channel C404",
      "C8 is archived",
    ]);
    for (const problem of problems) expect(problem.remedy).not.toBe("");
    const team = slack.world.teams.get("T1");
    if (team) team.revoked = true;
    expect((await platform.examine?.())?.map((problem) => problem.where)).toEqual(["SLACK_BOT_TOKEN"]);
  });
});
