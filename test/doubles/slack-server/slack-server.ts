/**
 * A Slack that runs on this machine: it speaks the Web API, the Events API, Socket Mode, interactivity, slash commands,
 * files and OAuth to the real SDK, refuses what Slack refuses, keeps state, logs every call, and fails as it is told.
 *
 *   const slack = await createSlackServer();
 *   const ana = slack.asUser("U1");
 *   await ana.dm("Where is my order?");
 *   await slack.waitFor(() => slack.messages("D1").some((m) => m.byBot));
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { array, type Json, object, string } from "./block-kit.ts";
import { createDeliveries, type Deliveries } from "./deliveries.ts";
import { createFaults, type Faults } from "./faults.ts";
import { type MethodContext, Refusal } from "./method-context.ts";
import { createPeople, type Person } from "./people.ts";
import { obey } from "./remote.ts";
import { type Seen, seen } from "./seen.ts";
import { scopeOf, webMethods } from "./web-methods.ts";
import { acceptWebSocket } from "./websocket.ts";
import {
  type Channel,
  createWorld,
  directChannel,
  key,
  messagesIn,
  type StoredMessage,
  type Team,
  type User,
  type World,
} from "./world.ts";

export interface SlackServerOptions {
  /** Waits before an event is brought again. Slack: 0, 60,000, 300,000. */
  retryDelaysMs?: readonly number[];
  ackTimeoutMs?: number;
  /** Calls of a method per minute, for those that shall have a limit. */
  perMinute?: Readonly<Record<string, number>>;
  port?: number;
  /** Takes orders at `/_double`. */
  remote?: boolean;
  /** A server that is not Slack's own, and knows less. */
  plain?: PlainServer;
}

export interface PlainServer {
  /** Methods that it does not have: it says so in Slack's words, in HTTP's, or says `ok` and does nothing. */
  lacks?: readonly string[];
  lacking?: "unknown_method" | "404" | "ok";
  /** Events and answers have only what nothing can do without. */
  terse?: boolean;
  /** What messages were sent with, and it does not keep. */
  forgets?: readonly ("metadata" | "client_msg_id")[];
  /** Members in one page, whatever limit was asked for. */
  membersMost?: number;
  /** A single connection of Socket Mode: a further one is refused, or takes the place of the first. */
  oneConnection?: "refuses" | "displaces";
  /** Slack takes ten; whatever is opened beyond is told so, and closed. */
  connectionsMost?: number;
}

export interface Call {
  method: string;
  team: string;
  args: Json;
  /** Who calls, as it says itself. */
  agent: string;
  /** Milliseconds since the server started. */
  at: number;
  ok: boolean;
  error: string;
}

export interface SlackServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** For SLACK_API_URL. */
  readonly apiUrl: string;
  readonly signingSecret: string;
  readonly appToken: string;
  readonly botToken: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly world: World;
  readonly faults: Faults;
  readonly deliveries: Deliveries;
  /** Every call, the refused ones too. */
  readonly calls: readonly Call[];
  /** What Slack would let pass or punish, but nobody should do. */
  readonly violations: readonly string[];
  addTeam(id: string, name?: string): Team;
  addUser(id: string, more?: Partial<User>): User;
  addChannel(id: string, more?: Partial<Omit<Channel, "members">> & { members?: string[] }): Channel;
  addUserGroup(id: string, users: string[], team?: string): void;
  /** A new thread in the person's assistant pane, of which the app is not told; its ts. */
  addAssistantThread(user: string, team?: string): string;
  /** The person who clicks "Allow" when an app is being installed; it goes to their workspace, or to all of an organisation. */
  installer: { team: string; user: string; organisation?: string };
  asUser(id: string, team?: string): Person;
  /** Oldest first; with `threadTs` that thread only, its first message included. */
  messages(channel: string, threadTs?: string, team?: string): Seen[];
  /** What only this user was shown. */
  privately(user: string, team?: string): Seen[];
  callsOf(method: string): Call[];
  emit(team: string, event: Json): Promise<void>;
  /** The workspace removes the app: its token is of no use from now on, and the app is told. */
  removeApp(team: string): Promise<void>;
  /** Where the app takes events over HTTP, each in turn; none for Socket Mode. */
  sendEventsTo(...urls: string[]): void;
  /** Breaks off the calls that were made to hang. */
  dropHanging(): void;
  waitFor<T>(check: () => T | undefined | false, withinMs?: number): Promise<T>;
  close(): Promise<void>;
}

export async function createSlackServer(options: SlackServerOptions = {}): Promise<SlackServer> {
  const world = createWorld();
  const plain = options.plain ?? {};
  const faults = createFaults();
  const deliveries = createDeliveries({
    signingSecret: "signing-secret-of-the-double",
    ackTimeoutMs: options.ackTimeoutMs ?? 3_000,
    retryDelaysMs: options.retryDelaysMs ?? [0, 50, 200],
  });
  const calls: Call[] = [];
  const violations: string[] = [];
  const triggers = new Map<string, { user: string; until: number }>();
  const closedUntil = new Map<string, number>();
  const codes = new Map<string, string>();
  const tickets = new Set<string>();
  const answers = new Map<
    string,
    { team: string; user: string; channel: string; uses: number; thread?: string }
  >();
  const started = performance.now();
  const hanging = new Set<ServerResponse>();
  const appToken = "xapp-1-A1-token";
  const clientId = "client.id";
  const clientSecret = "client-secret-of-the-double";

  const http = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      violations.push(`the double failed: ${String(error)}`);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  http.on("upgrade", (request, stream) => {
    const ticket = new URL(request.url ?? "", url).searchParams.get("ticket") ?? "";
    if (!tickets.delete(ticket)) {
      stream.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const former = [...deliveries.sockets];
    const socket = acceptWebSocket(request, stream);
    deliveries.addSocket(socket);
    if (former.length >= (plain.connectionsMost ?? 10)) {
      socket.send(JSON.stringify({ type: "disconnect", reason: "too_many_websockets" }));
      setTimeout(() => socket.close(1000), 50).unref();
    }
    if (plain.oneConnection === "displaces") for (const socket of former) socket.close(1008);
  });

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const body = await bodyOf(request);
    if (pathname.startsWith("/api/")) return api(pathname.slice(5), request, response, body);
    if (pathname.startsWith("/upload/v1/")) return upload(pathname, response, body);
    if (pathname.startsWith("/files-pri/")) return download(pathname, request, response);
    if (pathname.startsWith("/response/")) return answer(pathname.slice(10), response, body);
    if (pathname === "/oauth/v2/authorize") return authorize(searchParams, response);
    if (pathname === "/_double" && options.remote) return remotely(response, body);
    response.writeHead(404).end();
  }

  async function api(method: string, request: IncomingMessage, response: ServerResponse, body: Buffer) {
    const args = argumentsOf(request, body);
    const token = request.headers.authorization?.replace(/^Bearer ?/, "") ?? string(args.token);
    const team = [...world.teams.values()].find((one) => one.token === token);
    const channel = string(args.channel) || undefined;
    const call: Call = {
      method,
      team: team?.id ?? "",
      args,
      agent: request.headers["user-agent"] ?? "",
      at: performance.now() - started,
      ok: false,
      error: "",
    };
    calls.push(call);
    const gate = `${team?.id} ${method} ${channel ?? ""}`;
    if ((closedUntil.get(gate) ?? 0) > performance.now())
      violations.push(`${method} inside of a Retry-After`);
    const fault = faults.next(method, channel);
    const reply = (result: Json) => {
      call.ok = result.ok === true;
      call.error = string(result.error);
      const scopes = team && !plain.terse ? { "x-oauth-scopes": [...team.scopes].join(",") } : {};
      response.writeHead(200, { "content-type": "application/json; charset=utf-8", ...scopes });
      response.end(JSON.stringify(result));
    };
    const tooMany = overLimit(method, team?.id ?? "");
    const seconds = fault?.kind === "rate_limited" ? fault.seconds : tooMany ? 30 : undefined;
    if (seconds !== undefined) {
      closedUntil.set(gate, performance.now() + seconds * 1000 - 20);
      call.error = "ratelimited";
      response.writeHead(429, { "retry-after": String(seconds) }).end('{"ok":false,"error":"ratelimited"}');
      return;
    }
    switch (fault?.kind) {
      case "status":
        call.error = String(fault.status);
        response.writeHead(fault.status).end("upstream trouble");
        return;
      case "error":
        reply({ ok: false, error: fault.error, ...fault.more });
        return;
      case "hang":
        hanging.add(response);
        return;
      case "reset":
        request.socket.destroy();
        return;
      case "delay":
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
        break;
    }
    if (plain.lacks?.includes(method)) {
      if (plain.lacking === "404") response.writeHead(404).end("<h1>Not Found</h1>");
      else reply(plain.lacking === "ok" ? { ok: true } : { ok: false, error: "unknown_method" });
      return;
    }
    const result = plainly(method, await perform(method, args, token, team, request));
    if (fault?.kind === "reset_after") {
      call.ok = result.ok === true;
      request.socket.destroy();
    } else if (fault?.kind === "hang_after") {
      call.ok = result.ok === true;
      hanging.add(response);
      fault.then?.();
    } else if (fault?.kind === "delay_after") {
      call.ok = result.ok === true;
      fault.shown?.();
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      reply(result);
    } else if (fault?.kind === "status_after") {
      call.ok = result.ok === true;
      response.writeHead(fault.status).end("upstream trouble");
    } else reply(result);
  }

  /** What a terse server answers. */
  function plainly(method: string, { response_metadata, ...result }: Json): Json {
    const forgets = plain.forgets ?? [];
    for (const message of array(result.messages)) for (const name of forgets) delete object(message)[name];
    const cursor = string(object(response_metadata).next_cursor);
    const paged = cursor === "" ? {} : { response_metadata: { next_cursor: cursor } };
    if (!plain.terse) return response_metadata === undefined ? result : { ...result, response_metadata };
    if (method === "auth.test" && result.ok) {
      return { ok: true, team_id: result.team_id, user_id: result.user_id };
    }
    if (method === "users.info" && result.ok) {
      const { id, name, real_name } = object(result.user);
      return { ok: true, user: { id, name, real_name } };
    }
    return { ...result, ...paged };
  }

  function overLimit(method: string, team: string): boolean {
    const most = options.perMinute?.[method];
    if (most === undefined) return false;
    const since = performance.now() - started - 60_000;
    const made = calls.filter((one) => one.method === method && one.team === team && one.at > since);
    return made.length > most;
  }

  async function perform(
    method: string,
    args: Json,
    token: string,
    team: Team | undefined,
    request: IncomingMessage,
  ): Promise<Json> {
    if (method === "oauth.v2.access") return access(args, request);
    if (method === "apps.connections.open") {
      if (token !== appToken) return { ok: false, error: token ? "invalid_auth" : "not_authed" };
      if (plain.oneConnection === "refuses" && deliveries.sockets.length > 0)
        return { ok: false, error: "too_many_websockets" };
      const ticket = world.nextId("ticket");
      tickets.add(ticket);
      return { ok: true, url: `${url.replace("http", "ws")}/link?ticket=${ticket}` };
    }
    if (!token) return { ok: false, error: "not_authed" };
    if (!team) return { ok: false, error: "invalid_auth" };
    if (team.revoked) return { ok: false, error: "token_revoked" };
    const run = webMethods[method];
    if (!run) return { ok: false, error: "unknown_method", req_method: method };
    try {
      requireScope(method, args, team);
      const most = method === "conversations.members" && plain.membersMost;
      return { ok: true, ...(await run(context(team), most ? { ...args, limit: most } : args)) };
    } catch (error) {
      if (error instanceof Refusal) return error.body;
      throw error;
    }
  }

  function requireScope(method: string, args: Json, team: Team): void {
    const rule = scopeOf[method];
    const channel = world.channels.get(key(team.id, string(args.channel)));
    const needed = typeof rule === "function" ? channel && rule(channel) : rule;
    if (needed !== undefined && !team.scopes.has(needed)) {
      throw new Refusal("missing_scope", { needed, provided: [...team.scopes].join(",") });
    }
  }

  function context(team: Team): MethodContext {
    return {
      world,
      team,
      base: url,
      emit: (to, event) => void brought(to, event),
      userOfTrigger(trigger) {
        const known = triggers.get(trigger);
        triggers.delete(trigger);
        return known && known.until > performance.now() ? known.user : undefined;
      },
      warn: (what) => violations.push(what),
    };
  }

  /** Wraps an event in its envelope and brings it to the app. */
  async function brought(team: Team, event: Json): Promise<void> {
    if (plain.terse) {
      const { client_msg_id, event_ts, parent_user_id, team: _, ...rest } = event;
      const event_id = world.nextId("Ev");
      await deliveries.deliver("events_api", {
        type: "event_callback",
        team_id: team.id,
        event_id,
        event: rest,
      });
      return;
    }
    await deliveries.deliver("events_api", {
      token: "verification",
      team_id: team.id,
      context_team_id: team.id,
      api_app_id: "A1",
      type: "event_callback",
      event_id: world.nextId("Ev"),
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: team.id,
          user_id: team.bot,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event,
    });
  }

  function upload(pathname: string, response: ServerResponse, body: Buffer): void {
    const [team = "", id = ""] = pathname.split("/").slice(3);
    const file = world.files.get(key(team, id));
    const fault = faults.next("upload", undefined);
    if (!file || fault) {
      response.writeHead(fault?.kind === "status" ? fault.status : 404).end();
      return;
    }
    file.content = body;
    response.writeHead(200).end(`OK - ${body.length}`);
  }

  /** Without the right token Slack does not refuse, it sends the browser to its login page. */
  function download(pathname: string, request: IncomingMessage, response: ServerResponse): void {
    const [team = "", id = ""] = (pathname.split("/")[2] ?? "").split("-");
    const file = world.files.get(key(team, id));
    const token = request.headers.authorization?.replace(/^Bearer /, "");
    const owner = world.teams.get(team);
    if (!file || !owner || token !== owner.token || !owner.scopes.has("files:read")) {
      response.writeHead(302, { location: `${url}/login` }).end();
      return;
    }
    response.writeHead(200, { "content-type": file.mimetype, "content-length": file.content.length });
    response.end(file.content);
  }

  /** A `response_url`: five answers in half an hour. */
  function answer(id: string, response: ServerResponse, body: Buffer): void {
    const place = answers.get(id);
    if (!place || place.uses >= 5) {
      response.writeHead(404).end("expired_url");
      return;
    }
    place.uses += 1;
    const content = object(JSON.parse(body.toString()));
    const message: StoredMessage = {
      ts: world.nextTs(),
      channel: place.channel,
      team: place.team,
      user: world.teams.get(place.team)?.bot ?? "",
      text: string(content.text),
      blocks: array(content.blocks),
      files: [],
      reactions: new Map(),
      tasks: new Map(),
      ...(content.response_type === "in_channel" ? {} : { only: place.user }),
      ...(typeof content.thread_ts === "string" ? { threadTs: content.thread_ts } : {}),
    };
    messagesIn(world, place.team, place.channel).push(message);
    response.writeHead(200).end("ok");
  }

  async function remotely(response: ServerResponse, body: Buffer): Promise<void> {
    const done = await obey(server, object(JSON.parse(body.toString()))).then(
      (result) => ({ result }),
      (error: unknown) => ({ fault: String(error) }),
    );
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(done));
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const code = world.nextId("code");
    codes.set(code, query.get("scope") ?? "");
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", query.get("state") ?? "");
    response.writeHead(302, { location: back.href }).end();
  }

  function access(args: Json, request: IncomingMessage): Json {
    const basic = Buffer.from(
      request.headers.authorization?.replace(/^Basic /, "") ?? "",
      "base64",
    ).toString();
    const [id, secret] = basic.includes(":") ? basic.split(":") : [args.client_id, args.client_secret];
    if (id !== clientId || secret !== clientSecret) return { ok: false, error: "bad_client_secret" };
    const scope = codes.get(string(args.code));
    if (scope === undefined || !codes.delete(string(args.code))) return { ok: false, error: "invalid_code" };
    const team = world.teams.get(server.installer.team) ?? server.addTeam(server.installer.team);
    team.scopes = new Set(scope.split(","));
    if (team.revoked) team.token = `${team.token}-anew`;
    team.revoked = false;
    const { organisation } = server.installer;
    const enterprise = organisation ?? team.enterprise;
    return {
      ok: true,
      access_token: team.token,
      token_type: "bot",
      scope,
      bot_user_id: team.bot,
      app_id: "A1",
      team: organisation ? null : { id: team.id, name: team.name },
      enterprise: enterprise ? { id: enterprise, name: "Example Group" } : null,
      is_enterprise_install: organisation !== undefined,
      authed_user: { id: server.installer.user },
    };
  }

  const server: SlackServer = {
    url,
    apiUrl: `${url}/api/`,
    signingSecret: "signing-secret-of-the-double",
    appToken,
    get botToken() {
      return world.teams.get("T1")?.token ?? "";
    },
    clientId,
    clientSecret,
    world,
    faults,
    deliveries,
    calls,
    violations,
    installer: { team: "T1", user: "U1" },
    addTeam(id, name = `Team ${id}`) {
      const bot = `UBOT${id}`;
      const team: Team = {
        id,
        name,
        bot,
        botId: `B${id}`,
        token: `xoxb-${id}-token`,
        scopes: new Set(allScopes),
        revoked: false,
      };
      world.teams.set(id, team);
      world.users.set(key(id, bot), userWith({ id: bot, team: id, name: "Deskhand", bot: true }));
      return team;
    },
    addUser(id, more = {}) {
      const user = userWith({ id, team: "T1", ...more });
      world.users.set(key(user.team, id), user);
      return user;
    },
    addChannel(id, { members = [], ...more } = {}) {
      const team = more.team ?? "T1";
      const channel: Channel = {
        id,
        team,
        kind: "channel",
        name: id.toLowerCase(),
        archived: false,
        ...more,
        members: new Set([...members, world.teams.get(team)?.bot ?? ""]),
      };
      world.channels.set(key(team, id), channel);
      return channel;
    },
    addUserGroup(id, users, team = "T1") {
      world.userGroups.set(key(team, id), { team, users });
    },
    addAssistantThread(user, teamId = "T1") {
      const team = world.teams.get(teamId);
      if (!team) throw new Error(`no team ${teamId}`);
      const channel = directChannel(world, team, user).id;
      const root: StoredMessage = {
        ts: world.nextTs(),
        channel,
        team: teamId,
        user: team.bot,
        botId: team.botId,
        text: "New Assistant Thread",
        subtype: "assistant_app_thread",
        blocks: [],
        files: [],
        reactions: new Map(),
        tasks: new Map(),
      };
      messagesIn(world, teamId, channel).push(root);
      return root.ts;
    },
    asUser: (id, team = "T1") => createPeople({ server, triggers, answers, emit: brought }, id, team),
    messages(channel, threadTs, team = "T1") {
      return messagesIn(world, team, channel)
        .filter((m) => m.only === undefined)
        .filter((m) => threadTs === undefined || m.ts === threadTs || m.threadTs === threadTs)
        .map(seen);
    },
    privately(user, team = "T1") {
      return [...world.messages.values()]
        .flat()
        .filter((message) => message.team === team && message.only === user)
        .sort((a, b) => (a.ts < b.ts ? -1 : 1))
        .map(seen);
    },
    callsOf: (method) => calls.filter((call) => call.method === method),
    async emit(team, event) {
      const known = world.teams.get(team);
      if (!known) throw new Error(`no team ${team}`);
      await brought(known, event);
    },
    async removeApp(id) {
      const team = world.teams.get(id);
      if (!team) throw new Error(`no team ${id}`);
      team.revoked = true;
      await brought(team, {
        type: "tokens_revoked",
        tokens: { oauth: [], bot: [team.bot] },
        event_ts: world.nextTs(),
      });
      await brought(team, { type: "app_uninstalled", event_ts: world.nextTs() });
    },
    async waitFor(check, withinMs = 25_000) {
      const end = performance.now() + withinMs;
      for (;;) {
        const found = check();
        if (found) return found;
        if (performance.now() > end) throw new Error(`nothing of the kind within ${withinMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    sendEventsTo(...urls) {
      deliveries.eventsUrls = urls;
    },
    dropHanging() {
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    async close() {
      deliveries.close();
      server.dropHanging();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  server.addTeam("T1", "Example");
  return server;
}

const allScopes = [
  "app_mentions:read",
  "assistant:write",
  "channels:history",
  "channels:read",
  "chat:write",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:write",
  "mpim:history",
  "reactions:read",
  "reactions:write",
  "usergroups:read",
  "users:read",
  "users:read.email",
];

function userWith(known: Partial<User> & Pick<User, "id" | "team">): User {
  return {
    home: known.team,
    name: `User ${known.id}`,
    email: `${known.id.toLowerCase()}@example.com`,
    guest: false,
    bot: false,
    locale: "en-US",
    ...known,
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Form fields whose values are JSON, as the SDK writes them, or a JSON body. */
function argumentsOf(request: IncomingMessage, body: Buffer): Json {
  const text = body.toString();
  if (request.headers["content-type"]?.startsWith("application/json"))
    return object(JSON.parse(text || "{}"));
  const args: Json = {};
  for (const [name, value] of new URLSearchParams(text)) {
    args[name] = jsonArguments.has(name) ? JSON.parse(value) : value;
  }
  return args;
}

const jsonArguments = new Set([
  "attachments",
  "blocks",
  "chunks",
  "files",
  "loading_messages",
  "metadata",
  "prompts",
  "view",
]);
