/** What the Web API's methods share: whom they are for, what they refuse, where they may write. */
import type { Json } from "./block-kit.ts";
import {
  addMessage,
  asMessage,
  type Channel,
  directChannel,
  findMessage,
  key,
  type StoredMessage,
  type Team,
  type World,
} from "./world.ts";

/** Slack's `{ ok: false, error }`. */
export class Refusal extends Error {
  readonly body: Json;
  constructor(error: string, more: Json = {}) {
    super(error);
    this.body = { ok: false, error, ...more };
  }
}

export interface MethodContext {
  world: World;
  team: Team;
  base: string;
  /** Sends an event to the app. */
  emit(team: Team, event: Json): void;
  /** Whether this trigger may still open a view, and whose it is. */
  userOfTrigger(trigger: string): string | undefined;
  /** Notes something that Slack would let pass but that the documents advise against. */
  warn(what: string): void;
}

export type Method = (context: MethodContext, args: Json) => Json | Promise<Json>;

export function need(args: Json, name: string, error = "invalid_arguments"): string {
  const value = args[name];
  if (typeof value === "number") return String(value);
  if (typeof value !== "string" || value === "") {
    throw new Refusal(error, {
      response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
    });
  }
  return value;
}

export function channelOf({ world, team }: MethodContext, id: string): Channel {
  if (/^[UW]/.test(id)) {
    if (!world.users.has(key(team.id, id))) throw new Refusal("channel_not_found");
    return directChannel(world, team, id);
  }
  const channel = world.channels.get(key(team.id, id));
  if (!channel) throw new Refusal("channel_not_found");
  if ((channel.kind === "group" || channel.kind === "im") && !channel.members.has(team.bot)) {
    throw new Refusal("channel_not_found");
  }
  return channel;
}

/** The channel, when the bot may write there. */
export function writable(context: MethodContext, id: string): Channel {
  const channel = channelOf(context, id);
  if (channel.archived) throw new Refusal("is_archived");
  if (!channel.members.has(context.team.bot)) throw new Refusal("not_in_channel");
  return channel;
}

export function addBotMessage(
  { world, team }: MethodContext,
  channel: Channel,
  more: Partial<StoredMessage> & { text: string },
): StoredMessage {
  const message: StoredMessage = {
    ts: world.nextTs(),
    channel: channel.id,
    team: team.id,
    user: team.bot,
    botId: team.botId,
    blocks: [],
    files: [],
    reactions: new Map(),
    tasks: new Map(),
    ...more,
  };
  addMessage(world, message);
  return message;
}

/** Apps are told of their own messages too. */
export function announce(context: MethodContext, channel: Channel, message: StoredMessage): void {
  context.emit(context.team, {
    ...asMessage(message, context.base, false),
    channel: channel.id,
    channel_type: channel.kind,
    event_ts: message.ts,
  });
}

export function threadArgument(context: MethodContext, channel: Channel, args: Json): { threadTs?: string } {
  const threadTs = args.thread_ts;
  if (threadTs === undefined) return {};
  const root = findMessage(context.world, context.team.id, channel.id, String(threadTs));
  if (!root) throw new Refusal("thread_not_found");
  return { threadTs: root.threadTs ?? root.ts };
}
