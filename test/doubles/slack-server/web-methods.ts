/** Slack's Web API methods on the world's state, with the refusals that Slack documents. */
import { array, faultsOfBlocks, faultsOfView, type Json, object, string } from "./block-kit.ts";
import {
  addMessage,
  asFile,
  asMessage,
  asUser,
  type Channel,
  directChannel,
  findMessage,
  key,
  messagesIn,
  type StoredFile,
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

type Method = (context: MethodContext, args: Json) => Json | Promise<Json>;

const reading = { channel: "channels:read", group: "groups:read", im: "im:read", mpim: "mpim:read" } as const;
const history = {
  channel: "channels:history",
  group: "groups:history",
  im: "im:history",
  mpim: "mpim:history",
} as const;

/** The scope that each method needs; a function where it depends on the kind of channel. */
export const scopeOf: Readonly<Record<string, string | ((channel: Channel) => string) | undefined>> = {
  "chat.postMessage": "chat:write",
  "chat.postEphemeral": "chat:write",
  "chat.update": "chat:write",
  "chat.delete": "chat:write",
  "chat.startStream": "chat:write",
  "chat.appendStream": "chat:write",
  "chat.stopStream": "chat:write",
  "conversations.replies": (channel) => history[channel.kind],
  "conversations.history": (channel) => history[channel.kind],
  "conversations.members": (channel) => reading[channel.kind],
  "conversations.info": (channel) => reading[channel.kind],
  "conversations.open": "im:write",
  "users.info": "users:read",
  "usergroups.users.list": "usergroups:read",
  "reactions.add": "reactions:write",
  "reactions.remove": "reactions:write",
  "files.getUploadURLExternal": "files:write",
  "files.completeUploadExternal": "files:write",
  "assistant.threads.setStatus": "assistant:write",
  "assistant.threads.setTitle": "assistant:write",
  "assistant.threads.setSuggestedPrompts": "assistant:write",
};

function need(args: Json, name: string, error = "invalid_arguments"): string {
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
function writable(context: MethodContext, id: string): Channel {
  const channel = channelOf(context, id);
  if (channel.archived) throw new Refusal("is_archived");
  if (!channel.members.has(context.team.bot)) throw new Refusal("not_in_channel");
  return channel;
}

function contentOf(context: MethodContext, args: Json): { text: string; blocks: unknown[] } {
  const text = string(args.text);
  const blocks = array(args.blocks);
  const markdown = string(args.markdown_text);
  if (markdown !== "" && (text !== "" || blocks.length > 0)) throw new Refusal("markdown_text_conflict");
  if (markdown.length > 12_000) throw new Refusal("msg_too_long");
  if (text === "" && blocks.length === 0 && markdown === "") throw new Refusal("no_text");
  if (text.length > 40_000) throw new Refusal("msg_too_long");
  if (text.length > 4_000) context.warn(`text of ${text.length} characters, 4,000 recommended`);
  if (args.blocks !== undefined) refuseBlocks(faultsOfBlocks(args.blocks, "message"));
  if (args.link_names === true || args.link_names === "true") context.warn("link_names");
  if (args.parse === "full") context.warn("parse: full");
  return { text: text || markdown, blocks };
}

function refuseBlocks(faults: string[]): void {
  if (faults.length > 0) throw new Refusal("invalid_blocks", { response_metadata: { messages: faults } });
}

function metadataOf(args: Json): { metadata?: Json } {
  if (args.metadata === undefined) return {};
  const { event_type, event_payload } = object(args.metadata);
  if (typeof event_type !== "string" || typeof event_payload !== "object" || event_payload === null) {
    throw new Refusal("invalid_metadata_format");
  }
  if (JSON.stringify(event_payload).length > 8_000) throw new Refusal("metadata_too_large");
  return { metadata: object(args.metadata) };
}

function addBotMessage(
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
function announce(context: MethodContext, channel: Channel, message: StoredMessage): void {
  context.emit(context.team, {
    ...asMessage(message, context.base, false),
    channel: channel.id,
    channel_type: channel.kind,
    event_ts: message.ts,
  });
}

function threadArgument(context: MethodContext, channel: Channel, args: Json): { threadTs?: string } {
  const threadTs = args.thread_ts;
  if (threadTs === undefined) return {};
  const root = findMessage(context.world, context.team.id, channel.id, String(threadTs));
  if (!root) throw new Refusal("thread_not_found");
  return { threadTs: root.threadTs ?? root.ts };
}

function ownMessage(context: MethodContext, args: Json, foreign: string): StoredMessage {
  const channel = channelOf(context, need(args, "channel", "channel_not_found"));
  const message = findMessage(context.world, context.team.id, channel.id, need(args, "ts"));
  if (!message) throw new Refusal("message_not_found");
  if (message.user !== context.team.bot) throw new Refusal(foreign);
  return message;
}

function streamOf(context: MethodContext, args: Json): StoredMessage {
  const message = ownMessage(context, args, "message_not_owned_by_app");
  if (message.streaming !== "in_progress") throw new Refusal("message_not_in_streaming_state");
  return message;
}

/** Adds what a stream call brings. */
function flow(message: StoredMessage, args: Json): void {
  const text = string(args.markdown_text);
  if (text.length > 12_000) throw new Refusal("msg_too_long");
  message.text += text;
  for (const chunk of array(args.chunks).map(object)) {
    if (chunk.type === "markdown_text") message.text += string(chunk.text);
    else if (chunk.type === "task_update") {
      const states = ["pending", "in_progress", "complete", "error"];
      if (string(chunk.id) === "" || string(chunk.title) === "" || !states.includes(string(chunk.status))) {
        throw new Refusal("invalid_chunks");
      }
      message.tasks.set(string(chunk.id), chunk);
    } else if (chunk.type !== "plan_update" && chunk.type !== "blocks") throw new Refusal("invalid_chunks");
  }
}

/** One page of a list, by Slack's cursors. */
function page<T>(items: T[], args: Json, most: number): { items: T[]; cursor: Json } {
  const limit = Math.min(Number(args.limit ?? 100) || 100, most);
  const from = args.cursor ? Number(Buffer.from(String(args.cursor), "base64").toString().slice(5)) : 0;
  if (Number.isNaN(from)) throw new Refusal("invalid_cursor");
  const next = from + limit;
  const cursor = next < items.length ? Buffer.from(`next:${next}`).toString("base64") : "";
  return {
    items: items.slice(from, next),
    cursor: { has_more: cursor !== "", response_metadata: { next_cursor: cursor } },
  };
}

function within(message: StoredMessage, args: Json): boolean {
  const inclusive = args.inclusive === true || args.inclusive === "true";
  const oldest = string(args.oldest) || "0";
  const latest = string(args.latest) || "9999999999.999999";
  const above = inclusive ? message.ts >= oldest : message.ts > oldest;
  return above && (inclusive ? message.ts <= latest : message.ts < latest);
}

const truthy = (value: unknown) => value === true || value === "true" || value === "1" || value === 1;

export const webMethods: Readonly<Record<string, Method>> = {
  "auth.test": ({ team, base }) => ({
    url: `${base}/`,
    team: team.name,
    user: "deskhand",
    team_id: team.id,
    user_id: team.bot,
    bot_id: team.botId,
    is_enterprise_install: false,
  }),

  "chat.postMessage"(context, args) {
    const channel = writable(context, need(args, "channel", "channel_not_found"));
    const content = contentOf(context, args);
    if (string(args.unfurl_links) !== "false" && args.unfurl_links !== false)
      context.warn("unfurl_links not off");
    if (string(args.unfurl_media) !== "false" && args.unfurl_media !== false)
      context.warn("unfurl_media not off");
    const message = addBotMessage(context, channel, {
      ...content,
      ...metadataOf(args),
      ...threadArgument(context, channel, args),
      ...(typeof args.client_msg_id === "string" ? { clientMsgId: args.client_msg_id } : {}),
    });
    if (message.threadTs) context.world.statuses.delete(`${channel.id} ${message.threadTs}`);
    announce(context, channel, message);
    return { channel: channel.id, ts: message.ts, message: asMessage(message, context.base, true) };
  },

  "chat.postEphemeral"(context, args) {
    const channel = writable(context, need(args, "channel", "channel_not_found"));
    const user = need(args, "user");
    if (!channel.members.has(user)) throw new Refusal("user_not_in_channel");
    const message = addBotMessage(context, channel, {
      ...contentOf(context, args),
      ...threadArgument(context, channel, args),
      only: user,
    });
    return { message_ts: message.ts };
  },

  "chat.update"(context, args) {
    const message = ownMessage(context, args, "cant_update_message");
    if (message.streaming === "in_progress") throw new Refusal("streaming_state_conflict");
    const previous = asMessage(message, context.base, false);
    const content = contentOf(context, args);
    message.text = content.text;
    if (args.blocks !== undefined) message.blocks = content.blocks;
    Object.assign(message, metadataOf(args));
    message.editedTs = context.world.nextTs();
    context.emit(context.team, {
      type: "message",
      subtype: "message_changed",
      channel: message.channel,
      ts: message.editedTs,
      event_ts: message.editedTs,
      message: asMessage(message, context.base, false),
      previous_message: previous,
    });
    return { channel: message.channel, ts: message.ts, text: message.text };
  },

  "chat.delete"(context, args) {
    const message = ownMessage(context, args, "cant_delete_message");
    const list = messagesIn(context.world, context.team.id, message.channel);
    list.splice(list.indexOf(message), 1);
    return { channel: message.channel, ts: message.ts };
  },

  "chat.startStream"(context, args) {
    const channel = writable(context, need(args, "channel", "channel_not_found"));
    need(args, "thread_ts");
    if (channel.kind !== "im") {
      if (!args.recipient_user_id) throw new Refusal("missing_recipient_user_id");
      if (!args.recipient_team_id) throw new Refusal("missing_recipient_team_id");
    }
    const thread = threadArgument(context, channel, args);
    const message = addBotMessage(context, channel, { text: "", streaming: "in_progress", ...thread });
    flow(message, args);
    return { channel: channel.id, ts: message.ts };
  },

  "chat.appendStream"(context, args) {
    const message = streamOf(context, args);
    flow(message, args);
    return { channel: message.channel, ts: message.ts };
  },

  "chat.stopStream"(context, args) {
    const message = streamOf(context, args);
    if (args.blocks !== undefined) refuseBlocks(faultsOfBlocks(args.blocks, "message"));
    const metadata = metadataOf(args);
    flow(message, args);
    message.blocks = array(args.blocks);
    Object.assign(message, metadata);
    message.streaming = "completed";
    const channel = channelOf(context, message.channel);
    announce(context, channel, message);
    return {
      channel: message.channel,
      ts: message.ts,
      message: asMessage(message, context.base, true),
    };
  },

  "conversations.replies"(context, args) {
    const channel = channelOf(context, need(args, "channel", "channel_not_found"));
    const ts = need(args, "ts");
    const all = messagesIn(context.world, context.team.id, channel.id).filter((m) => m.only === undefined);
    const asked = all.find((message) => message.ts === ts);
    if (!asked) throw new Refusal("thread_not_found");
    const root = asked.threadTs ?? asked.ts;
    const thread = all.filter((m) => m.ts === root || (m.threadTs === root && within(m, args)));
    const { items, cursor } = page(thread, args, 1_000);
    const metadata = truthy(args.include_all_metadata);
    return { messages: items.map((m) => asMessage(m, context.base, metadata)), ...cursor };
  },

  "conversations.history"(context, args) {
    const channel = channelOf(context, need(args, "channel", "channel_not_found"));
    const top = messagesIn(context.world, context.team.id, channel.id)
      .filter((m) => m.only === undefined && (m.threadTs === undefined || m.threadTs === m.ts))
      .filter((m) => within(m, args))
      .reverse();
    const { items, cursor } = page(top, args, 999);
    const metadata = truthy(args.include_all_metadata);
    return { messages: items.map((m) => asMessage(m, context.base, metadata)), ...cursor };
  },

  "conversations.members"(context, args) {
    const channel = channelOf(context, need(args, "channel", "channel_not_found"));
    const { items, cursor } = page([...channel.members], args, 1_000);
    return { members: items, response_metadata: cursor.response_metadata };
  },

  "conversations.info"(context, args) {
    const channel = channelOf(context, need(args, "channel", "channel_not_found"));
    return {
      channel: {
        id: channel.id,
        name: channel.name,
        is_channel: channel.kind === "channel",
        is_group: channel.kind === "group",
        is_im: channel.kind === "im",
        is_mpim: channel.kind === "mpim",
        is_private: channel.kind !== "channel",
        is_archived: channel.archived,
        is_member: channel.members.has(context.team.bot),
      },
    };
  },

  "conversations.open"(context, args) {
    const user = need(args, "users", "no_users");
    const known = context.world.users.get(key(context.team.id, user));
    if (!known) throw new Refusal("user_not_found");
    if (known.bot) throw new Refusal("cannot_dm_bot");
    return { channel: { id: directChannel(context.world, context.team, user).id } };
  },

  "users.info"(context, args) {
    const user = context.world.users.get(key(context.team.id, need(args, "user", "user_not_found")));
    if (!user) throw new Refusal("user_not_found");
    const shown = asUser(user);
    if (!context.team.scopes.has("users:read.email")) delete object(shown.profile).email;
    if (!truthy(args.include_locale)) delete shown.locale;
    return { user: shown };
  },

  "usergroups.users.list"(context, args) {
    const group = context.world.userGroups.get(key(context.team.id, need(args, "usergroup")));
    if (!group) throw new Refusal("no_such_subteam");
    return { users: group.users };
  },

  "reactions.add"(context, args) {
    const message = reactable(context, args);
    const name = need(args, "name", "no_reaction");
    if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new Refusal("invalid_name");
    const users = message.reactions.get(name) ?? new Set();
    if (users.has(context.team.bot)) throw new Refusal("already_reacted");
    message.reactions.set(name, users.add(context.team.bot));
    return {};
  },

  "reactions.remove"(context, args) {
    const message = reactable(context, args);
    const users = message.reactions.get(need(args, "name"));
    if (!users?.delete(context.team.bot)) throw new Refusal("no_reaction");
    if (users.size === 0) message.reactions.delete(need(args, "name"));
    return {};
  },

  "views.open"(context, args) {
    const user = context.userOfTrigger(need(args, "trigger_id"));
    if (user === undefined) throw new Refusal("expired_trigger_id");
    const view = object(args.view);
    const faults = faultsOfView(view);
    if (faults.length > 0 || view.type !== "modal") {
      throw new Refusal("invalid_arguments", { response_metadata: { messages: faults } });
    }
    const id = context.world.nextId("V");
    const shown = { ...view, id, team_id: context.team.id, hash: `1.${id}` };
    context.world.views.set(id, { user, team: context.team.id, view: shown });
    return { view: shown };
  },

  "views.publish"(context, args) {
    const user = need(args, "user_id");
    const view = object(args.view);
    const faults = faultsOfView(view);
    if (faults.length > 0 || view.type !== "home") {
      throw new Refusal("invalid_arguments", { response_metadata: { messages: faults } });
    }
    context.world.homes.set(key(context.team.id, user), view);
    return { view };
  },

  "assistant.threads.setStatus"(context, args) {
    const channel = channelOf(context, need(args, "channel_id"));
    const thread = need(args, "thread_ts");
    const loading = array(args.loading_messages);
    if (loading.length > 10) throw new Refusal("invalid_arguments");
    if (string(args.status) === "") context.world.statuses.delete(`${channel.id} ${thread}`);
    else context.world.statuses.set(`${channel.id} ${thread}`, { status: string(args.status), loading });
    return {};
  },

  "assistant.threads.setTitle"(context, args) {
    channelOf(context, need(args, "channel_id"));
    context.world.titles.set(`${need(args, "channel_id")} ${need(args, "thread_ts")}`, need(args, "title"));
    return {};
  },

  "assistant.threads.setSuggestedPrompts"(context, args) {
    channelOf(context, need(args, "channel_id"));
    const prompts = array(args.prompts);
    if (prompts.length === 0 || prompts.length > 4) throw new Refusal("invalid_arguments");
    context.world.prompts.set(`${need(args, "channel_id")} ${string(args.thread_ts)}`, {
      title: string(args.title),
      prompts,
    });
    return {};
  },

  "files.getUploadURLExternal"(context, args) {
    const id = context.world.nextId("F");
    if (!(Number(args.length) > 0)) throw new Refusal("missing_argument");
    const file: StoredFile = {
      id,
      team: context.team.id,
      name: need(args, "filename", "missing_argument"),
      mimetype: "application/octet-stream",
      content: Buffer.alloc(0),
      title: "",
      pending: true,
    };
    context.world.files.set(key(context.team.id, id), file);
    return { upload_url: `${context.base}/upload/v1/${context.team.id}/${id}`, file_id: id };
  },

  "files.completeUploadExternal"(context, args) {
    const files = array(args.files).map((one) => {
      const file = context.world.files.get(key(context.team.id, string(object(one).id)));
      if (!file?.pending) throw new Refusal("file_not_found");
      file.title = string(object(one).title) || file.name;
      file.pending = false;
      return file;
    });
    if (files.length === 0) throw new Refusal("invalid_arguments");
    if (args.channel_id !== undefined) {
      const channel = writable(context, need(args, "channel_id"));
      const message = addBotMessage(context, channel, {
        text: string(args.initial_comment),
        files,
        ...threadArgument(context, channel, args),
      });
      announce(context, channel, message);
    }
    return { files: files.map((file) => asFile(file, context.base)) };
  },
};

function reactable(context: MethodContext, args: Json): StoredMessage {
  const channel = channelOf(context, need(args, "channel", "channel_not_found"));
  const message = findMessage(context.world, context.team.id, channel.id, need(args, "timestamp"));
  if (!message) throw new Refusal("message_not_found");
  return message;
}
