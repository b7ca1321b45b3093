/** What a command says and where it was said. Pure. */
import type { GatewayInteractionCreateDispatchData } from "discord.js";
import type { Message } from "../../src/message.ts";
import type { ChannelId, ThreadId } from "../../src/thread.ts";
import { helpSubcommand, slashCommand, ticketCommand } from "./commands.ts";
import { messageAt, type RawMessage, type Surroundings } from "./incoming.ts";
import type { Place } from "./place.ts";
import { channelIdOf, directParent, threadIdOf, userIdOf } from "./thread-id.ts";

const kind = { subcommand: 1, group: 2, person: 6 } as const;

interface CommandOption {
  type: number;
  name: string;
  value?: string | number | boolean;
  options?: CommandOption[];
}

export type RawCommand = GatewayInteractionCreateDispatchData & {
  data: {
    name: string;
    type?: number;
    options?: CommandOption[];
    target_id?: string;
    resolved?: { messages?: Record<string, RawMessage> };
  };
};

/** `/support take 12` is the command `support` with the text `take 12`; people are given as their ids. */
export function commandOf(
  raw: RawCommand,
  around: Surroundings,
): { name: string; text: string; about?: Message } {
  const { data } = raw;
  if (data.target_id !== undefined) {
    const target = data.resolved?.messages?.[data.target_id];
    const about =
      target && messageAt({ ...target, channel_id: target.channel_id ?? around.place.id }, around);
    const name = data.name === ticketCommand.shown ? ticketCommand.name : data.name;
    return { name, text: "", ...(about ? { about } : {}) };
  }
  const text = wordsOf(data.options ?? []).join(" ");
  return { name: data.name, text: data.name === slashCommand && text === helpSubcommand ? "" : text };
}

function wordsOf(options: readonly CommandOption[]): string[] {
  return options.flatMap((option) => {
    if (option.type === kind.subcommand || option.type === kind.group) {
      return [option.name, ...wordsOf(option.options ?? [])];
    }
    if (option.value === undefined) return [];
    return [option.type === kind.person ? userIdOf(String(option.value)) : String(option.value).trim()];
  });
}

/** @param message the message that was pressed; a command has none */
export function whereOf(
  place: Place,
  message: string | undefined,
): { channel: ChannelId; thread?: ThreadId } {
  switch (place.kind) {
    case "direct":
      return { channel: channelIdOf(place.id), thread: threadIdOf(directParent, place.id) };
    case "thread":
    case "private_thread": {
      const parent = place.parent ?? place.id;
      return { channel: channelIdOf(parent), thread: threadIdOf(parent, place.id) };
    }
    case "text":
    case "forum":
    case "other":
      return {
        channel: channelIdOf(place.id),
        ...(message === undefined ? {} : { thread: threadIdOf(place.id, message) }),
      };
  }
}
