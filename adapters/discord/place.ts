/**
 * Where something was written, and whether it is for us.
 *
 *   a DM                              private; one thread
 *   a support channel                 each message opens a thread of its own, named after the question
 *   a thread or post of one           that thread
 *   the desk's channel, its threads   the staff's side; handed on as it is
 *   a thread that the bot opened      heard without a mention
 *   anywhere else in our guilds       heard when the bot is mentioned
 */
import type { APIChannel, APIPartialChannel, APIThreadChannel } from "discord.js";
import type { ThreadId } from "../../src/thread.ts";
import { directParent, threadIdOf } from "./thread-id.ts";

export interface Place {
  id: string;
  kind: "direct" | "text" | "forum" | "thread" | "private_thread" | "other";
  name: string;
  guild: string | undefined;
  /** Of a thread: the channel it belongs to. */
  parent: string | undefined;
  /** Of a thread: who opened it. */
  owner: string | undefined;
  /** The newest message's id; null: there is none; undefined: not said. */
  newest: string | null | undefined;
}

/** What the desk listens to. */
export interface Scope {
  self: string;
  /** Empty: every guild the bot is in. */
  guilds: ReadonlySet<string>;
  support: ReadonlySet<string>;
  desk: string | undefined;
  /** Whether a mention of this role is a mention of the bot. */
  isBotRole(role: string): boolean;
  /** Whether the bot has been spoken to in this message of a channel it does not listen to. */
  knows(message: string): boolean;
}

export interface Situation {
  /** The channel, or the thread's channel. */
  channel: string;
  /** The thread; undefined where each message opens its own. */
  thread: string | undefined;
  visibility: "private" | "shared";
  /** Whether everything here is said to the bot; otherwise only what mentions it. */
  addressed: boolean;
  /** Whether everything here is handed on. */
  heard: boolean;
}

type AnyChannel = Partial<APIChannel> & Partial<APIThreadChannel> & Pick<APIPartialChannel, "id" | "type">;

/** A channel as Discord describes it, in a list, an event or an interaction. */
export function placeOf(channel: unknown, guild?: string): Place {
  const given = channel as AnyChannel;
  const kind = kindOf(given.type);
  const inThread = kind === "thread" || kind === "private_thread";
  return {
    id: given.id,
    kind,
    name: given.name ?? "",
    guild: (given as { guild_id?: string }).guild_id ?? guild,
    parent: inThread ? (given.parent_id ?? undefined) : undefined,
    owner: inThread ? given.owner_id : undefined,
    newest: (given as { last_message_id?: string | null }).last_message_id,
  };
}

/** A DM that is only known by a message without a guild. */
export function directPlace(id: string): Place {
  return {
    id,
    kind: "direct",
    name: "",
    guild: undefined,
    parent: undefined,
    owner: undefined,
    newest: undefined,
  };
}

/** Discord's numbers for kinds of channels. */
function kindOf(type: number | undefined): Place["kind"] {
  switch (type) {
    case 1:
      return "direct";
    case 0:
    case 5:
      return "text";
    case 15:
    case 16:
      return "forum";
    case 10:
    case 11:
      return "thread";
    case 12:
      return "private_thread";
    default:
      return "other";
  }
}

/** How what is written in this place concerns us; undefined when it does not, whatever it says. */
export function situate(place: Place, scope: Scope): Situation | undefined {
  switch (place.kind) {
    case "direct":
      return {
        channel: place.id,
        thread: place.id,
        visibility: "private",
        addressed: true,
        heard: true,
      };
    case "text": {
      const support = scope.support.has(place.id);
      const heard = support || place.id === scope.desk;
      if (!heard && !inOurGuilds(place, scope)) return undefined;
      return { channel: place.id, thread: undefined, visibility: "shared", addressed: support, heard };
    }
    case "thread":
    case "private_thread": {
      const { parent } = place;
      if (!parent) return undefined;
      const own = place.owner === scope.self;
      const desk = parent === scope.desk;
      const support = scope.support.has(parent);
      if (!support && !desk && !inOurGuilds(place, scope)) return undefined;
      return {
        channel: parent,
        thread: place.id,
        visibility: place.kind === "private_thread" && own && !desk ? "private" : "shared",
        addressed: !desk && (support || own),
        heard: support || desk || own,
      };
    }
    case "forum":
    case "other":
      return undefined;
  }
}

/** The thread of a message in this place. */
export function threadOf(place: Place, situation: Situation, message: string): ThreadId {
  const parent = place.kind === "direct" ? directParent : situation.channel;
  return threadIdOf(parent, situation.thread ?? message);
}

function inOurGuilds(place: Place, scope: Scope): boolean {
  return place.guild !== undefined && (scope.guilds.size === 0 || scope.guilds.has(place.guild));
}
