/** The Slack of a run: two workspaces, over Socket Mode or HTTP. */
import { elementsOf } from "../doubles/slack-server/block-kit.ts";
import type { Delivery } from "../doubles/slack-server/deliveries.ts";
import { seen as asSeen } from "../doubles/slack-server/seen.ts";
import { type Call, createSlackServer, type SlackServer } from "../doubles/slack-server/slack-server.ts";
import { messagesIn } from "../doubles/slack-server/world.ts";
import type { Chance } from "./chance.ts";
import { createGates } from "./gates.ts";
import type { Ack, Pressed, Said, Shown, Stroke } from "./record.ts";
import { createSlackFaults, shows, textOf } from "./slack-faults.ts";
import { type Home, inhabit, office, otherTeam, ownTeam, staffIds, support, write } from "./slack-homes.ts";
import { createSlackLine } from "./slack-line.ts";
import type { Card, Stage } from "./stage.ts";

const deskChannel = `slack:${ownTeam}:${office}`;

/** Compressed: Slack tries at once, after a minute, after five, and then hourly for a day. */
const retryDelaysMs = [50, 100, 200, 400, 700, ...Array.from({ length: 100 }, () => 1_000)];

export async function createSlackStage(
  chance: Chance,
  customers: number,
  transport: "socket" | "http",
): Promise<Stage> {
  const slack = await createSlackServer({ retryDelaysMs });
  const homes = inhabit(slack, customers);
  const line = await createSlackLine(slack, transport);
  const said: Said[] = [];
  const pressed: Pressed[] = [];
  const acks: Ack[] = [];
  const strokes: (Stroke & { call: Call })[] = [];
  const gates = createGates();
  const seen = (call: Call, thread: string | undefined) => {
    const does = shows[call.method];
    if (does) strokes.push({ at: Date.now(), thread, does, text: textOf(call), done: false, call });
    // Once the double has shown it.
    if (does === "draft" && thread !== undefined) setTimeout(() => stage.onDraft?.(thread), 0);
  };
  const faults = createSlackFaults(slack, { chance, gates, deskChannel }, seen, ({ team, args }) => {
    const card = args.channel === office ? stage.staff.cards().at(-1) : undefined;
    const customer = homes.findIndex((one) => one.team === team && one.channel === args.channel);
    if (card) stage.onUnanswered?.({ card });
    else if (customer >= 0) stage.onUnanswered?.({ customer });
  });
  const byMessage = new Map<string, Said>();
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

  slack.deliveries.onAttempt = (delivery) => {
    if (!delivery.acknowledged) return;
    acks.push({ at: Date.now(), tookMs: delivery.tookMs });
    const one = byMessage.get(messageOf(delivery));
    if (one) one.ackedAt ??= Date.now();
    const edited = byMessage.get(editedIn(delivery));
    if (edited && edited.ackedAt === undefined) count("an edit comes before its message");
    stage.onAck?.();
  };

  function note(
    marker: string,
    text: string,
    place: { team: string; channel: string; root: string | undefined; ts: string },
  ): Said {
    const { team, channel, root, ts } = place;
    const one: Said = {
      marker,
      message: `slack:${team}:${channel}:${ts}`,
      thread: `slack:${team}:${channel}${root === undefined ? "" : `:${root}`}`,
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
      ...line.env,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_API_URL: slack.apiUrl,
      SLACK_SUPPORT_CHANNELS: `${support},slack:${otherTeam}:${support}`,
      DESK_CHANNEL: `slack:${office}`,
    },
    envOf: line.envOf,
    opened: line.install,
    secrets: line.secrets,
    customers,
    twinOf(customer) {
      const at = homes.findIndex(({ twin }) => twin !== undefined && twin === homes[customer]);
      return at < 0 ? undefined : at;
    },
    say(customer, marker, text, lateMs = 0) {
      const home = homes[customer] as Home;
      const ts = write(slack, home, text, lateMs);
      return note(marker, text, { ...home, root: home.root, ts });
    },
    edit(one, text) {
      const [, team = "", channel = "", ts = ""] = one.message.split(":");
      const home = homes.find(
        (who) =>
          who.team === team &&
          who.channel === channel &&
          (channel !== support || one.thread.endsWith(`:${who.root}`)),
      );
      if (home) void slack.asUser(home.user, team).edit(channel, ts, text);
    },
    confirm(customer, label) {
      const home = homes[customer] as Home;
      const there = messagesIn(slack.world, home.team, home.channel).some((one) =>
        elementsOf(one.blocks).some((element) => labelOf(element) === label),
      );
      if (there) void slack.asUser(home.user, home.team).click(label, { channel: home.channel });
      return there;
    },
    staff: {
      cards: () =>
        messagesIn(slack.world, ownTeam, office)
          .filter((one) => one.threadTs === undefined)
          .map(asSeen)
          .flatMap(cardOf),
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
      say(by, marker, card, text) {
        void slack.asUser(staffIds[by] ?? "").say(office, text, { threadTs: card.message });
        const ts = messagesIn(slack.world, ownTeam, office).at(-1)?.ts ?? "";
        return note(marker, text, { team: ownTeam, channel: office, root: card.message, ts });
      },
    },
    onAck: undefined,
    onUnanswered: undefined,
    onDraft: undefined,
    counts,
    ...faults,
    bringAgain() {
      const events = slack.deliveries.log.filter((one) => one.kind === "events_api" && one.acknowledged);
      // Any, or one of the run's beginning, whose process is long dead.
      const some = chance.happens(0.5) ? events : events.slice(0, Math.ceil(events.length / 5));
      if (some.length === 0) return;
      const [how, payload] = again(chance.pick(some), chance, slack);
      count(`an event comes again, ${how}`);
      void slack.deliveries.deliver("events_api", payload);
    },
    async shuffle(ms) {
      slack.deliveries.hold();
      await new Promise((resolve) => setTimeout(resolve, ms));
      slack.deliveries.release("reversed");
    },
    dropConnections: () => slack.deliveries.hangUp(),
    pressUnknown() {
      const user = { id: staffIds[0], username: "maya", name: "maya", team_id: ownTeam };
      void slack.deliveries.deliver("interactive", {
        type: "block_actions",
        user,
        team: { id: ownTeam, domain: "example" },
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

function shownIn(slack: SlackServer, homes: readonly Home[]): Shown[] {
  const places = new Set(
    [{ team: ownTeam, channel: office }, ...homes].map(({ team, channel }) => `${team} ${channel}`),
  );
  return [...places].flatMap((place) => {
    const [team = "", channel = ""] = place.split(" ");
    return slack
      .messages(channel, undefined, team)
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
      });
  });
}

function labelOf(element: Record<string, unknown>): string {
  return String((element.text as { text?: string } | undefined)?.text ?? "");
}

function cardOf({ ts, text, message }: ReturnType<SlackServer["messages"]>[number]): Card[] {
  const [, kind, number] = /^(Ticket|Approval) #(\d+)/m.exec(text) ?? [];
  const buttons = elementsOf(message.blocks).filter((element) => element.type === "button");
  if (!kind || !number || buttons.length === 0) return [];
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
  return `slack:${payload.team_id}:${event.channel}:${event.ts}`;
}

function editedIn({ payload }: Delivery): string {
  const event = payload.event as
    | { subtype?: string; channel?: string; message?: { ts?: string } }
    | undefined;
  if (event?.subtype !== "message_changed") return "";
  return `slack:${payload.team_id}:${event.channel}:${event.message?.ts}`;
}

/** The same event as it was, or under another of its keys; and in words. */
function again({ payload }: Delivery, chance: Chance, slack: SlackServer): [string, Record<string, unknown>] {
  const event = payload.event as Record<string, unknown>;
  const another = { ...payload, event_id: slack.world.nextId("Ev") };
  const forms: [string, Record<string, unknown>][] = [
    ["as it was", payload],
    ["under another event's id", another],
  ];
  if (event.client_msg_id !== undefined) {
    const ts = slack.world.nextTs();
    forms.push(["as the same gesture", { ...another, event: { ...event, ts, event_ts: ts } }]);
    if (event.channel_type !== "im" && event.subtype === undefined)
      forms.push(["as a mention", { ...another, event: { ...event, type: "app_mention" } }]);
  }
  return chance.pick(forms);
}
