/** The app in further workspaces: installed there, removed, installed again, and whose directory is believed. */
import { afterEach, describe, expect, it } from "vitest";
import type { Installation, InstallationStore } from "../../../adapters/slack/stores.ts";
import type { Incoming, Person } from "../../../src/message.ts";
import { codeOf, createInhabitedSlack, openDesk, type SlackDesk, type Transport } from "./harness.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const texts = (received: readonly Incoming[]) =>
  received.flatMap((one) => (one.kind === "message" ? [one.message.text] : []));
const troubles = (received: readonly Incoming[]) =>
  received.flatMap((one) => (one.kind === "trouble" ? [one.code] : []));
const authors = (received: readonly Incoming[]): Person[] =>
  received.flatMap((one) => (one.kind === "message" ? [one.message.author] : []));

type Kept = InstallationStore & { kept: Map<string, Installation>; unreadable: boolean };
function memoryInstallations(): Kept {
  const kept = new Map<string, Installation>();
  const store: Kept = {
    kept,
    unreadable: false,
    save: async (installation) => void kept.set(installation.team, installation),
    async find(team) {
      if (store.unreadable) throw new Error("the ledger does not answer");
      return kept.get(team);
    },
    remove: async (team) => void kept.delete(team),
  };
  return store;
}

interface Process extends SlackDesk {
  /** Where its pages and its events are. */
  base: string;
}

/** So many processes with one account and one ledger; people of T2 may install the app. */
async function installable(transport: Transport = "http", count = 1) {
  const slack = await createInhabitedSlack({ ackTimeoutMs: 1_500, retryDelaysMs: [0, 20] });
  const installations = memoryInstallations();
  const oauth = {
    clientId: slack.clientId,
    clientSecret: slack.clientSecret,
    stateSecret: "a-state-secret-of-at-least-32-characters",
    authorizationUrl: `${slack.url}/oauth/v2/authorize`,
  };
  const processes: Process[] = [];
  for (let n = 0; n < count; n += 1) {
    let base = "";
    const onListening = (port: number) => {
      base = `http://127.0.0.1:${port}`;
    };
    const parts = { installations, onListening };
    const desk = await openDesk({ slack, transport, config: { oauth }, parts });
    processes.push({ ...desk, base });
  }
  cleanups.push(async () => {
    slack.dropHanging();
    for (const { platform } of processes) await platform.close();
    await slack.close();
  });
  const [first] = processes;
  if (!first) throw new Error("no process");
  const eventsTo = ({ base }: Process) => slack.sendEventsTo(`${base}/slack/events`);
  if (transport === "http") eventsTo(first);
  slack.addTeam("T2");
  slack.addUser("U1", { team: "T2", name: "Another Ana" });
  slack.installer = { team: "T2", user: "U1" };
  return { ...first, slack, installations, processes, eventsTo };
}

/** A browser: the install page, Slack's consent, and back. */
async function install(base: string, change: (back: URL) => void = () => {}, keepCookie = true) {
  const page = await fetch(`${base}/slack/install`, { redirect: "manual" });
  const cookie = (page.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const consent = new URL(page.headers.get("location") ?? "");
  consent.searchParams.set("redirect_uri", `${base}/slack/oauth_redirect`);
  const allowed = await fetch(consent, { redirect: "manual" });
  const back = new URL(allowed.headers.get("location") ?? "");
  change(back);
  return fetch(back, { headers: keepCookie ? { cookie } : {}, redirect: "manual" });
}

describe("several workspaces", () => {
  for (const transport of ["socket", "http"] as const) {
    it(`are served side by side over ${transport}, with equal ids kept apart`, async () => {
      const { slack, platform, desk, installations, base } = await installable(transport);
      expect((await install(base)).status).toBe(200);
      expect(installations.kept.get("T2")).toMatchObject({ botToken: "xoxb-T2-token", botUser: "UBOTT2" });
      await slack.asUser("U1").dm("from one");
      await slack.asUser("U1", "T2").dm("from two");
      const [one, two] = desk.received.map((incoming) =>
        incoming.kind === "message" ? incoming.message : undefined,
      );
      expect(one?.author).toMatchObject({ id: "slack:T1:U1", name: "Ana", tenant: "T1" });
      expect(two?.author).toMatchObject({ id: "slack:T2:U1", name: "Another Ana", tenant: "T2" });
      await platform.post({ thread: two?.thread ?? "" }, { text: "for two" }, "o_1");
      const direct = slack.asUser("U1").directChannel;
      expect(slack.messages(direct, undefined, "T1").map((seen) => seen.text)).toEqual(["from one"]);
      expect(slack.messages(direct, undefined, "T2").map((seen) => seen.text)).toEqual([
        "from two",
        "for two",
      ]);
      await slack.removeApp("T2");
      expect(installations.kept.size).toBe(0);
      expect(await codeOf(platform.post({ thread: two?.thread ?? "" }, { text: "x" }, "o_2"))).toBe(
        "platform_unauthorized",
      );
      expect((await install(base)).status).toBe(200);
      await platform.post({ thread: two?.thread ?? "" }, { text: "back" }, "o_3");
    });
  }

  it("may share a channel of the desk's: that stays the desk's, as whosever Slack tells of it", async () => {
    const { slack, desk, base } = await installable();
    await install(base);
    await slack.asUser("U1").say("C1", "first");
    const last = slack.deliveries.log.at(-1)?.payload as { event: object } | undefined;
    const { event, ...told } = last ?? { event: {} };
    const theirs = { team_id: "T2", authorizations: [{ team_id: "T2", user_id: "UBOTT2", is_bot: true }] };
    const next = { ...event, text: "second", ts: "1999999999.000100", client_msg_id: "c2" };
    const payload = { ...told, ...theirs, is_ext_shared_channel: true, event_id: "Ev_second", event: next };
    await slack.deliveries.deliver("events_api", payload);
    expect(texts(desk.received)).toEqual(["first", "second"]);
    expect(authors(desk.received).map(({ id }) => id)).toEqual(["slack:T1:U1", "slack:T1:U1"]);
  });

  it("are installed one by one: not for a whole organisation at once, which is said", async () => {
    const { slack, installations, base } = await installable("http");
    slack.installer = { team: "T2", user: "U1", organisation: "E1" };
    const refused = await install(base);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("workspace by workspace");
    expect(installations.kept.size).toBe(0);
  });

  it("are not installed with a state that is forged, or of another browser", async () => {
    const { installations, base } = await installable("http");
    expect((await install(base, (back) => back.searchParams.set("state", "forged"))).status).toBe(400);
    expect((await install(base, () => {}, false)).status).toBe(400);
    expect((await install(base, (back) => back.searchParams.delete("code"))).status).toBe(400);
    expect(installations.kept.size).toBe(0);
  });

  it("bring an event again whose installation could not be looked up", async () => {
    const { slack, desk, installations, base } = await installable();
    await install(base);
    installations.unreadable = true;
    const saying = slack.asUser("U1", "T2").dm("keep me");
    await slack.waitFor(() => slack.deliveries.log.length === 2);
    installations.unreadable = false;
    await saying;
    expect(slack.deliveries.log.map((one) => one.acknowledged)).toEqual([false, false, true]);
    expect(texts(desk.received)).toEqual(["keep me"]);
  });
});

describe("the directory of another workspace", () => {
  it("proves nobody's address: its people are served, and external", async () => {
    const { slack, platform, desk, base } = await installable();
    await install(base);
    slack.addUser("U5", { team: "T2", name: "Mallory", email: "victim@customer.example" });
    await slack.asUser("U5", "T2").dm("What did I order?");
    const [author] = authors(desk.received);
    expect(author).toMatchObject({ id: "slack:T2:U5", name: "Mallory", external: true });
    expect(author).not.toHaveProperty("directoryEmail");
    expect(await platform.person?.("slack:T2:U5")).not.toHaveProperty("directoryEmail");
    await slack.asUser("U1").dm("And I?");
    expect(authors(desk.received)[1]).toMatchObject({ directoryEmail: "u1@example.com" });
  });

  it("nor does one that names the own workspace, or another organisation, as a person's home", async () => {
    const { slack, desk, base } = await installable();
    const [one, two] = ["T1", "T2"].map((id) => slack.world.teams.get(id));
    if (!one || !two) throw new Error("no teams");
    two.enterprise = "E2";
    await install(base);
    slack.addUser("U5", { team: "T2", home: "T1", email: "a@customer.example" });
    slack.addUser("U6", { team: "T2", enterprise: "E2", email: "b@customer.example" });
    for (const user of ["U5", "U6"]) await slack.asUser(user, "T2").dm("hello");
    for (const author of authors(desk.received)) {
      expect(author.external, author.id).toBe(true);
      expect(author, author.id).not.toHaveProperty("directoryEmail");
    }
    expect(authors(desk.received)).toHaveLength(2);
  });

  it("counts where it is of the company's own organisation", async () => {
    const slack = await createInhabitedSlack();
    const [one] = [...slack.world.teams.values()];
    if (one) one.enterprise = "E1";
    const desk = await openDesk({ slack });
    cleanups.push(desk.close);
    slack.addUser("U5", { home: "T3", enterprise: "E1", email: "maya@example.com" });
    slack.addUser("U6", { home: "T4", enterprise: "E2", email: "eve@example.com" });
    for (const user of ["U5", "U6"]) await slack.asUser(user).dm("hello");
    const [colleague, other] = authors(desk.desk.received);
    expect(colleague).toMatchObject({ directoryEmail: "maya@example.com" });
    expect(colleague).not.toHaveProperty("external");
    expect(other).toMatchObject({ external: true });
  });
});

describe("a workspace that removed the app and installed it again", () => {
  it("is heard and answered by every process, whichever was told", async () => {
    const { slack, processes, eventsTo } = await installable("http", 2);
    const [a, b] = processes;
    if (!a || !b) throw new Error("two processes");
    await install(b.base);
    await slack.asUser("U1", "T2").dm("first");
    await slack.removeApp("T2");
    await slack.asUser("U1", "T2").dm("to nobody");
    await install(b.base);
    await slack.asUser("U1", "T2").dm("second");
    expect(texts(a.desk.received)).toEqual(["first", "second"]);
    await a.platform.post({ channel: "slack:T2:D1" }, { text: "answer" }, "o_1");

    eventsTo(b);
    await slack.removeApp("T2");
    await install(b.base);
    eventsTo(a);
    await slack.asUser("U1", "T2").dm("third");
    await a.platform.post({ channel: "slack:T2:D1" }, { text: "with the new token" }, "o_2");
    expect(slack.messages("D1", undefined, "T2").map((seen) => seen.text)).toEqual([
      "first",
      "to nobody",
      "second",
      "answer",
      "third",
      "with the new token",
    ]);
    expect(troubles(a.desk.received)).toEqual(["tokens_revoked"]);
  });

  it("keeps its token when the news of the removal comes late", async () => {
    const { slack, platform, desk, installations, base } = await installable();
    await install(base);
    slack.sendEventsTo();
    await slack.removeApp("T2");
    await install(base);
    slack.sendEventsTo(`${base}/slack/events`);
    const token = installations.kept.get("T2")?.botToken;
    await slack.emit("T2", { type: "app_uninstalled", event_ts: "1.1" });
    await slack.emit("T2", { type: "tokens_revoked", tokens: { bot: ["UBOTT2"] }, event_ts: "1.2" });
    expect(slack.deliveries.log.slice(-2).map((one) => one.acknowledged)).toEqual([true, true]);
    expect(installations.kept.get("T2")?.botToken).toBe(token);
    expect(desk.received).toEqual([]);
    await slack.asUser("U1", "T2").dm("still here");
    await platform.post({ channel: "slack:T2:D1" }, { text: "so am I" }, "o_1");
  });

  it("is not judged before Slack has said whether the token is good: then the news come again", async () => {
    const { slack, desk, installations, base } = await installable();
    await install(base);
    slack.faults.add({ kind: "error", error: "service_unavailable" }, { method: "auth.test" });
    await slack.removeApp("T2");
    const news = slack.deliveries.log.filter((one) => one.kind === "events_api");
    expect(news.map((one) => one.acknowledged)).toEqual([false, true, true]);
    expect(installations.kept.size).toBe(0);
    expect(troubles(desk.received)).toEqual(["tokens_revoked"]);
  });

  it("may be the desk's own: late news do not end it, and news that are true do", async () => {
    const { slack, platform, desk } = await installable();
    await slack.emit("T1", { type: "app_uninstalled", event_ts: "1.1" });
    expect(desk.received).toEqual([]);
    await slack.asUser("U1").dm("still here");
    expect(texts(desk.received)).toEqual(["still here"]);
    await slack.removeApp("T1");
    expect(troubles(desk.received)).toEqual(["tokens_revoked"]);
    const before = slack.calls.length;
    expect(await codeOf(platform.post({ channel: "slack:T1:C1" }, { text: "x" }, "o_1"))).toBe(
      "platform_unauthorized",
    );
    expect(slack.calls.length).toBe(before);
  });
});
