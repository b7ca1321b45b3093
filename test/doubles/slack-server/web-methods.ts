/** Slack's Web API methods on the world's state, with the scope that each needs. */
import { array, faultsOfView, type Json, object, string } from "./block-kit.ts";
import { chatMethods } from "./chat-methods.ts";
import {
  addBotMessage,
  announce,
  channelOf,
  type Method,
  type MethodContext,
  need,
  Refusal,
  threadArgument,
  writable,
} from "./method-context.ts";
import {
  asFile,
  asMessage,
  asUser,
  type Channel,
  directChannel,
  findMessage,
  key,
  messagesSince,
  type StoredFile,
  type StoredMessage,
} from "./world.ts";

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
  "files.delete": "files:write",
  "files.info": "files:read",
  "assistant.threads.setStatus": "assistant:write",
  "assistant.threads.setTitle": "assistant:write",
  "assistant.threads.setSuggestedPrompts": "assistant:write",
};

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
  ...chatMethods,

  "auth.test": ({ team, base }) => ({
    url: `${base}/`,
    team: team.name,
    user: "deskhand",
    team_id: team.id,
    user_id: team.bot,
    bot_id: team.botId,
    ...(team.enterprise ? { enterprise_id: team.enterprise } : {}),
    is_enterprise_install: false,
  }),

  "conversations.replies"(context, args) {
    const channel = channelOf(context, need(args, "channel", "channel_not_found"));
    const ts = need(args, "ts");
    const asked = findMessage(context.world, context.team.id, channel.id, ts);
    if (!asked) throw new Refusal("thread_not_found");
    const root = asked.threadTs ?? asked.ts;
    const thread = messagesSince(context.world, context.team.id, channel.id, root).filter(
      (m) => m.only === undefined && (m.ts === root || (m.threadTs === root && within(m, args))),
    );
    const { items, cursor } = page(thread, args, 1_000);
    const metadata = truthy(args.include_all_metadata);
    return { messages: items.map((m) => asMessage(m, context.base, metadata)), ...cursor };
  },

  "conversations.history"(context, args) {
    const channel = channelOf(context, need(args, "channel", "channel_not_found"));
    const top = messagesSince(context.world, context.team.id, channel.id, string(args.oldest))
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

  /** It is gone from every message. */
  "files.delete"({ world, team }, args) {
    const id = need(args, "file", "file_not_found");
    if (!world.files.delete(key(team.id, id))) throw new Refusal("file_not_found");
    for (const [place, messages] of world.messages) {
      if (!place.startsWith(`${team.id} `)) continue;
      for (const message of messages) message.files = message.files.filter((file) => file.id !== id);
    }
    return {};
  },

  "files.info"(context, args) {
    const file = context.world.files.get(key(context.team.id, need(args, "file", "file_not_found")));
    if (!file || file.pending) throw new Refusal("file_not_found");
    return { file: asFile(file, context.base) };
  },
};

function reactable(context: MethodContext, args: Json): StoredMessage {
  const channel = channelOf(context, need(args, "channel", "channel_not_found"));
  const message = findMessage(context.world, context.team.id, channel.id, need(args, "timestamp"));
  if (!message) throw new Refusal("message_not_found");
  return message;
}
