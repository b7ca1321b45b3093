/**
 * The Slack of a run. A third of the customers write in a direct message, a third in threads of the assistant pane,
 * where replies are streamed, and a third in threads of a support channel.
 */
import { elementsOf } from "../doubles/slack-server/block-kit.ts";
import type { Delivery } from "../doubles/slack-server/deliveries.ts";
import { type Call, createSlackServer, type SlackServer } from "../doubles/slack-server/slack-server.ts";
import type { Chance } from "./chance.ts";
import { createGates } from "./gates.ts";
import type { Ack, Pressed, Said, Shown, Stroke } from "./record.ts";
import { createSlackFaults, shows, team, textOf } from "./slack-faults.ts";
import type { Card, Stage } from "./stage.ts";

const support = "C1";
const office = "C2";
const staffIds = ["U2", "U3"];
const deskChannel = `slack:${team}:${office}`;

type Home = { user: string; channel: string; root?: string };

/** Compressed: Slack tries at once, after a minute, after five, and then hourly for a day. */
const retryDelaysMs = [50, 100, 200, 400, 700, ...Array.from({ length: 100 }, () => 1_000)];

export async function createSlackStage(chance: Chance, customers: number): Promise<Stage> {
  const slack = await createSlackServer({ retryDelaysMs });
  const homes = await inhabit(slack, customers);
  const said: Said[] = [];
  const pressed: Pressed[] = [];
  const acks: Ack[] = [];
  const strokes: (Stroke & { call: Call })[] = [];
  const gates = createGates();
  const faults = createSlackFaults(slack, { chance, gates, deskChannel }, (call, thread) => {
    const does = shows[call.method];
    if (does) strokes.push({ at: Date.now(), thread, does, text: textOf(call), done: false, call });
  });
  const byMessage = new Map<string, Said>();

  slack.deliveries.onAttempt = (delivery) => {
    if (!delivery.acknowledged) return;
    acks.push({ at: Date.now(), tookMs: delivery.tookMs });
    const one = byMessage.get(messageOf(delivery));
    if (one) one.ackedAt ??= Date.now();
    stage.onAck?.();
  };

  function write(
    user: string,
    channel: string,
    root: string | undefined,
    text: string,
    marker: string,
  ): Said {
    void slack.asUser(user).say(channel, text, root === undefined ? {} : { threadTs: root });
    const { ts } = slack.messages(channel).at(-1) as { ts: string };
    const direct = channel.startsWith("D");
    const place = root ?? (direct ? undefined : ts);
    const one: Said = {
      marker,
      message: `slack:${team}:${channel}:${ts}`,
      thread: `slack:${team}:${channel}${place === undefined ? "" : `:${place}`}`,
      text,
      at: Date.now(),
      order: ts,
    };
    said.push(one);
    byMessage.set(one.message, one);
    return one;
  }

  const stage: Stage = {
    name: "slack",
    acknowledges: true,
    verified: true,
    deskChannel,
    env: {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      SLACK_SUPPORT_CHANNELS: support,
      DESK_CHANNEL: `slack:${office}`,
    },
    customers,
    say(customer, marker, text) {
      const home = homes[customer] as Home;
      const one = write(home.user, home.channel, home.root, text, marker);
      if (home.channel === support) home.root ??= one.order;
      return one;
    },
    edit(one, text) {
      const [, , channel = "", ts = ""] = one.message.split(":");
      const home = homes.find(
        (who) => who.channel === channel && (channel !== support || one.thread.endsWith(`:${who.root}`)),
      );
      if (home) void slack.asUser(home.user).edit(channel, ts, text);
    },
    confirm(customer, label) {
      const home = homes[customer] as Home;
      const there = slack
        .messages(home.channel)
        .some((one) => elementsOf(one.message.blocks).some((element) => labelOf(element) === label));
      if (there) void slack.asUser(home.user).click(label, { channel: home.channel });
      return there;
    },
    staff: {
      cards: () => slack.messages(office).flatMap(cardOf),
      press(by, label, card) {
        const value = card.values[label] ?? card.number;
        const one = { at: Date.now(), by: staffIds[by] ?? "", label, value };
        pressed.push(one);
        void slack
          .asUser(one.by)
          .click(label, { channel: office, value })
          .catch(() => undefined);
        return one;
      },
      say: (by, marker, card, text) => write(staffIds[by] ?? "", office, card.message, text, marker),
    },
    onAck: undefined,
    ...faults,
    bringAgain() {
      const events = slack.deliveries.log.filter((one) => one.kind === "events_api" && one.acknowledged);
      if (events.length > 0)
        void slack.deliveries.deliver("events_api", again(chance.pick(events), chance, slack));
    },
    async shuffle(ms) {
      slack.deliveries.hold();
      await new Promise((resolve) => setTimeout(resolve, ms));
      slack.deliveries.release("reversed");
    },
    dropConnections() {
      for (const socket of [...slack.deliveries.sockets]) socket.destroy();
    },
    pressUnknown() {
      const user = { id: staffIds[0], username: "maya", name: "maya", team_id: team };
      void slack.deliveries.deliver("interactive", {
        type: "block_actions",
        user,
        team: { id: team, domain: "example" },
        api_app_id: "A1",
        token: "verification",
        trigger_id: slack.world.nextId("trigger"),
        container: { type: "message", message_ts: "1.1", channel_id: office, is_ephemeral: false },
        channel: { id: office, name: "channel" },
        actions: [
          {
            type: "button",
            block_id: "b1",
            action_id: "ticket.take",
            action_ts: slack.world.nextTs(),
            value: String(chance.whole(900_000, 999_999)),
          },
        ],
      });
    },
    said,
    pressed,
    strokes,
    acks,
    shown: () => shownIn(slack, homes),
    // The double does not know of deaths.
    offences: () => slack.violations.filter((one) => !one.includes("Retry-After")),
    early: gates.early,
    async close() {
      slack.dropHanging();
      await slack.close();
    },
  };
  Object.defineProperty(stage, "strokes", {
    get: () => strokes.map(({ call, ...stroke }) => ({ ...stroke, done: call.ok })),
  });
  return stage;
}

async function inhabit(slack: SlackServer, customers: number): Promise<Home[]> {
  slack.addUser("U2", { name: "Maya" });
  slack.addUser("U3", { name: "Tom" });
  slack.addChannel(support, { name: "support", members: [...staffIds] });
  slack.addChannel(office, { name: "desk", kind: "group", members: staffIds });
  return Array.from({ length: customers }, (_, at): Home => {
    const user = `U${100 + at}`;
    slack.addUser(user, { name: `Customer ${at}` });
    const { directChannel } = slack.asUser(user);
    switch (at % 3) {
      case 0:
        return { user, channel: directChannel };
      case 1:
        return { user, channel: directChannel, root: slack.addAssistantThread(user) };
      default:
        slack.world.channels.get(`${team} ${support}`)?.members.add(user);
        return { user, channel: support };
    }
  });
}

function shownIn(slack: SlackServer, homes: readonly Home[]): Shown[] {
  const channels = new Set([office, ...homes.map((home) => home.channel)]);
  return [...channels].flatMap((channel) =>
    slack
      .messages(channel)
      .filter((one) => one.byBot && one.message.subtype !== "assistant_app_thread")
      .map((one): Shown => {
        const payload = one.message.metadata?.event_payload as { id?: string } | undefined;
        return {
          thread: `slack:${team}:${channel}${one.threadTs === undefined ? "" : `:${one.threadTs}`}`,
          message: `slack:${team}:${channel}:${one.ts}`,
          text: one.text,
          at: Math.round(Number(one.ts) * 1000),
          key: payload?.id,
          unfinished: one.streaming,
        };
      }),
  );
}

function labelOf(element: Record<string, unknown>): string {
  return String((element.text as { text?: string } | undefined)?.text ?? "");
}

function cardOf({ ts, text, message }: ReturnType<SlackServer["messages"]>[number]): Card[] {
  const [, kind, number] = /^(Ticket|Approval) #(\d+)/m.exec(text) ?? [];
  if (!kind || !number || message.threadTs !== undefined) return [];
  const buttons = elementsOf(message.blocks).filter((element) => element.type === "button");
  return [
    {
      kind: kind === "Ticket" ? "ticket" : "approval",
      number,
      message: ts,
      text,
      labels: buttons.map(labelOf),
      values: Object.fromEntries(buttons.map((element) => [labelOf(element), String(element.value ?? "")])),
    },
  ];
}

function messageOf({ payload }: Delivery): string {
  const event = payload.event as
    | { type?: string; subtype?: string; channel?: string; ts?: string }
    | undefined;
  if (!event || (event.subtype !== undefined && event.subtype !== "file_share")) return "";
  return `slack:${team}:${event.channel}:${event.ts}`;
}

/** The same event as it was, or under another of its keys. */
function again({ payload }: Delivery, chance: Chance, slack: SlackServer): Record<string, unknown> {
  const event = payload.event as Record<string, unknown>;
  return chance.pick<() => Record<string, unknown>>([
    () => payload,
    () => ({ ...payload, event_id: slack.world.nextId("Ev") }),
    () =>
      event.client_msg_id === undefined
        ? payload
        : {
            ...payload,
            event_id: slack.world.nextId("Ev"),
            event: { ...event, ts: slack.world.nextTs(), event_ts: slack.world.nextTs() },
          },
  ])();
}
