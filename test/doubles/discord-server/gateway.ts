/**
 * The gateway as the real library meets it: hello, identify, resume with replay, heartbeats, sequence numbers, close
 * codes; and its troubles, on demand.
 */
import type { IncomingHttpHeaders, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Guild, User, World } from "./world.ts";
import {
  channelJson,
  type Event,
  intents,
  isThread,
  memberJson,
  messageJson,
  roleJson,
  userJson,
} from "./world.ts";

interface Session {
  id: string;
  intents: number;
  sequence: number;
  /** What was dispatched, for a resume. */
  sent: { s: number; t: string; d: unknown }[];
  socket: WebSocket | undefined;
  /** When it was left without a socket. */
  leftAt: number | undefined;
}

export interface GatewayOptions {
  token(): string;
  bot: User;
  applicationId: string;
  url(): string;
  /** Intents that the application may ask for. */
  allowedIntents(): number;
  heartbeatIntervalMs: number;
  /** How long a session without a socket can be resumed. */
  resumeWindowMs: number;
  identifiesMax: number;
  maxConcurrency: number;
  /** No more than a small server says. */
  sparse: boolean;
}

export type Gateway = ReturnType<typeof createGateway>;

const replayMax = 10_000;
const knownIntents = (1 << 26) - 1;

export function createGateway(server: Server, world: World, options: GatewayOptions) {
  const wss = new WebSocketServer({ noServer: true });
  const sessions = new Map<string, Session>();
  const log: { op: number; d: unknown; at: number }[] = [];
  const trouble = {
    /** Heartbeats are not answered. */
    deaf: false,
    /** Connections are refused. */
    down: false,
    /** Connections get no answer, not even a refusal. */
    silent: false,
    /** Identify is answered with an invalid session this many times. */
    invalidNext: 0,
    /** Each of the next events is dispatched twice. */
    duplicate: 0,
    /** The next two events change places. */
    reorder: false,
  };
  /** Sockets that had a session, oldest first. */
  const connections: { headers: IncomingHttpHeaders; from: number; to: number | undefined }[] = [];
  const unanswered = new Set<Duplex>();
  let identifies = 0;
  let identifiedAt: number[] = [];
  let hasty = 0;
  let held: Event[] | undefined;
  let swapped: Event | undefined;

  server.on("upgrade", (request, socket, head) => {
    const asked = new URL(request.url ?? "", "ws://double");
    if (trouble.silent) {
      unanswered.add(socket);
      socket.on("error", () => undefined);
      return;
    }
    const known = asked.pathname === "/gateway" && ["", "10"].includes(asked.searchParams.getAll("v").join());
    if (trouble.down || !known) {
      socket.destroy();
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => accept(ws, request.headers));
  });

  function accept(ws: WebSocket, headers: IncomingHttpHeaders): void {
    let session: Session | undefined;
    let connection: (typeof connections)[number] | undefined;
    const begin = () => {
      if (!session || connection) return;
      connection = { headers, from: Date.now(), to: undefined };
      connections.push(connection);
    };
    send(ws, { op: 10, d: { heartbeat_interval: options.heartbeatIntervalMs }, s: null, t: null });
    ws.on("message", (data: RawData) => {
      let packet: { op: number; d: unknown };
      try {
        packet = JSON.parse(String(data)) as typeof packet;
      } catch {
        ws.close(4002, "Error while decoding payload.");
        return;
      }
      log.push({ op: packet.op, d: packet.d, at: Date.now() });
      switch (packet.op) {
        case 1:
          if (!trouble.deaf) send(ws, { op: 11, d: null, s: null, t: null });
          return;
        case 2:
          if (session) ws.close(4005, "Already authenticated.");
          else session = identify(ws, packet.d as Identify);
          begin();
          return;
        case 6:
          session = resume(ws, packet.d as Resume) ?? session;
          begin();
          return;
        case 3:
        case 4:
        case 8:
          if (!session) ws.close(4003, "Not authenticated.");
          return;
        default:
          ws.close(4001, "Unknown opcode.");
      }
    });
    ws.on("close", (code) => {
      if (connection) connection.to = Date.now();
      if (!session || session.socket !== ws) return;
      session.socket = undefined;
      session.leftAt = Date.now();
      if (code === 1000 || code === 1001) sessions.delete(session.id);
    });
    ws.on("error", () => undefined);
  }

  interface Identify {
    token: string;
    intents?: number;
    shard?: [number, number];
  }

  function identify(ws: WebSocket, given: Identify): Session | undefined {
    identifies += 1;
    if (given.token !== options.token()) {
      ws.close(4004, "Authentication failed.");
      return undefined;
    }
    if (identifies > options.identifiesMax) {
      ws.close(4004, "Authentication failed.");
      return undefined;
    }
    const asked = given.intents ?? 0;
    if (asked & ~knownIntents) {
      ws.close(4013, "Invalid intent(s).");
      return undefined;
    }
    if (asked & ~options.allowedIntents()) {
      ws.close(4014, "Disallowed intent(s).");
      return undefined;
    }
    const now = Date.now();
    identifiedAt = [...identifiedAt.filter((at) => now - at < 5_000), now];
    const early = identifiedAt.length > options.maxConcurrency;
    if (early) hasty += 1;
    if (trouble.invalidNext > 0 || early) {
      trouble.invalidNext = Math.max(0, trouble.invalidNext - 1);
      send(ws, { op: 9, d: false, s: null, t: null });
      return undefined;
    }
    const session: Session = {
      id: `session-${world.id()}`,
      intents: asked,
      sequence: 0,
      sent: [],
      socket: ws,
      leftAt: undefined,
    };
    sessions.set(session.id, session);
    dispatch(session, "READY", {
      v: 10,
      user: userJson(options.bot),
      session_id: session.id,
      session_type: "normal",
      ...(options.sparse
        ? {}
        : {
            guilds: [...world.guilds.values()].map((guild) => ({ id: guild.id, unavailable: true })),
            resume_gateway_url: options.url(),
            application: { id: options.applicationId, flags: 1 << 19 },
          }),
    });
    if (asked & intents.guilds && !options.sparse) {
      for (const guild of world.guilds.values()) {
        if (guild.members.has(options.bot.id)) dispatch(session, "GUILD_CREATE", guildJson(guild));
      }
    }
    return session;
  }

  interface Resume {
    token: string;
    session_id: string;
    seq: number;
  }

  function resume(ws: WebSocket, given: Resume): Session | undefined {
    if (given.token !== options.token()) {
      ws.close(4004, "Authentication failed.");
      return undefined;
    }
    const session = sessions.get(given.session_id);
    const late = session?.leftAt !== undefined && Date.now() - session.leftAt > options.resumeWindowMs;
    if (!session || late) {
      send(ws, { op: 9, d: false, s: null, t: null });
      return undefined;
    }
    if (given.seq > session.sequence) {
      ws.close(4007, "Invalid seq.");
      return undefined;
    }
    session.socket?.terminate();
    session.socket = ws;
    session.leftAt = undefined;
    for (const one of session.sent) if (one.s > given.seq) send(ws, { op: 0, ...one });
    session.sequence += 1;
    send(ws, { op: 0, t: "RESUMED", s: session.sequence, d: {} });
    return session;
  }

  function guildJson(guild: Guild) {
    if (!guild.available) return { id: guild.id, unavailable: true };
    const all = [...world.channels.values()].filter(
      (channel) => channel.guild === guild && world.permissionsIn(channel, options.bot) > 0n,
    );
    const bot = guild.members.get(options.bot.id);
    return {
      id: guild.id,
      name: guild.name,
      owner_id: guild.owner_id,
      roles: [...guild.roles.values()].map(roleJson),
      channels: all.filter((channel) => !isThread(channel)).map(channelJson),
      threads: all.filter((channel) => isThread(channel) && !channel.archived).map(channelJson),
      members: bot ? [memberJson(bot)] : [],
      member_count: guild.members.size,
      large: false,
      unavailable: false,
      joined_at: new Date(0).toISOString(),
      voice_states: [],
      presences: [],
      emojis: [],
      stickers: [],
      features: [],
    };
  }

  /** What the world has done, for every session that may know of it. */
  function publish(event: Event): void {
    if (held) {
      held.push(event);
      return;
    }
    if (trouble.reorder && !swapped) {
      swapped = event;
      return;
    }
    const events = swapped ? [event, swapped] : [event];
    if (swapped) {
      swapped = undefined;
      trouble.reorder = false;
    }
    for (const one of events) {
      const times = trouble.duplicate > 0 ? 2 : 1;
      trouble.duplicate = Math.max(0, trouble.duplicate - 1);
      for (let n = 0; n < times; n++) for (const session of sessions.values()) offer(session, one);
    }
  }

  function offer(session: Session, event: Event): void {
    if (!(session.intents & event.intent)) return;
    if (event.guild && !event.guild.members.has(options.bot.id)) return;
    if (event.channel && world.permissionsIn(event.channel, options.bot) === 0n) return;
    dispatch(session, event.name, event.content ? readable(session, event) : event.data);
  }

  /** Without the message content intent, a message is empty unless it is a DM, the bot's own, or mentions it. */
  function readable(session: Session, event: Event): Record<string, unknown> {
    const message = event.content as NonNullable<Event["content"]>;
    const free =
      session.intents & intents.messageContent ||
      !message.channel.guild ||
      message.author.id === options.bot.id ||
      message.notified.includes(options.bot.id);
    return free ? event.data : { ...event.data, content: "", embeds: [], attachments: [], components: [] };
  }

  function dispatch(session: Session, name: string, data: unknown): void {
    session.sequence += 1;
    const one = { s: session.sequence, t: name, d: structuredClone(data) };
    session.sent.push(one);
    if (session.sent.length > replayMax) session.sent.shift();
    if (session.socket) send(session.socket, { op: 0, ...one });
  }

  function send(ws: WebSocket, packet: object): void {
    if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(packet));
  }

  const sockets = () => [...wss.clients];

  return {
    publish,
    /** Dispatched to the bot and nobody else: an interaction. */
    dispatchTo(name: string, data: Record<string, unknown>): boolean {
      const connected = [...sessions.values()].filter((session) => session.socket);
      for (const session of connected) dispatch(session, name, data);
      return connected.length > 0;
    },
    trouble,
    log,
    connections,
    get identifies() {
      return identifies;
    },
    /** Identifies that came sooner after another than the application may. */
    get hasty() {
      return hasty;
    },
    get resumes() {
      return log.filter((one) => one.op === 6).length;
    },
    get connected() {
      return [...sessions.values()].some((session) => session.socket?.readyState === 1);
    },
    remaining: () => Math.max(0, options.identifiesMax - identifies),
    /** The connection breaks; the session stays. */
    drop(code?: number): void {
      for (const ws of sockets()) {
        if (code === undefined) ws.terminate();
        else ws.close(code);
      }
    },
    /** How many connections have had no answer. */
    get unanswered() {
      return unanswered.size;
    },
    /** Connections that have had no answer break. */
    dropUnanswered(): void {
      for (const socket of unanswered) socket.destroy();
      unanswered.clear();
    },
    /** Asks for a reconnect, as before a deploy of Discord's. */
    reconnect(): void {
      for (const ws of sockets()) send(ws, { op: 7, d: null, s: null, t: null });
    },
    /** The sessions are gone: what is dispatched now is never replayed. */
    forgetSessions(): void {
      for (const session of [...sessions.values()]) {
        sessions.delete(session.id);
        if (session.socket) send(session.socket, { op: 9, d: false, s: null, t: null });
      }
    },
    /** Events wait until `release`. */
    hold(): void {
      held ??= [];
    },
    release(): void {
      const waiting = held ?? [];
      held = undefined;
      for (const event of waiting) publish(event);
    },
    /** Dispatches the newest message once more. */
    redeliver(message: import("./world.ts").Message): void {
      const { channel } = message;
      const data = { ...messageJson(message), ...(channel.guild ? { guild_id: channel.guild.id } : {}) };
      const intent = channel.guild ? intents.guildMessages : intents.directMessages;
      publish({ name: "MESSAGE_CREATE", data, channel, intent, content: message });
    },
    close(): Promise<void> {
      for (const ws of sockets()) ws.terminate();
      for (const socket of unanswered) socket.destroy();
      return new Promise((resolve) => wss.close(() => resolve()));
    },
  };
}
