/** What the REST API does with the world: the routes that a bot calls, with Discord's codes for what it refuses. */
import type { Interactions } from "./interactions.ts";
import { checkMessage, type MessageBody, Refusal } from "./limits.ts";
import type { Answer, Call } from "./rest.ts";
import {
  type Channel,
  channelJson,
  type Guild,
  isThread,
  type Message,
  memberJson,
  messageJson,
  permissions,
  roleJson,
  type User,
  userJson,
  type World,
} from "./world.ts";

export interface RoutesParts {
  world: World;
  bot: User;
  applicationId: string;
  applicationFlags(): number;
  interactions: Interactions;
  gateway(): { url: string; remaining: number; total: number; maxConcurrency: number };
  /** Where attachments are served. */
  origin(): string;
  nonceWindowMs: number;
  attachmentBytesMax: number;
  /** No more than a small server knows. */
  sparse: boolean;
}

type Handler = (call: Call, ...parts: string[]) => Answer | Promise<Answer>;

const ok = (body: unknown): Answer => ({ status: 200, body });
const done: Answer = { status: 204 };
const gone = (code: number, what: string) => new Refusal(404, code, `Unknown ${what}`);

export function createRoutes(parts: RoutesParts) {
  const { world, bot } = parts;
  const nonces = new Map<string, { message: Message; at: number }>();
  const commands = new Map<string, unknown[]>();

  const channelOf = (id: string): Channel => {
    const channel = world.channels.get(id);
    if (!channel) throw gone(10003, "Channel");
    if (channel.guild && !channel.guild.members.has(bot.id)) throw new Refusal(403, 50001, "Missing Access");
    return channel;
  };
  const messageOf = (channel: Channel, id: string): Message => {
    const message = channel.messages.find((one) => one.id === id && one.ephemeralFor === undefined);
    if (!message) throw gone(10008, "Message");
    return message;
  };
  const guildOf = (id: string): Guild => {
    const guild = world.guilds.get(id);
    if (!guild?.members.has(bot.id)) throw gone(10004, "Guild");
    return guild;
  };

  /** @throws Refusal */
  function need(channel: Channel, ...needed: (keyof typeof permissions)[]): void {
    const allowed = world.permissionsIn(channel, bot);
    if (!(allowed & permissions.viewChannel)) throw new Refusal(403, 50001, "Missing Access");
    if (needed.some((one) => !(allowed & permissions[one])))
      throw new Refusal(403, 50013, "Missing Permissions");
  }

  function createMessage(call: Call, channelId: string): Answer {
    const channel = channelOf(channelId);
    const body = call.body as MessageBody;
    if (channel.recipient) {
      const shares = [...world.guilds.values()].some((guild) =>
        guild.members.has(channel.recipient?.id ?? ""),
      );
      if (!shares)
        throw new Refusal(403, 50278, "Cannot send messages to this user due to having no mutual guilds");
      if (!channel.recipient.takesDms) throw new Refusal(403, 50007, "Cannot send messages to this user");
    }
    need(channel, isThread(channel) ? "sendInThreads" : "sendMessages");
    if ((body.embeds ?? []).length > 0) need(channel, "embedLinks");
    if (call.files.length > 0) need(channel, "attachFiles");
    if (channel.type === 15) throw new Refusal(400, 50008, "Cannot send messages in a non-text channel");
    if (channel.locked) throw new Refusal(403, 160005, "This thread is locked");
    checkMessage(body, call.files.length, false);
    const known = body.enforce_nonce ? nonceOf(channel, body) : undefined;
    if (known) return ok({ ...messageJson(known), nonce: body.nonce });
    const message = world.addMessage({
      channel,
      author: bot,
      ...shownBy(body, channel, call),
      ...referenceOf(body, channel),
      ...(body.nonce === undefined ? {} : { nonce: String(body.nonce) }),
    });
    if (body.nonce !== undefined) nonces.set(`${channel.id}:${body.nonce}`, { message, at: Date.now() });
    growPreviews(message);
    return ok({ ...messageJson(message), ...(body.nonce === undefined ? {} : { nonce: body.nonce }) });
  }

  function nonceOf(channel: Channel, body: MessageBody): Message | undefined {
    const known = nonces.get(`${channel.id}:${body.nonce}`);
    if (!known || Date.now() - known.at >= parts.nonceWindowMs) return undefined;
    // Discord does not make a message anew that has been deleted since.
    return messageOf(channel, known.message.id);
  }

  /** What a body shows, and whom it notifies. */
  function shownBy(body: MessageBody, channel: Channel, call: Call) {
    return {
      content: (body.content ?? "").trim(),
      embeds: body.embeds ?? [],
      components: body.components ?? [],
      flags: (body.flags ?? 0) & ~64,
      notified: notifiedBy(body, channel),
      attachments: call.files.map((file) => attachmentOf(channel, file)),
    };
  }

  function attachmentOf(channel: Channel, file: Call["files"][number]) {
    if (file.content.length > parts.attachmentBytesMax)
      throw new Refusal(413, 40005, "Request entity too large");
    const id = world.id();
    return {
      id,
      filename: file.name,
      size: file.content.length,
      url: `${parts.origin()}/attachments/${channel.id}/${id}/${encodeURIComponent(file.name)}`,
      content_type: file.mediaType,
      content: file.content,
    };
  }

  function referenceOf(body: MessageBody, channel: Channel) {
    const reference = body.message_reference;
    if (!reference) return {};
    const there = channel.messages.some((one) => one.id === reference.message_id);
    if (!there && reference.fail_if_not_exists !== false) {
      throw new Refusal(400, 50035, "Invalid Form Body", {
        message_reference: { _errors: [{ code: "REPLIES_UNKNOWN_MESSAGE", message: "Unknown message" }] },
      });
    }
    return there ? { reference: { channel_id: channel.id, message_id: reference.message_id } } : {};
  }

  /** Discord's client shows a preview for each bare link, unless embeds are suppressed. */
  function growPreviews(message: Message): void {
    const bare = [...message.content.matchAll(/(?<![<\\])https?:\/\/[^\s<>)]+/g)].map((match) => match[0]);
    const previews = message.flags & 4 ? [] : bare;
    if (previews.length > 0) world.changeMessage(message, { previews });
  }

  function editMessage(call: Call, channelId: string, id: string): Answer {
    const channel = channelOf(channelId);
    need(channel);
    const message = messageOf(channel, id);
    if (message.author !== bot)
      throw new Refusal(403, 50005, "Cannot edit a message authored by another user");
    if (channel.archived) throw new Refusal(400, 50083, "Thread is archived");
    const body = call.body as MessageBody;
    checkMessage(
      { content: message.content, embeds: message.embeds, ...body },
      message.attachments.length,
      true,
    );
    world.changeMessage(message, {
      ...(body.content === undefined ? {} : { content: body.content ?? "" }),
      ...(body.embeds === undefined ? {} : { embeds: body.embeds ?? [] }),
      ...(body.components === undefined ? {} : { components: body.components ?? [] }),
      ...(body.flags === undefined ? {} : { flags: body.flags }),
      notified: [...new Set([...message.notified, ...notifiedBy(body, channel)])],
      edited: Date.now(),
    });
    growPreviews(message);
    return ok(messageJson(message));
  }

  function listMessages(call: Call, channelId: string): Answer {
    const channel = channelOf(channelId);
    need(channel, "readHistory");
    const limit = Number(call.query.get("limit") ?? 50);
    if (limit < 1 || limit > 100) throw new Refusal(400, 50035, "Invalid Form Body");
    const all = channel.messages.filter((message) => message.ephemeralFor === undefined);
    const after = parts.sparse ? null : call.query.get("after");
    const before = call.query.get("before");
    const some =
      after === null
        ? all.filter((one) => before === null || BigInt(one.id) < BigInt(before)).slice(-limit)
        : all.filter((one) => BigInt(one.id) > BigInt(after)).slice(0, limit);
    return ok(some.reverse().map(messageJson));
  }

  function threadFromMessage(call: Call, channelId: string, id: string): Answer {
    const channel = channelOf(channelId);
    need(channel, "createPublicThreads");
    const message = messageOf(channel, id);
    if (world.channels.has(id)) {
      throw new Refusal(400, 160004, "A thread has already been created for this message");
    }
    checkName(call.body.name);
    const thread = newThread(channel, String(call.body.name), 11, id);
    message.flags |= 1 << 5;
    return { status: 201, body: channelJson(thread) };
  }

  function newThread(parent: Channel, name: string, type: number, id?: string): Channel {
    const thread = world.addChannel({
      ...(id === undefined ? {} : { id }),
      type,
      name,
      guild: parent.guild,
      parent,
      owner_id: bot.id,
      members: new Set([bot.id]),
    });
    if (type !== 12) world.addMessage({ channel: parent, author: bot, content: name, type: 18 });
    if (id !== undefined) world.addMessage({ channel: thread, author: bot, content: "", type: 21 });
    return thread;
  }

  function threadInChannel(call: Call, channelId: string): Answer {
    const channel = channelOf(channelId);
    checkName(call.body.name);
    if (channel.type === 15) throw new Refusal(400, 50035, "Invalid Form Body");
    const type = Number(call.body.type ?? 12);
    need(channel, type === 12 ? "createPrivateThreads" : "createPublicThreads");
    return { status: 201, body: channelJson(newThread(channel, String(call.body.name), type)) };
  }

  function reaction(call: Call, channelId: string, id: string, emoji: string, who: string): Answer {
    const channel = channelOf(channelId);
    need(channel, "readHistory");
    const message = messageOf(channel, id);
    if (channel.archived) throw new Refusal(400, 50083, "Thread is archived");
    const name = decodeURIComponent(emoji);
    if (!/\p{Extended_Pictographic}|^\w+:\d+$/u.test(name)) throw new Refusal(400, 10014, "Unknown Emoji");
    if (who !== "@me") throw new Refusal(403, 50013, "Missing Permissions");
    if (call.method === "PUT" && !message.reactions.has(name)) need(channel, "addReactions");
    world.react(message, bot, name, call.method === "PUT");
    return done;
  }

  function setCommands(scope: string, call: Call): Answer {
    const given = call.body as unknown as { name: string; description?: string; type?: number }[];
    for (const one of given) {
      const slash = (one.type ?? 1) === 1;
      const named = slash ? /^[\p{Ll}\p{N}_-]{1,32}$/u.test(one.name) : one.name.length <= 32;
      const described = slash
        ? (one.description ?? "").length >= 1 && (one.description ?? "").length <= 100
        : true;
      if (!named || !described) throw new Refusal(400, 50035, "Invalid Form Body");
    }
    commands.set(
      scope,
      given.map((one) => ({ ...one, id: world.id(), application_id: parts.applicationId })),
    );
    return ok(commands.get(scope));
  }

  function direct(call: Call): Answer {
    const user = world.users.get(String(call.body.recipient_id));
    if (!user) throw gone(10013, "User");
    return ok(channelJson(world.directChannel(user)));
  }

  function patchChannel(call: Call, id: string): Answer {
    const channel = channelOf(id);
    if (!isThread(channel)) throw new Refusal(403, 50013, "Missing Permissions");
    if (call.body.archived === false && channel.locked) need(channel, "manageThreads");
    world.changeChannel(channel, {
      ...(typeof call.body.archived === "boolean" ? { archived: call.body.archived } : {}),
      ...(typeof call.body.name === "string" ? { name: call.body.name } : {}),
    });
    return ok(channelJson(channel));
  }

  function threadMember(call: Call, id: string, who: string): Answer {
    const channel = channelOf(id);
    const user = who === "@me" ? bot : world.users.get(who);
    if (!user) throw gone(10013, "User");
    if (channel.archived) throw new Refusal(400, 50083, "Thread is archived");
    if (call.method === "PUT") {
      if (!channel.guild?.members.has(user.id)) throw new Refusal(403, 50001, "Missing Access");
      channel.members.add(user.id);
    } else channel.members.delete(user.id);
    return done;
  }

  const gatewayInfo = () => {
    const { url, remaining, total, maxConcurrency } = parts.gateway();
    const session_start_limit = {
      total,
      remaining,
      reset_after: 86_400_000,
      max_concurrency: maxConcurrency,
    };
    return parts.sparse ? { url: `${url}?v=9&encoding=json` } : { url, shards: 1, session_start_limit };
  };
  const application = () =>
    ok({ id: parts.applicationId, name: bot.username, flags: parts.applicationFlags(), bot: userJson(bot) });

  const id = "(\\d+)";
  const routes: [string, RegExp, Handler][] = (
    [
      ["GET", "/gateway/bot", () => ok(gatewayInfo())],
      ["GET", "/gateway", () => ok({ url: parts.gateway().url })],
      ["GET", "/users/@me", () => ok(userJson(bot))],
      [
        "GET",
        "/users/@me/guilds",
        () => ok([...world.guilds.values()].map((g) => ({ id: g.id, name: g.name }))),
      ],
      ["POST", "/users/@me/channels", direct],
      [
        "GET",
        `/users/${id}`,
        (_, user) => ok(userJson(world.users.get(user ?? "") ?? unknown(10013, "User"))),
      ],
      ["GET", "/applications/@me", application],
      ["GET", "/oauth2/applications/@me", application],
      ["GET", `/applications/${id}/commands`, () => ok(commands.get("global") ?? [])],
      ["PUT", `/applications/${id}/commands`, (call) => setCommands("global", call)],
      [
        "GET",
        `/applications/${id}/guilds/${id}/commands`,
        (_, __, guild) => ok(commands.get(guild ?? "") ?? []),
      ],
      [
        "PUT",
        `/applications/${id}/guilds/${id}/commands`,
        (call, _, guild) => setCommands(guildOf(guild ?? "").id, call),
      ],
      ["GET", `/guilds/${id}`, (_, guild) => ok(guildBody(guildOf(guild ?? "")))],
      [
        "GET",
        `/guilds/${id}/roles`,
        (_, guild) => ok([...guildOf(guild ?? "").roles.values()].map(roleJson)),
      ],
      [
        "GET",
        `/guilds/${id}/members/${id}`,
        (_, guild, user) => ok(memberBody(guildOf(guild ?? ""), user ?? "")),
      ],
      ["GET", `/guilds/${id}/threads/active`, (_, guild) => ok(activeThreads(guildOf(guild ?? "")))],
      [
        "GET",
        `/channels/${id}/threads/archived/public`,
        (call, channel) => ok(closedThreads(call, channelOf(channel ?? ""))),
      ],
      ["GET", `/channels/${id}`, (_, channel) => ok(visible(channelOf(channel ?? "")))],
      ["PATCH", `/channels/${id}`, (call, channel) => patchChannel(call, channel ?? "")],
      ["POST", `/channels/${id}/typing`, (_, channel) => typing(channelOf(channel ?? ""))],
      ["GET", `/channels/${id}/messages`, (call, channel) => listMessages(call, channel ?? "")],
      ["POST", `/channels/${id}/messages`, (call, channel) => createMessage(call, channel ?? "")],
      [
        "GET",
        `/channels/${id}/messages/${id}`,
        (_, channel, message) => ok(messageJson(oneMessage(channel ?? "", message ?? ""))),
      ],
      [
        "PATCH",
        `/channels/${id}/messages/${id}`,
        (call, channel, message) => editMessage(call, channel ?? "", message ?? ""),
      ],
      [
        "DELETE",
        `/channels/${id}/messages/${id}`,
        (_, channel, message) => deleteMessage(channel ?? "", message ?? ""),
      ],
      [
        "POST",
        `/channels/${id}/messages/${id}/threads`,
        (call, channel, message) => threadFromMessage(call, channel ?? "", message ?? ""),
      ],
      ["POST", `/channels/${id}/threads`, (call, channel) => threadInChannel(call, channel ?? "")],
      [
        "PUT",
        `/channels/${id}/thread-members/([^/]+)`,
        (call, channel, who) => threadMember(call, channel ?? "", who ?? ""),
      ],
      [
        "DELETE",
        `/channels/${id}/thread-members/([^/]+)`,
        (call, channel, who) => threadMember(call, channel ?? "", who ?? ""),
      ],
      [
        "PUT",
        `/channels/${id}/messages/${id}/reactions/([^/]+)/([^/]+)`,
        (call, c, m, emoji, who) => reaction(call, c ?? "", m ?? "", emoji ?? "", who ?? ""),
      ],
      [
        "DELETE",
        `/channels/${id}/messages/${id}/reactions/([^/]+)/([^/]+)`,
        (call, c, m, emoji, who) => reaction(call, c ?? "", m ?? "", emoji ?? "", who ?? ""),
      ],
      ["GET", "/attachments/(\\d+)/(\\d+)/([^/]+)", (_, __, attachment) => file(attachment ?? "")],
    ] as [string, string, Handler][]
  ).map(([method, path, handler]) => [method, new RegExp(`^${path}$`), handler]);

  const unknown = (code: number, what: string): never => {
    throw gone(code, what);
  };
  function oneMessage(channel: string, message: string): Message {
    const place = channelOf(channel);
    need(place, "readHistory");
    return messageOf(place, message);
  }
  function visible(channel: Channel) {
    need(channel);
    return channelJson(channel);
  }
  function deleteMessage(channelId: string, messageId: string): Answer {
    const message = messageOf(channelOf(channelId), messageId);
    if (message.author !== bot) need(message.channel, "manageMessages");
    world.removeMessage(message);
    return done;
  }
  function typing(channel: Channel): Answer {
    need(channel, isThread(channel) ? "sendInThreads" : "sendMessages");
    channel.typing.push({ user: bot.id, at: Date.now() });
    return done;
  }
  const guildBody = (guild: Guild) => ({
    id: guild.id,
    name: guild.name,
    owner_id: guild.owner_id,
    roles: [...guild.roles.values()].map(roleJson),
  });
  function memberBody(guild: Guild, user: string) {
    const member = guild.members.get(user);
    if (!member) throw gone(10007, "Member");
    return memberJson(member);
  }
  function activeThreads(guild: Guild) {
    const threads = [...world.channels.values()].filter(
      (one) => one.guild === guild && isThread(one) && !one.archived && world.permissionsIn(one, bot) > 0n,
    );
    return { threads: threads.map(channelJson), members: [] };
  }
  /** The one that was closed last comes first. */
  function closedThreads(call: Call, parent: Channel) {
    need(parent, "readHistory");
    const before = Date.parse(call.query.get("before") ?? "") || Number.POSITIVE_INFINITY;
    const limit = Number(call.query.get("limit") ?? 50);
    const closed = [...world.channels.values()]
      .filter((one) => one.parent === parent && one.type !== 12 && one.archived)
      .filter((one) => (one.archivedAt ?? 0) < before)
      .sort((a, b) => (b.archivedAt ?? 0) - (a.archivedAt ?? 0));
    return {
      threads: closed.slice(0, limit).map(channelJson),
      members: [],
      has_more: closed.length > limit,
    };
  }
  function file(attachmentId: string): Answer {
    for (const channel of world.channels.values()) {
      for (const message of channel.messages) {
        const found = message.attachments.find((one) => one.id === attachmentId);
        if (found) return { status: 200, raw: { content: found.content, mediaType: found.content_type } };
      }
    }
    return { status: 404, body: { message: "404: Not Found", code: 0 } };
  }

  return {
    commands,
    /** After this, no nonce is remembered: more than a few minutes have passed. */
    forgetNonces: () => nonces.clear(),
    attachmentOf,
    async handle(call: Call): Promise<Answer> {
      const interaction = await parts.interactions.handle(call, (body, channel) => {
        checkMessage(body, call.files.length, false);
        return shownBy(body, channel, call);
      });
      if (interaction) return interaction;
      if (!call.path.startsWith("/attachments/") && !call.authorized) {
        throw new Refusal(401, 0, "401: Unauthorized");
      }
      if (parts.sparse && unknownToSmallServers.test(call.path)) throw new Refusal(404, 0, "404: Not Found");
      for (const [method, path, handler] of routes) {
        const match = method === call.method ? path.exec(call.path) : null;
        if (match) return handler(call, ...match.slice(1));
      }
      throw new Refusal(404, 0, "404: Not Found");
    },
  };
}

const unknownToSmallServers =
  /\/commands$|\/typing$|\/threads\/(active|archived\/public)$|^\/applications\/|^\/oauth2\//;

function checkName(name: unknown): void {
  const length = typeof name === "string" ? name.length : 0;
  if (length < 1 || length > 100) {
    throw new Refusal(400, 50035, "Invalid Form Body", {
      name: { _errors: [{ code: "BASE_TYPE_BAD_LENGTH", message: "Must be between 1 and 100 in length." }] },
    });
  }
}

/** Whom a message notifies: without allowed_mentions, everybody it names. */
function notifiedBy(body: MessageBody, channel: Channel): string[] {
  const content = body.content ?? "";
  const allowed = body.allowed_mentions;
  const may = (kind: "users" | "roles" | "everyone") => !allowed || (allowed.parse ?? []).includes(kind);
  const users = [...content.matchAll(/(?<!\\)<@!?(\d+)>/g)].map((match) => match[1] ?? "");
  const roles = [...content.matchAll(/(?<!\\)<@&(\d+)>/g)].map((match) => match[1] ?? "");
  const replied = body.message_reference && allowed?.replied_user !== false;
  const author = channel.messages.find((one) => one.id === body.message_reference?.message_id)?.author.id;
  return [
    ...(may("users") ? users : users.filter((one) => allowed?.users?.includes(one))),
    ...(may("roles") ? roles : roles.filter((one) => allowed?.roles?.includes(one))).map(
      (role) => `&${role}`,
    ),
    ...(may("everyone") && /@(everyone|here)\b/.test(content) ? ["everyone"] : []),
    ...(replied && author ? [author] : []),
  ];
}
