/** What exists on the double: people, guilds, channels, messages. Changing it tells `publish` what the gateway would. */
import { createSnowflakes } from "./snowflakes.ts";

export interface User {
  id: string;
  username: string;
  global_name: string | null;
  bot?: boolean;
  /** Whether this person takes DMs of strangers; Discord says 50007 otherwise. */
  takesDms: boolean;
  locale: string;
}

export interface Role {
  id: string;
  name: string;
  permissions: bigint;
  tags?: { bot_id: string };
}

export interface Overwrite {
  id: string;
  /** 0 for a role, 1 for a member. */
  type: 0 | 1;
  allow: bigint;
  deny: bigint;
}

export interface Member {
  user: User;
  nick: string | null;
  roles: string[];
}

export interface Guild {
  id: string;
  name: string;
  owner_id: string;
  roles: Map<string, Role>;
  members: Map<string, Member>;
  /** False during an outage. */
  available: boolean;
}

export interface Channel {
  id: string;
  type: number;
  name: string;
  guild: Guild | undefined;
  parent: Channel | undefined;
  owner_id?: string;
  recipient?: User;
  overwrites: Overwrite[];
  messages: Message[];
  /** Of a thread. */
  archived: boolean;
  /** When it was last archived or reopened; milliseconds since 1970. */
  archivedAt?: number;
  locked: boolean;
  members: Set<string>;
  /** Who was seen typing, and when (milliseconds since 1970). */
  typing: { user: string; at: number }[];
}

export interface Attachment {
  id: string;
  filename: string;
  size: number;
  url: string;
  content_type: string;
  content: Uint8Array;
}

export interface Message {
  id: string;
  channel: Channel;
  author: User;
  content: string;
  at: number;
  edited?: number;
  type: number;
  flags: number;
  embeds: object[];
  components: { components: Component[] }[];
  attachments: Attachment[];
  /** Whom it notified: user ids, `&role`, `everyone`. */
  notified: string[];
  reactions: Map<string, Set<string>>;
  reference?: { channel_id: string; message_id: string };
  nonce?: string;
  /** Only this person sees it. */
  ephemeralFor?: string;
  application_id?: string;
  /** Grown from a bare link in its content. */
  previews: string[];
}

export interface Component {
  type: number;
  custom_id?: string;
  label?: string;
  placeholder?: string;
  options?: { label: string; value: string }[];
  emoji?: { name?: string };
  components?: Component[];
}

export interface Event {
  name: string;
  data: Record<string, unknown>;
  /** Whose channel it is; undefined for what everybody of the guild may know. */
  channel?: Channel;
  guild?: Guild;
  /** The intent without which it is not sent. */
  intent: number;
  /** Removes what the message content intent protects. */
  content?: Message;
}

export const intents = {
  guilds: 1,
  guildMessages: 1 << 9,
  guildReactions: 1 << 10,
  directMessages: 1 << 12,
  directReactions: 1 << 13,
  messageContent: 1 << 15,
} as const;

export const permissions = {
  administrator: 1n << 3n,
  addReactions: 1n << 6n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readHistory: 1n << 16n,
  manageThreads: 1n << 34n,
  createPublicThreads: 1n << 35n,
  createPrivateThreads: 1n << 36n,
  sendInThreads: 1n << 38n,
} as const;

const everyPermission =
  Object.values(permissions).reduce((all, one) => all | one, 0n) & ~permissions.administrator;
const ofMembers = everyPermission & ~permissions.manageThreads & ~permissions.manageMessages;

export const isThread = (channel: Channel): boolean => [10, 11, 12].includes(channel.type);

export type World = ReturnType<typeof createWorld>;

export function createWorld(publish: (event: Event) => void) {
  const id = createSnowflakes();
  const users = new Map<string, User>();
  const guilds = new Map<string, Guild>();
  const channels = new Map<string, Channel>();
  /** No two threads are archived at the same moment. */
  let lastArchivedAt = 0;

  function addUser(username: string, more: Partial<User> = {}): User {
    const user: User = {
      id: id(),
      username,
      global_name: username,
      takesDms: true,
      locale: "en-US",
      ...more,
    };
    users.set(user.id, user);
    return user;
  }

  function addGuild(name: string, bot: User): Guild {
    const owner = addUser(`owner of ${name}`);
    const guild: Guild = {
      id: id(),
      name,
      owner_id: owner.id,
      roles: new Map(),
      members: new Map(),
      available: true,
    };
    guild.roles.set(guild.id, { id: guild.id, name: "@everyone", permissions: ofMembers });
    const botRole: Role = {
      id: id(),
      name: bot.username,
      permissions: everyPermission,
      tags: { bot_id: bot.id },
    };
    guild.roles.set(botRole.id, botRole);
    guilds.set(guild.id, guild);
    join(guild, owner);
    join(guild, bot).roles.push(botRole.id);
    return guild;
  }

  function join(guild: Guild, user: User): Member {
    const member: Member = { user, nick: null, roles: [] };
    guild.members.set(user.id, member);
    return member;
  }

  function addRole(guild: Guild, name: string, allowed = 0n): Role {
    const role: Role = { id: id(), name, permissions: allowed };
    guild.roles.set(role.id, role);
    publish({
      name: "GUILD_ROLE_CREATE",
      data: { guild_id: guild.id, role: roleJson(role) },
      guild,
      intent: intents.guilds,
    });
    return role;
  }

  function addChannel(
    given: Pick<Channel, "type" | "name" | "guild" | "parent"> & Partial<Channel>,
  ): Channel {
    const channel: Channel = {
      id: id(),
      overwrites: [],
      messages: [],
      archived: false,
      locked: false,
      members: new Set(),
      typing: [],
      ...given,
    };
    channels.set(channel.id, channel);
    if (channel.guild) {
      publish({
        name: isThread(channel) ? "THREAD_CREATE" : "CHANNEL_CREATE",
        data: { ...channelJson(channel), ...(isThread(channel) ? { newly_created: true } : {}) },
        channel,
        guild: channel.guild,
        intent: intents.guilds,
      });
    }
    return channel;
  }

  function removeChannel(channel: Channel): void {
    channels.delete(channel.id);
    for (const thread of [...channels.values()]) if (thread.parent === channel) channels.delete(thread.id);
    if (!channel.guild) return;
    publish({
      name: isThread(channel) ? "THREAD_DELETE" : "CHANNEL_DELETE",
      data: channelJson(channel),
      guild: channel.guild,
      intent: intents.guilds,
    });
  }

  function changeChannel(channel: Channel, change: Partial<Channel>): void {
    const turned = change.archived !== undefined && change.archived !== channel.archived;
    if (turned) lastArchivedAt = Math.max(Date.now(), lastArchivedAt + 1);
    Object.assign(channel, turned ? { archivedAt: lastArchivedAt } : {}, change);
    if (!channel.guild) return;
    publish({
      name: isThread(channel) ? "THREAD_UPDATE" : "CHANNEL_UPDATE",
      data: channelJson(channel),
      channel,
      guild: channel.guild,
      intent: intents.guilds,
    });
  }

  function directChannel(user: User): Channel {
    for (const channel of channels.values()) if (channel.recipient === user) return channel;
    return addChannel({ type: 1, name: "", guild: undefined, parent: undefined, recipient: user });
  }

  function addMessage(given: Pick<Message, "channel" | "author" | "content"> & Partial<Message>): Message {
    const message: Message = {
      id: id(),
      at: Date.now(),
      type: given.reference ? 19 : 0,
      flags: 0,
      embeds: [],
      components: [],
      attachments: [],
      notified: [],
      reactions: new Map(),
      previews: [],
      ...given,
    };
    const { channel } = message;
    if (message.ephemeralFor !== undefined) {
      channel.messages.push(message);
      return message;
    }
    if (isThread(channel) && channel.archived && !channel.locked) changeChannel(channel, { archived: false });
    channel.messages.push(message);
    tell("MESSAGE_CREATE", message, { nonce: message.nonce });
    return message;
  }

  function changeMessage(message: Message, change: Partial<Message>): void {
    Object.assign(message, change);
    tell("MESSAGE_UPDATE", message);
  }

  function removeMessage(message: Message): void {
    const { channel } = message;
    channel.messages = channel.messages.filter((one) => one !== message);
    if (message.ephemeralFor !== undefined) return;
    publish({
      name: "MESSAGE_DELETE",
      data: { id: message.id, channel_id: channel.id, ...guildOf(channel) },
      channel,
      intent: channel.guild ? intents.guildMessages : intents.directMessages,
    });
  }

  function react(message: Message, user: User, emoji: string, added: boolean): void {
    const who = message.reactions.get(emoji) ?? new Set();
    if (who.has(user.id) === added) return;
    if (added) who.add(user.id);
    else who.delete(user.id);
    if (who.size > 0) message.reactions.set(emoji, who);
    else message.reactions.delete(emoji);
    const { channel } = message;
    const member = channel.guild?.members.get(user.id);
    publish({
      name: added ? "MESSAGE_REACTION_ADD" : "MESSAGE_REACTION_REMOVE",
      data: {
        user_id: user.id,
        channel_id: channel.id,
        message_id: message.id,
        emoji: { id: null, name: emoji },
        ...guildOf(channel),
        ...(member && added ? { member: memberJson(member) } : {}),
        type: 0,
        burst: false,
      },
      channel,
      intent: channel.guild ? intents.guildReactions : intents.directReactions,
    });
  }

  /** Tells the gateway of a message; what it carries beyond REST is the guild and the member. */
  function tell(name: string, message: Message, more: Record<string, unknown> = {}): void {
    const { channel } = message;
    const member = channel.guild?.members.get(message.author.id);
    const { user: _, ...asMember } = member ? memberJson(member) : { user: undefined };
    publish({
      name,
      data: {
        ...messageJson(message),
        ...guildOf(channel),
        ...(member ? { member: asMember } : {}),
        ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)),
      },
      channel,
      intent: channel.guild ? intents.guildMessages : intents.directMessages,
      content: message,
    });
  }

  const guildOf = (channel: Channel) => (channel.guild ? { guild_id: channel.guild.id } : {});

  /** What somebody may do in a channel; threads take it from their parent. */
  function permissionsIn(channel: Channel, user: User): bigint {
    const { guild } = channel;
    if (!guild) return channel.recipient === user || user.bot ? everyPermission : 0n;
    const member = guild.members.get(user.id);
    if (!member) return 0n;
    if (guild.owner_id === user.id) return everyPermission | permissions.administrator;
    const roles = [guild.id, ...member.roles];
    let allowed = roles.reduce((all, role) => all | (guild.roles.get(role)?.permissions ?? 0n), 0n);
    if (allowed & permissions.administrator) return everyPermission | permissions.administrator;
    const overwrites = (channel.parent && isThread(channel) ? channel.parent : channel).overwrites;
    const apply = (some: Overwrite[]) => {
      const deny = some.reduce((all, one) => all | one.deny, 0n);
      allowed = (allowed & ~deny) | some.reduce((all, one) => all | one.allow, 0n);
    };
    apply(overwrites.filter((one) => one.id === guild.id));
    apply(overwrites.filter((one) => one.type === 0 && one.id !== guild.id && member.roles.includes(one.id)));
    apply(overwrites.filter((one) => one.type === 1 && one.id === user.id));
    if (!(allowed & permissions.viewChannel)) return 0n;
    const hidden =
      channel.type === 12 && !channel.members.has(user.id) && !(allowed & permissions.manageThreads);
    return hidden ? 0n : allowed;
  }

  return {
    id,
    users,
    guilds,
    channels,
    addUser,
    addGuild,
    addRole,
    join,
    addChannel,
    changeChannel,
    removeChannel,
    directChannel,
    addMessage,
    changeMessage,
    removeMessage,
    react,
    permissionsIn,
  };
}

export function userJson(user: User) {
  const { id, username, global_name, bot } = user;
  return { id, username, global_name, discriminator: "0", avatar: null, ...(bot ? { bot } : {}) };
}

export function memberJson(member: Member) {
  return {
    user: userJson(member.user),
    nick: member.nick,
    roles: member.roles,
    joined_at: new Date(0).toISOString(),
    deaf: false,
    mute: false,
    flags: 0,
  };
}

export const roleJson = (role: Role) => ({ ...role, permissions: String(role.permissions) });

export function channelJson(channel: Channel) {
  const last = channel.messages.at(-1)?.id ?? null;
  if (!channel.guild) {
    return {
      id: channel.id,
      type: channel.type,
      last_message_id: last,
      flags: 0,
      recipients: channel.recipient ? [userJson(channel.recipient)] : [],
    };
  }
  return {
    id: channel.id,
    type: channel.type,
    name: channel.name,
    guild_id: channel.guild.id,
    parent_id: channel.parent?.id ?? null,
    last_message_id: last,
    flags: 0,
    ...(isThread(channel)
      ? {
          owner_id: channel.owner_id,
          message_count: channel.messages.length,
          member_count: channel.members.size,
          thread_metadata: {
            archived: channel.archived,
            locked: channel.locked,
            auto_archive_duration: 1440,
            archive_timestamp: new Date(channel.archivedAt ?? Date.now()).toISOString(),
            ...(channel.type === 12 ? { invitable: false } : {}),
          },
        }
      : {
          position: 0,
          permission_overwrites: channel.overwrites.map((one) => ({
            ...one,
            allow: String(one.allow),
            deny: String(one.deny),
          })),
        }),
  };
}

/** A message as the REST API gives it: the nonce has been forgotten. */
export function messageJson(message: Message): Record<string, unknown> {
  const { channel } = message;
  const users = message.notified.filter((id) => /^\d+$/.test(id));
  return {
    id: message.id,
    channel_id: channel.id,
    author: userJson(message.author),
    content: message.content,
    timestamp: new Date(message.at).toISOString(),
    edited_timestamp: message.edited === undefined ? null : new Date(message.edited).toISOString(),
    tts: false,
    mention_everyone: message.notified.includes("everyone"),
    mentions: users.flatMap((id) => {
      const known =
        channel.guild?.members.get(id)?.user ??
        (channel.recipient?.id === id ? channel.recipient : undefined);
      return known ? [userJson(known)] : [];
    }),
    mention_roles: message.notified.filter((id) => id.startsWith("&")).map((id) => id.slice(1)),
    attachments: message.attachments.map(({ content: _, ...attachment }) => attachment),
    embeds: [...message.embeds, ...message.previews.map((url) => ({ type: "link", url }))],
    pinned: false,
    type: message.type,
    flags: message.flags | (message.ephemeralFor === undefined ? 0 : 64),
    components: message.components,
    ...(message.reference
      ? { message_reference: { type: 0, ...message.reference }, ...referencedJson(message) }
      : {}),
    ...(message.application_id ? { application_id: message.application_id } : {}),
  };
}

function referencedJson(message: Message): { referenced_message: unknown } {
  const { reference, channel } = message;
  const found = channel.messages.find((one) => one.id === reference?.message_id);
  if (!found) return { referenced_message: null };
  const { reference: _, ...withoutItsOwn } = found;
  return { referenced_message: messageJson(withoutItsOwn) };
}
