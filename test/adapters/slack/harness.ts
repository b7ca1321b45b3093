/** A Slack desk in a test: the double with a customer, a colleague and a support channel, and the adapter before it. */
import { createSlackAdapter } from "../../../adapters/slack/adapter.ts";
import type { SlackConfig, SlackParts } from "../../../adapters/slack/slack-config.ts";
import { createClock } from "../../../src/clock.ts";
import { createLog } from "../../../src/log.ts";
import type { Mark, Platform, Receiver } from "../../../src/platform.ts";
import { type Fault, type PlatformHarness, recordingDesk } from "../../contracts/platform.ts";
import {
  createSlackServer,
  type SlackServer,
  type SlackServerOptions,
} from "../../doubles/slack-server/slack-server.ts";

export type Transport = "socket" | "http";

export interface SlackDesk {
  slack: SlackServer;
  platform: Platform;
  desk: ReturnType<typeof recordingDesk>;
  close(): Promise<void>;
}

export interface DeskOptions extends SlackServerOptions {
  transport?: Transport;
  config?: Partial<SlackConfig>;
  parts?: Partial<SlackParts>;
  slack?: SlackServer;
}

/** The double's inhabitants: Ana is a customer, Maya is staff, Eve is from another company. */
export async function createInhabitedSlack(options: SlackServerOptions = {}): Promise<SlackServer> {
  const slack = await createSlackServer(options);
  slack.addUser("U1", { name: "Ana" });
  slack.addUser("U2", { name: "Maya" });
  slack.addUser("U3", { name: "Eve", home: "T9" });
  slack.addUser("U4", { name: "Gus", guest: true });
  slack.addChannel("C1", { name: "support", members: ["U1", "U2", "U3", "U4"] });
  slack.addChannel("C2", { name: "desk", kind: "group", members: ["U2"] });
  slack.addChannel("C3", { name: "random", members: ["U1", "U2"] });
  slack.addUserGroup("S1", ["U2"]);
  return slack;
}

/** An adapter for this Slack; the receiver of HTTP is told to the double when it listens. */
export function adapterFor(slack: SlackServer, options: DeskOptions = {}): Platform {
  const { transport = "socket" } = options;
  return createSlackAdapter({
    config: {
      botToken: slack.botToken,
      ...(transport === "socket" ? { appToken: slack.appToken } : { signingSecret: slack.signingSecret }),
      host: "127.0.0.1",
      port: 0,
      apiUrl: slack.apiUrl,
      supportChannels: ["C1"],
      deskChannel: "C2",
      suggestedPrompts: [],
      ...options.config,
    },
    log: createLog("silent"),
    clock: createClock(),
    onListening(port) {
      if (transport === "http") slack.sendEventsTo(`http://127.0.0.1:${port}/slack/events`);
    },
    ...options.parts,
  });
}

/** What a call has failed with; `done` when it has not. */
export const codeOf = (promise: Promise<unknown> | undefined): Promise<string | undefined> =>
  Promise.resolve(promise).then(
    () => "done",
    (error: { code?: string }) => error.code,
  );

/** The double, the adapter, and a desk that only remembers; connected. */
export async function openDesk(options: DeskOptions = {}): Promise<SlackDesk> {
  const slack = options.slack ?? (await createInhabitedSlack(options));
  const platform = adapterFor(slack, options);
  const desk = recordingDesk();
  await platform.connect(desk satisfies Receiver);
  return {
    slack,
    platform,
    desk,
    async close() {
      slack.dropHanging();
      await platform.close();
      await slack.close();
    },
  };
}

/** @param inPane the customer writes in a thread of the assistant pane, where replies are streamed */
export async function createSlackHarness(transport: Transport, inPane: boolean): Promise<PlatformHarness> {
  const slack = await createInhabitedSlack({
    retryDelaysMs: [0, 20, 50, 100, 500, 2_000],
    // Longer than a busy machine takes: what is brought again meanwhile is received twice.
    ackTimeoutMs: 1_500,
  });
  const platform = adapterFor(slack, { transport });
  const ana = slack.asUser("U1");
  const pane = inPane ? { threadTs: slack.addAssistantThread("U1") } : {};
  const faults: Record<Fault, () => void> = {
    rate_limited: () =>
      slack.faults.add({ kind: "rate_limited", seconds: 30 }, { method: "chat.postMessage" }),
    // Closes the connection before the method has been read: for the client this is doubtful, so it is refused by name.
    unavailable: () =>
      slack.faults.add({ kind: "error", error: "service_unavailable" }, { method: "chat.postMessage" }),
    lost_answer: () => slack.faults.add({ kind: "reset_after" }, { method: "chat.postMessage" }),
    unauthorized: () =>
      slack.faults.add({ kind: "error", error: "token_revoked" }, { method: "chat.postMessage" }),
    unreachable: () =>
      slack.faults.add({ kind: "error", error: "is_archived" }, { method: "chat.postMessage" }),
  };
  const placeOf = (id: string) => {
    const [, , channel = "", ts] = id.split(":");
    return { channel, ts };
  };
  const markOf: Record<string, Mark> = {
    white_check_mark: "sent",
    warning: "failed",
    hourglass_flowing_sand: "working",
  };
  let last: { kind: "events_api"; payload: Record<string, unknown> } | undefined;
  return {
    platform,
    another: () => adapterFor(slack, { transport }),
    ...(inPane ? { manyPrivateThreads: true as const } : {}),
    elsewhere: { channel: "slack:T1:C2" },
    groups: { customer: "slack:T1:U1", member: "slack:C1", stranger: "slack:C2" },
    async customerSays(text) {
      const ts = await ana.dm(text, pane);
      return { id: `slack:T1:${ana.directChannel}:${ts}` };
    },
    async visibleMessages(target) {
      const { channel, ts } = placeOf("thread" in target ? target.thread : target.channel);
      const shown = slack
        .messages(channel, ts)
        .filter((seen) => seen.message.subtype !== "assistant_app_thread");
      return shown.map((seen) => ({
        id: `slack:T1:${seen.channel}:${seen.ts}`,
        text: seen.text,
        byBot: seen.byBot,
        live: seen.live,
        marks: [...seen.message.reactions].flatMap(([name, users]) =>
          users.has("UBOTT1") && markOf[name] ? [markOf[name]] : [],
        ),
      }));
    },
    injectFault: (fault) => faults[fault](),
    async redeliver() {
      const delivered = slack.deliveries.log.filter((one) => one.kind === "events_api").at(-1);
      last = delivered && { kind: "events_api", payload: delivered.payload };
      if (last) await slack.deliveries.deliver(last.kind, last.payload);
    },
    customerEdits: (id, text) => ana.edit(placeOf(id).channel, placeOf(id).ts ?? "", text),
    customerDeletes: (id) => ana.remove(placeOf(id).channel, placeOf(id).ts ?? ""),
    async customerSends({ name, mediaType, content }) {
      await ana.dm("", { ...pane, files: [{ name, mimetype: mediaType, content }] });
    },
    async customerAsksInPublic(text) {
      const ts = await ana.say("C1", text);
      return { id: `slack:T1:C1:${ts}` };
    },
    async customerMentions(before, after) {
      await ana.dm(`${before} <@U2> and <!subteam^S1> ${after}`, pane);
    },
    customerReacts: (id, added) => ana.react(placeOf(id).channel, placeOf(id).ts ?? "", "heart", added),
    async customerPresses(label, reason) {
      await ana.click(label, reason === undefined ? {} : { reason });
    },
    async customerCommands(text) {
      await ana.command(text);
    },
    privatelyShown: async () => slack.privately("U1").map((seen) => seen.text),
    async dispose() {
      await slack.close();
      if (slack.violations.length > 0) throw new Error(slack.violations.join("; "));
    },
  };
}
