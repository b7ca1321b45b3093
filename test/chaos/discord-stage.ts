/**
 * The Discord of a run. Two thirds of the customers write in direct messages, a third in a support channel, where every
 * question becomes a thread. Nothing is acknowledged there: what is written in a place that the desk knows counts as
 * taken, because the desk reads it up when it comes back.
 */
import { createDiscordServer, type DiscordServer } from "../doubles/discord-server/discord-server.ts";
import type { Call } from "../doubles/discord-server/rest.ts";
import type { Channel, Message } from "../doubles/discord-server/world.ts";
import type { Chance } from "./chance.ts";
import { createDiscordFaults, shows, wasDone } from "./discord-faults.ts";
import { createGates, processHeader } from "./gates.ts";
import type { Pressed, Said, Shown, Stroke } from "./record.ts";
import type { Card, Stage } from "./stage.ts";

interface Home {
  person: ReturnType<DiscordServer["asUser"]>;
  direct: boolean;
  /** The newest message with which a thread began. */
  root?: string;
}

export async function createDiscordStage(chance: Chance, customers: number): Promise<Stage> {
  const discord = await createDiscordServer({ maxConcurrency: 1 });
  const support = discord.addChannel("support");
  const role = discord.world.addRole(discord.guild, "Agents");
  const office = discord.addPrivateChannel("desk", role);
  const staff = ["Maya", "Tom"].map((name) => {
    discord.giveRole(name, role.id);
    return discord.asUser(name);
  });
  const homes = Array.from(
    { length: customers },
    (_, at): Home => ({ person: discord.asUser(`Customer ${at}`), direct: at % 3 !== 2 }),
  );
  const deskChannel = `discord:${office.id}`;
  /** Of the deaths in migration: those are desks of their own, each with an empty ledger. */
  let hastyBefore: number | undefined;
  const said: Said[] = [];
  const pressed: Pressed[] = [];
  const strokes: (Stroke & { call: Call })[] = [];
  const messages = new Map<string, { message: Message; by: Home["person"] }>();

  const threadOf = (channel: Channel): string => {
    if (channel === office) return deskChannel;
    if (channel.recipient) return `discord:@me:${channel.id}`;
    return channel.parent ? `discord:${channel.parent.id}:${channel.id}` : `discord:${channel.id}`;
  };
  const gates = createGates();
  const where = { threadOf, isDesks: (channel: Channel) => channel === office || channel.parent === office };
  const faults = createDiscordFaults(discord, { chance, gates, ...where }, (call, thread) => {
    const does = shows[call.method];
    if (does) strokes.push({ at: Date.now(), thread, does, text: textOfCall(call), done: false, call });
  });

  function note(message: Message, by: Home["person"], marker: string, thread: string): Said {
    const at = Date.now();
    const one: Said = {
      marker,
      message: `discord:${message.channel.id}:${message.id}`,
      thread,
      text: message.content,
      at,
      order: message.id.padStart(20, "0"),
      ackedAt: at,
    };
    said.push(one);
    messages.set(one.message, { message, by });
    return one;
  }

  return {
    name: "discord",
    acknowledges: false,
    verified: false,
    deskChannel,
    env: {
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.url,
      DISCORD_SUPPORT_CHANNELS: support.id,
      DESK_CHANNEL: deskChannel,
    },
    customers,
    async listened() {
      await discord.waitFor(() => discord.gateway.connected, "a session", 60_000);
      hastyBefore ??= discord.gateway.hasty;
    },
    say(customer, marker, text) {
      const home = homes[customer] as Home;
      const { person } = home;
      if (home.direct) return note(person.dm(text), person, marker, threadOf(person.directChannel));
      const open = home.root === undefined ? undefined : discord.world.channels.get(home.root);
      const message = person.say(open ?? support, text);
      if (!open) home.root = message.id;
      return note(message, person, marker, `discord:${support.id}:${open?.id ?? message.id}`);
    },
    edit(one, text) {
      const known = messages.get(one.message);
      if (known) known.by.edit(known.message, text);
    },
    confirm(customer, label) {
      const { person } = homes[customer] as Home;
      const asked = discord.byBot(person.directChannel).findLast((one) => labelsOf(one).includes(label));
      if (asked) person.click(label, asked);
      return asked !== undefined;
    },
    staff: {
      cards: () => discord.byBot(office).flatMap(cardOf),
      press(by, label, card) {
        const one = { at: Date.now(), by: staff[by]?.user.username ?? "", label, value: card.number };
        pressed.push(one);
        const message = discord.messages(office).find((shown) => shown.id === card.message);
        if (message && labelsOf(message).includes(label)) staff[by]?.click(label, message);
        return one;
      },
      say(by, marker, card, text) {
        const person = staff[by] as Home["person"];
        const thread = discord.world.channels.get(card.message) ?? office;
        return note(person.say(thread, text), person, marker, threadOf(thread));
      },
    },
    onAck: undefined,
    ...faults,
    bringAgain() {
      const all = [...messages.values()];
      if (all.length > 0) discord.gateway.redeliver(chance.pick(all).message);
    },
    async shuffle(ms) {
      discord.gateway.trouble.reorder = true;
      discord.gateway.hold();
      await new Promise((resolve) => setTimeout(resolve, ms));
      discord.gateway.release();
    },
    dropConnections() {
      chance.pick([
        () => discord.gateway.drop(),
        () => discord.gateway.reconnect(),
        () => discord.gateway.forgetSessions(),
        () => discord.gateway.drop(4000),
      ])();
    },
    pressUnknown() {
      const gone = discord.byBot(office).find((one) => labelsOf(one).length > 0);
      if (gone) staff[0]?.click(labelsOf(gone)[0] ?? "", gone);
    },
    said,
    pressed,
    get strokes() {
      return strokes.map(({ call, ...stroke }) => ({ ...stroke, done: wasDone(call) }));
    },
    acks: [],
    listeners: () =>
      discord.gateway.connections.map(({ headers, from, to }) => ({
        by: String(headers[processHeader] ?? ""),
        from,
        ...(to === undefined ? {} : { to }),
      })),
    shown: () =>
      [...discord.world.channels.values()].flatMap((channel) =>
        discord.byBot(channel).map(
          (one): Shown => ({
            thread: threadOf(channel),
            message: `discord:${channel.id}:${one.id}`,
            text: textOf(one),
            at: one.at,
            key: one.nonce,
            unfinished: false,
          }),
        ),
      ),
    offences: () =>
      Array.from(
        { length: discord.gateway.hasty - (hastyBefore ?? 0) },
        () => "identified again within five seconds",
      ),
    early: gates.early,
    close: () => discord.close(),
  };
}

interface Parts {
  content?: unknown;
  embeds?: unknown;
  components?: unknown;
}

/** Everything that can be read. */
function textOf({ content, embeds, components }: Parts): string {
  return [content, ...textsIn(embeds), ...textsIn(components)]
    .filter((one) => typeof one === "string")
    .join("\n");
}

const textOfCall = ({ body }: Call) => textOf(body);

const readable = new Set(["content", "title", "description", "name", "value", "label", "text"]);

function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string" && readable.has(key) ? [inner] : textsIn(inner),
  );
}

function labelsOf(message: Message): string[] {
  return message.components.flatMap((line) => line.components).flatMap((one) => one.label ?? []);
}

function cardOf(message: Message): Card[] {
  const text = textOf(message);
  const [, kind, number] = /^(Ticket|Approval) #(\d+)/m.exec(text) ?? [];
  const labels = labelsOf(message);
  if (!kind || !number || labels.length === 0) return [];
  return [
    {
      kind: kind === "Ticket" ? "ticket" : "approval",
      number,
      message: message.id,
      text,
      labels,
      values: {},
    },
  ];
}
