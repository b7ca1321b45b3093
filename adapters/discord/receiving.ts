/** The gateway's events on their way to the desk: which concern us, in which lane they wait, what they say. */
import type { GatewayInteractionCreateDispatchData } from "discord.js";
import type { Incoming } from "../../src/message.ts";
import type { Dispatched } from "./gateway.ts";
import {
  deletionIn,
  editIn,
  messageIn,
  type RawDeletion,
  type RawMessage,
  type RawReaction,
  reactionIn,
  type Surroundings,
} from "./incoming.ts";
import { type Intake, type IntakeEvent, noChannel } from "./intake.ts";
import { directPlace, type Place, type Scope, situate } from "./place.ts";
import type { Places } from "./places.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";
import { channelIdOf, compareSnowflakes } from "./thread-id.ts";
import type { Notes } from "./watermarks.ts";

export interface Receiving {
  dispatch(event: Dispatched): void;
  /** Messages of a channel after this id, oldest first. @throws DeskError */
  fetchAfter(channel: string, after: string, urgent: boolean): Promise<Omit<IntakeEvent, "taken">[]>;
  /** Whether the bot was spoken to in this message of a channel it does not listen to. */
  knows(message: string): boolean;
  /** What was said to open a thread, if it was seen lately. */
  questionOf(message: string): string | undefined;
}

export interface ReceivingParts {
  intake: Intake;
  places: Places;
  rest: Rest;
  notes: Notes;
  scope(): Scope;
  interact(interaction: GatewayInteractionCreateDispatchData): Promise<void>;
}

const remembered = 5_000;

export function createReceiving(parts: ReceivingParts): Receiving {
  const { intake, places, rest, notes } = parts;
  const names = createRecent<string, string>(remembered);
  const questions = createRecent<string, string>(remembered);
  const mentions = createRecent<string, true>(remembered);

  const around = (place: Place): Surroundings => ({
    place,
    scope: parts.scope(),
    names: { channel: places.channelName, role: places.roleName },
  });

  function dispatch(event: Dispatched): void {
    places.hear(event.name, event.data);
    switch (event.name) {
      case "MESSAGE_CREATE":
        onMessage(event, event.data as RawMessage);
        return;
      case "MESSAGE_UPDATE":
        onEdit(event, event.data as RawMessage);
        return;
      case "MESSAGE_DELETE":
        onDeletion(event, [event.data as RawDeletion & { guild_id?: string }]);
        return;
      case "MESSAGE_DELETE_BULK": {
        const { ids, ...where } = event.data as { ids: string[]; channel_id: string; guild_id?: string };
        onDeletion(
          event,
          ids.map((id) => ({ id, ...where })),
        );
        return;
      }
      case "MESSAGE_REACTION_ADD":
      case "MESSAGE_REACTION_REMOVE":
        onReaction(event, event.data as RawReaction);
        return;
      case "INTERACTION_CREATE":
        void parts.interact(event.data as GatewayInteractionCreateDispatchData).finally(event.taken);
        return;
      case "THREAD_CREATE":
        if ((event.data as { newly_created?: boolean }).newly_created) {
          intake.upToDate((event.data as { id: string }).id);
        }
        event.taken();
        return;
      case "CHANNEL_DELETE":
      case "GUILD_DELETE":
        onLoss(event, event.data as { id: string; unavailable?: boolean; name?: string });
        return;
      default:
        event.taken();
    }
  }

  function onMessage(event: Dispatched, raw: RawMessage): void {
    const { self } = parts.scope();
    const place = placeNow(raw);
    if (raw.author?.id === self || (place && !concerns(place, raw))) {
      event.taken();
      return;
    }
    if (place?.kind === "direct" && raw.author) notes.set(`dm:${place.id}`, raw.author.id);
    intake.add({
      channel: raw.channel_id,
      ...(place && !hears(place) ? {} : { message: raw.id }),
      read: async () => {
        const where = place ?? (await places.find(raw.channel_id));
        const incoming = readMessage(raw, where);
        if (incoming || !where || !mentionsUnknownRole(raw) || !concerns(where, raw)) return incoming;
        await places.guild(raw.guild_id ?? "");
        return readMessage(raw, where);
      },
      taken: event.taken,
    });
  }

  function readMessage(raw: RawMessage, place: Place | undefined): Incoming | undefined {
    const incoming = place && messageIn(raw, around(place));
    if (incoming?.kind !== "message") return undefined;
    names.set(raw.author?.id ?? "", incoming.message.author.name);
    if (place?.kind === "text") questions.set(raw.id, incoming.message.text);
    if (place && !hears(place)) mentions.set(raw.id, true);
    return incoming;
  }

  function onEdit(event: Dispatched, raw: RawMessage): void {
    const place = placeNow(raw);
    const nothing = !raw.edited_timestamp || raw.author?.bot || raw.author?.id === parts.scope().self;
    if (nothing || (place && !concerns(place, raw))) {
      event.taken();
      return;
    }
    intake.add({
      channel: raw.channel_id,
      read: async () => {
        const where = place ?? (await places.find(raw.channel_id));
        const whole = raw.author && raw.content !== undefined ? raw : await fetchMessage(raw);
        return where && editIn(whole, around(where));
      },
      taken: event.taken,
    });
  }

  const fetchMessage = (raw: RawMessage) =>
    rest.call<RawMessage>("GET", `/channels/${raw.channel_id}/messages/${raw.id}`);

  function onDeletion(event: Dispatched, deleted: (RawDeletion & { guild_id?: string })[]): void {
    const [first] = deleted;
    const place = first && placeNow(first);
    const ours = deleted.filter((raw) => !place || hears(place) || mentions.get(raw.id));
    if (ours.length === 0) {
      event.taken();
      return;
    }
    let left = ours.length;
    for (const raw of ours) {
      intake.add({
        channel: raw.channel_id,
        read: async () => {
          const where = place ?? (await places.find(raw.channel_id));
          return where && deletionIn(raw, around(where));
        },
        taken: () => {
          left -= 1;
          if (left === 0) event.taken();
        },
      });
    }
  }

  function onReaction(event: Dispatched, raw: RawReaction): void {
    const place = placeNow(raw);
    const ours = !place || hears(place) || mentions.get(raw.message_id);
    if (!ours || raw.user_id === parts.scope().self) {
      event.taken();
      return;
    }
    const added = event.name === "MESSAGE_REACTION_ADD";
    intake.add({
      channel: raw.channel_id,
      read: async () => {
        const where = place ?? (await places.find(raw.channel_id));
        const by = names.get(raw.user_id);
        return where && reactionIn(raw, added, event.occurrence, by, around(where));
      },
      taken: event.taken,
    });
  }

  /** A channel that the desk needs is gone, or the bot is out of a guild. */
  function onLoss(event: Dispatched, lost: { id: string; unavailable?: boolean; name?: string }): void {
    const scope = parts.scope();
    const guild = event.name === "GUILD_DELETE";
    const matters = guild ? !lost.unavailable : scope.support.has(lost.id) || scope.desk === lost.id;
    if (!matters) {
      event.taken();
      return;
    }
    const text = guild
      ? `The bot has been removed from the Discord server ${lost.id}.`
      : `The Discord channel "${lost.name ?? lost.id}" that the desk uses has been deleted.`;
    const incoming: Incoming = {
      kind: "trouble",
      keys: [`discord:trouble:${lost.id}:${event.occurrence}`],
      code: "platform_unreachable",
      text,
      ...(guild ? {} : { channel: channelIdOf(lost.id) }),
    };
    intake.add({ channel: noChannel, read: () => incoming, taken: event.taken });
  }

  /** Where an event happened, as far as it can be told at once. */
  function placeNow(raw: { channel_id: string; guild_id?: string }): Place | undefined {
    const known = places.known(raw.channel_id);
    if (known || raw.guild_id !== undefined) return known;
    const place = directPlace(raw.channel_id);
    places.learn(place);
    return place;
  }

  /** A session that goes on does not describe guilds again: the role may be the bot's. */
  const mentionsUnknownRole = (raw: RawMessage): boolean =>
    (raw.mention_roles ?? []).length > 0 && raw.guild_id !== undefined && !places.knowsRoles(raw.guild_id);

  const hears = (place: Place): boolean => situate(place, parts.scope())?.heard ?? false;

  function concerns(place: Place, raw: RawMessage): boolean {
    const scope = parts.scope();
    const situation = situate(place, scope);
    if (!situation) return false;
    return (
      situation.heard ||
      mentions.get(raw.id) === true ||
      (raw.mentions ?? []).some((user) => user.id === scope.self) ||
      (raw.mention_roles ?? []).some((role) => scope.isBotRole(role)) ||
      mentionsUnknownRole(raw)
    );
  }

  return {
    dispatch,
    async fetchAfter(channel, after, urgent) {
      const place = await places.find(channel);
      if (!place || place.kind === "forum" || !hears(place)) return [];
      const messages = await rest.call<RawMessage[]>("GET", `/channels/${channel}/messages`, {
        query: { after, limit: "100" },
        urgency: urgent ? "reply" : "read",
      });
      return messages
        .filter((raw) => compareSnowflakes(raw.id, after) > 0)
        .sort((a, b) => compareSnowflakes(a.id, b.id))
        .map((raw) => ({ channel, message: raw.id, read: () => readMessage(raw, place) }));
    },
    knows: (message) => mentions.get(message) === true,
    questionOf: (message) => questions.get(message),
  };
}
