/**
 * Everything the adapter asks of Slack, in one table: the methods it calls and the events it listens to, each with the
 * scopes that it needs. `web-api.ts` calls nothing else, `examine.ts` compares the scopes with the installation's, and
 * a test compares the table with manifest.yml.
 */

/**
 * `limit` says what one `Retry-After` of this method holds up: Slack counts posts by channel, everything else by
 * workspace. `repeatable`: a second call does no harm, so a lost answer is no doubt. `dispensable`: the desk goes on
 * without it, where a server has none of its group; that is not asked again for a while.
 */
interface Method {
  scopes: readonly string[];
  limit: "channel" | "workspace";
  repeatable?: true;
  dispensable?: "pane" | "streams" | "people" | "reactions" | "home";
}

const reading = ["channels:read", "groups:read"] as const;
const history = ["channels:history", "groups:history", "im:history", "mpim:history"] as const;

export const methods = {
  "apps.connections.open": { scopes: [], limit: "workspace", repeatable: true },
  "assistant.threads.setStatus": {
    scopes: ["assistant:write"],
    limit: "workspace",
    repeatable: true,
    dispensable: "pane",
  },
  "assistant.threads.setSuggestedPrompts": {
    scopes: ["assistant:write"],
    limit: "workspace",
    repeatable: true,
    dispensable: "pane",
  },
  "assistant.threads.setTitle": {
    scopes: ["assistant:write"],
    limit: "workspace",
    repeatable: true,
    dispensable: "pane",
  },
  "auth.test": { scopes: [], limit: "workspace", repeatable: true },
  "chat.appendStream": { scopes: ["chat:write"], limit: "workspace", dispensable: "streams" },
  "chat.delete": { scopes: ["chat:write"], limit: "workspace", repeatable: true },
  "chat.postEphemeral": { scopes: ["chat:write"], limit: "channel" },
  "chat.postMessage": { scopes: ["chat:write"], limit: "channel" },
  "chat.startStream": { scopes: ["chat:write"], limit: "workspace", dispensable: "streams" },
  "chat.stopStream": { scopes: ["chat:write"], limit: "workspace", dispensable: "streams" },
  "chat.update": { scopes: ["chat:write"], limit: "workspace", repeatable: true },
  "conversations.history": { scopes: history, limit: "workspace", repeatable: true },
  "conversations.info": { scopes: reading, limit: "workspace", repeatable: true },
  "conversations.members": { scopes: reading, limit: "workspace", repeatable: true },
  "conversations.open": { scopes: ["im:write"], limit: "workspace", repeatable: true },
  "conversations.replies": { scopes: history, limit: "workspace", repeatable: true },
  "files.completeUploadExternal": { scopes: ["files:write"], limit: "workspace" },
  "files.delete": { scopes: ["files:write"], limit: "workspace", repeatable: true },
  "files.getUploadURLExternal": { scopes: ["files:write"], limit: "workspace", repeatable: true },
  "files.info": { scopes: ["files:read"], limit: "workspace", repeatable: true },
  "reactions.add": {
    scopes: ["reactions:write"],
    limit: "workspace",
    repeatable: true,
    dispensable: "reactions",
  },
  "reactions.remove": {
    scopes: ["reactions:write"],
    limit: "workspace",
    repeatable: true,
    dispensable: "reactions",
  },
  "usergroups.users.list": { scopes: ["usergroups:read"], limit: "workspace", repeatable: true },
  "users.info": {
    scopes: ["users:read", "users:read.email"],
    limit: "workspace",
    repeatable: true,
    dispensable: "people",
  },
  "views.open": { scopes: [], limit: "workspace" },
  "views.publish": { scopes: [], limit: "workspace", repeatable: true, dispensable: "home" },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

/** As the manifest names them: `message` comes once for each kind of channel. */
export const events: Readonly<Record<string, readonly string[]>> = {
  app_home_opened: [],
  app_mention: ["app_mentions:read"],
  app_uninstalled: [],
  assistant_thread_started: ["assistant:write"],
  channel_archive: ["channels:read"],
  channel_deleted: ["channels:read"],
  channel_left: ["channels:read"],
  group_archive: ["groups:read"],
  group_deleted: ["groups:read"],
  group_left: ["groups:read"],
  "message.channels": ["channels:history"],
  "message.groups": ["groups:history"],
  "message.im": ["im:history"],
  "message.mpim": ["mpim:history"],
  reaction_added: ["reactions:read"],
  reaction_removed: ["reactions:read"],
  tokens_revoked: [],
};

/** Needed for neither a method nor an event: slash commands and shortcuts. Files are fetched with `files:read`, too. */
const others = ["commands"] as const;

/** Every scope of the bot's token. */
export const botScopes: readonly string[] = [
  ...new Set([
    ...Object.values(methods).flatMap((method): readonly string[] => method.scopes),
    ...Object.values(events).flat(),
    ...others,
  ]),
].sort();

export const commandName = "/support";
/** The message shortcut's callback id; the core gets it as a command of this name. */
export const shortcutName = "open_ticket";
