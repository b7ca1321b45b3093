/** What a Slack server knows: workspaces, people, channels, messages. State only; nothing here talks to anybody. */
import type { Json } from "./block-kit.ts";

export interface Team {
  id: string;
  name: string;
  /** The bot's own user, its id as an app, and its token. */
  bot: string;
  botId: string;
  token: string;
  scopes: Set<string>;
  revoked: boolean;
  /** Where the workspace is one of a large organisation. */
  enterprise?: string;
}

export interface User {
  id: string;
  team: string;
  /** Where the person's account is: another than `team` for people of a shared channel. */
  home: string;
  /** The large organisation that the account is of. */
  enterprise?: string;
  name: string;
  email: string;
  guest: boolean;
  bot: boolean;
  locale: string;
}

export interface Channel {
  id: string;
  team: string;
  kind: "channel" | "group" | "im" | "mpim";
  name: string;
  members: Set<string>;
  archived: boolean;
}

export interface StoredFile {
  id: string;
  team: string;
  name: string;
  mimetype: string;
  content: Buffer;
  title: string;
  /** Uploaded, but not yet complete. */
  pending: boolean;
  subtype?: string;
  /** Of somebody from another workspace: messages only name it, and what it is has to be asked for. */
  foreign?: true;
}

export interface StoredMessage {
  ts: string;
  channel: string;
  team: string;
  user: string;
  text: string;
  blocks: unknown[];
  threadTs?: string;
  botId?: string;
  metadata?: Json;
  clientMsgId?: string;
  files: StoredFile[];
  editedTs?: string;
  subtype?: string;
  /** Reactions by name, each with the users who gave it. */
  reactions: Map<string, Set<string>>;
  streaming?: "in_progress" | "completed" | "errored";
  tasks: Map<string, Json>;
  /** The first message of the thread it is in. */
  root?: StoredMessage;
  /** How many messages are in its thread. */
  replies?: number;
  /** Shown to this user only. */
  only?: string;
}

export interface World {
  teams: Map<string, Team>;
  users: Map<string, User>;
  channels: Map<string, Channel>;
  /** By `TEAM CHANNEL`, oldest first. */
  messages: Map<string, StoredMessage[]>;
  files: Map<string, StoredFile>;
  userGroups: Map<string, { team: string; users: string[] }>;
  /** Modals that are open, by view id. */
  views: Map<string, { user: string; team: string; view: Json }>;
  homes: Map<string, Json>;
  statuses: Map<string, { status: string; loading: unknown }>;
  titles: Map<string, string>;
  prompts: Map<string, Json>;
  nextTs(): string;
  nextId(letter: string): string;
}

/** Ids of users and channels are only unique within their team. */
export const key = (team: string, id: string) => `${team} ${id}`;

export function createWorld(): World {
  let lastMicros = 0;
  let ids = 0;
  return {
    teams: new Map(),
    users: new Map(),
    channels: new Map(),
    messages: new Map(),
    files: new Map(),
    userGroups: new Map(),
    views: new Map(),
    homes: new Map(),
    statuses: new Map(),
    titles: new Map(),
    prompts: new Map(),
    nextTs() {
      lastMicros = Math.max(lastMicros + 100, Date.now() * 1000);
      const text = String(lastMicros);
      return `${text.slice(0, -6)}.${text.slice(-6)}`;
    },
    nextId(letter) {
      ids += 1;
      return `${letter}${String(ids).padStart(8, "0")}`;
    },
  };
}

export function messagesIn(world: World, team: string, channel: string): StoredMessage[] {
  const known = world.messages.get(key(team, channel));
  if (known) return known;
  const fresh: StoredMessage[] = [];
  world.messages.set(key(team, channel), fresh);
  return fresh;
}

/** Stores a message in the order of times; a reply is counted on its thread's first message. */
export function addMessage(world: World, message: StoredMessage): void {
  const all = messagesIn(world, message.team, message.channel);
  const { threadTs } = message;
  const root = threadTs === undefined ? undefined : all.findLast((one) => one.ts === threadTs);
  if (root && message.only === undefined) {
    message.root = root;
    root.replies = (root.replies ?? 0) + 1;
  }
  // As a rule it is the newest.
  all.splice(all.findLastIndex((one) => one.ts <= message.ts) + 1, 0, message);
}

/** Asked for are mostly new ones. */
export function findMessage(world: World, team: string, channel: string, ts: string) {
  const all = messagesIn(world, team, channel);
  return all.findLast((message) => message.ts === ts && message.only === undefined);
}

/** What is this old, and all that came after it. */
export function messagesSince(world: World, team: string, channel: string, ts: string): StoredMessage[] {
  const all = messagesIn(world, team, channel);
  return all.slice(all.findLastIndex((message) => message.ts < ts) + 1);
}

/** The direct channel between the bot and a person, made when there is none. */
export function directChannel(world: World, team: Team, user: string): Channel {
  for (const channel of world.channels.values()) {
    if (channel.team === team.id && channel.kind === "im" && channel.members.has(user)) return channel;
  }
  const id = `D${user.slice(1)}`;
  const channel: Channel = {
    id,
    team: team.id,
    kind: "im",
    name: "directmessage",
    members: new Set([user, team.bot]),
    archived: false,
  };
  world.channels.set(key(team.id, id), channel);
  return channel;
}

/** A message as the Web API and events show it. */
export function asMessage(message: StoredMessage, base: string, withMetadata: boolean): Json {
  const { root, replies } = message;
  return {
    ...(root ? { parent_user_id: root.user } : {}),
    ...(replies ? { thread_ts: message.ts, reply_count: replies } : {}),
    type: "message",
    ...(message.subtype ? { subtype: message.subtype } : {}),
    user: message.user,
    team: message.team,
    text: message.text,
    ts: message.ts,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    ...(message.botId ? { bot_id: message.botId, app_id: "A1", bot_profile: { id: message.botId } } : {}),
    ...(message.clientMsgId ? { client_msg_id: message.clientMsgId } : {}),
    ...(message.files.length > 0 ? { files: message.files.map((file) => asShown(file, base)) } : {}),
    ...(message.editedTs ? { edited: { user: message.user, ts: message.editedTs } } : {}),
    ...(message.streaming ? { streaming_state: message.streaming } : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
    ...(message.reactions.size > 0
      ? {
          reactions: [...message.reactions].map(([name, users]) => ({
            name,
            count: users.size,
            users: [...users],
          })),
        }
      : {}),
  };
}

/** A file as messages show it. */
function asShown(file: StoredFile, base: string): Json {
  if (!file.foreign) return asFile(file, base);
  return { id: file.id, mode: "file_access", file_access: "check_file_info", created: 0, user: "" };
}

export function asFile(file: StoredFile, base: string): Json {
  const address = `${base}/files-pri/${file.team}-${file.id}`;
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    size: file.content.length,
    mode: "hosted",
    url_private: `${address}/${encodeURIComponent(file.name)}`,
    url_private_download: `${address}/download/${encodeURIComponent(file.name)}`,
    permalink: `${base}/files/${file.id}`,
    ...(file.subtype ? { subtype: file.subtype } : {}),
  };
}

export function asUser(user: User): Json {
  return {
    id: user.id,
    team_id: user.home,
    name: user.name.toLowerCase().replace(/\W+/g, "."),
    real_name: user.name,
    deleted: false,
    is_bot: user.bot,
    is_restricted: user.guest,
    is_ultra_restricted: false,
    is_stranger: false,
    is_email_confirmed: true,
    ...(user.enterprise ? { enterprise_user: { id: user.id, enterprise_id: user.enterprise } } : {}),
    locale: user.locale,
    tz: "Europe/Berlin",
    profile: {
      real_name: user.name,
      display_name: user.name,
      ...(user.home === user.team || user.enterprise ? { email: user.email } : {}),
    },
  };
}
