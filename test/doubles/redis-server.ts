/**
 * A Redis server in this process, for clients that speak its real protocol: RESP2, and RESP3 once HELLO has asked for it;
 * commands come in pieces and many at a time, and are answered in their order. It keeps its texts as bytes and lets them
 * expire by a clock. What it does not know it refuses in Redis's own words.
 */
import { createServer, type Server, type Socket } from "node:net";

export interface RedisServer {
  /** redis://…/0, with the password where there is one. */
  url: string;
  port: number;
  /** Every command that came, by name, in order. */
  commands(): string[];
  /** The keys of a database that are not over. */
  keys(database?: number): string[];
  /** What a key holds, as text. */
  value(key: string, database?: number): string | undefined;
  /** Somebody else writes there. */
  put(key: string, value: string, database?: number): void;
  /** The process dies: connections are cut, nobody listens, and what was held is lost. */
  die(): Promise<void>;
  /** It is started again at the same port. */
  restart(): Promise<void>;
  /** Takes what is sent and answers nothing; the result lets it go on, and it answers what has come meanwhile. */
  freeze(): () => void;
  close(): Promise<void>;
}

export interface RedisOptions {
  /** Of the user `default`; without one nobody has to say who they are. */
  password?: string;
  now?: () => number;
}

interface Held {
  bytes: Buffer;
  until: number;
}

interface Session {
  socket: Socket;
  unread: Buffer;
  database: number;
  resp: 2 | 3;
  trusted: boolean;
}

type Reply = { simple: string } | { fault: string } | Buffer | number | null | Reply[] | Map<string, Reply>;

const databases = 16;
const ok = { simple: "OK" };

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { password, now = Date.now } = options;
  const spaces = Array.from({ length: databases }, () => new Map<string, Held>());
  const sessions = new Set<Session>();
  const seen: string[] = [];
  let frozen = false;
  let server: Server;
  let port = 0;

  function accept(socket: Socket): void {
    const session: Session = {
      socket,
      unread: Buffer.alloc(0),
      database: 0,
      resp: 2,
      trusted: password === undefined,
    };
    sessions.add(session);
    socket.on("data", (data) => {
      session.unread = Buffer.concat([session.unread, data]);
      answer(session);
    });
    socket.on("error", () => {});
    socket.on("close", () => sessions.delete(session));
  }

  function answer(session: Session): void {
    while (!frozen) {
      const read = readCommand(session.unread);
      if (read === undefined) return;
      if (read === "broken") {
        session.socket.end("-ERR Protocol error: expected '*' and '$'\r\n");
        return;
      }
      session.unread = session.unread.subarray(read.end);
      if (read.words.length > 0) session.socket.write(encode(perform(session, read.words), session.resp));
    }
  }

  async function listen(): Promise<void> {
    server = createServer(accept);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    const address = server.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  async function end(): Promise<void> {
    for (const { socket } of sessions) socket.destroy();
    sessions.clear();
    await new Promise((resolve) => server.close(resolve));
  }

  function perform(session: Session, words: Buffer[]): Reply {
    const name = String(words[0]).toUpperCase();
    const given = words.slice(1);
    seen.push(name);
    if (!session.trusted && name !== "AUTH" && name !== "HELLO")
      return { fault: "NOAUTH Authentication required." };
    switch (name) {
      case "PING":
        return given[0] ?? { simple: "PONG" };
      case "AUTH":
        return trust(session, given) ?? ok;
      case "HELLO":
        return hello(session, given);
      case "CLIENT":
        return /^(SETINFO|SETNAME)$/i.test(String(given[0])) ? ok : unknown(name, given);
      case "SELECT":
        return select(session, given);
    }
    const space = spaceOf(session.database);
    switch (name) {
      case "GET":
        return given.length === 1 ? (held(space, given[0])?.bytes ?? null) : arity(name);
      case "MGET":
        return given.length > 0 ? given.map((key) => held(space, key)?.bytes ?? null) : arity(name);
      case "SET":
        return set(space, given);
      case "DEL":
      case "UNLINK":
        return given.length > 0 ? given.filter((key) => remove(space, key)).length : arity(name);
      case "EXISTS":
        return given.length > 0 ? given.filter((key) => held(space, key)).length : arity(name);
      case "PTTL":
        return given.length === 1 ? leftOf(held(space, given[0])) : arity(name);
      case "SCAN":
        return scan(space, given);
    }
    return unknown(name, given);
  }

  /** What is wrong with it; undefined when it is right. */
  function trust(session: Session, given: Buffer[]): Reply | undefined {
    const [user, secret] = given.length === 1 ? ["default", String(given[0])] : given.map(String);
    if (password === undefined) {
      return given.length > 1
        ? undefined
        : {
            fault:
              "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
          };
    }
    if (user !== "default" || secret !== password)
      return { fault: "WRONGPASS invalid username-password pair or user is disabled." };
    session.trusted = true;
    return undefined;
  }

  function hello(session: Session, given: Buffer[]): Reply {
    const version = Number(given[0] ?? session.resp);
    if (version !== 2 && version !== 3) return { fault: "NOPROTO unsupported protocol version" };
    const auth = given.findIndex((word) => /^AUTH$/i.test(String(word)));
    const refusal = auth < 0 ? undefined : trust(session, given.slice(auth + 1, auth + 3));
    if (refusal !== undefined) return refusal;
    if (!session.trusted)
      return { fault: "NOAUTH HELLO must be called with the client already authenticated" };
    session.resp = version;
    return new Map<string, Reply>([
      ["server", Buffer.from("redis")],
      ["version", Buffer.from("7.4.0")],
      ["proto", version],
      ["id", 1],
      ["mode", Buffer.from("standalone")],
      ["role", Buffer.from("master")],
      ["modules", []],
    ]);
  }

  function select(session: Session, given: Buffer[]): Reply {
    const database = Number(given[0]);
    if (!Number.isInteger(database)) return { fault: "ERR value is not an integer or out of range" };
    if (database < 0 || database >= databases) return { fault: "ERR DB index is out of range" };
    session.database = database;
    return ok;
  }

  function set(space: Map<string, Held>, [key, bytes, ...rest]: Buffer[]): Reply {
    if (!key || !bytes) return arity("SET");
    const name = nameOf(key);
    const options = rest.map((word) => String(word).toUpperCase());
    let until = Number.POSITIVE_INFINITY;
    while (options.length > 0) {
      const option = options.shift();
      if (option === "PX" || option === "EX") {
        const amount = Number(options.shift());
        if (!Number.isInteger(amount)) return { fault: "ERR value is not an integer or out of range" };
        if (amount <= 0) return { fault: "ERR invalid expire time in 'set' command" };
        until = now() + amount * (option === "EX" ? 1_000 : 1);
      } else if (option === "NX" || option === "XX") {
        if ((held(space, key) !== undefined) !== (option === "XX")) return null;
      } else return { fault: "ERR syntax error" };
    }
    space.set(name, { bytes: Buffer.from(bytes), until });
    return ok;
  }

  /** All at once: a cursor of 0 says that nothing is left. */
  function scan(space: Map<string, Held>, [cursor, ...options]: Buffer[]): Reply {
    if (!cursor) return arity("SCAN");
    const match = options.findIndex((word) => /^MATCH$/i.test(String(word)));
    const pattern = match < 0 ? undefined : patternOf(nameOf(options[match + 1] ?? Buffer.alloc(0)));
    const names = [...space.keys()].filter((name) => held(space, bytesOf(name)));
    return [Buffer.from("0"), names.filter((name) => pattern?.test(name) ?? true).map(bytesOf)];
  }

  function held(space: Map<string, Held>, key: Buffer | undefined): Held | undefined {
    const name = nameOf(key ?? Buffer.alloc(0));
    const found = space.get(name);
    if (found && found.until > now()) return found;
    space.delete(name);
    return undefined;
  }

  function remove(space: Map<string, Held>, key: Buffer): boolean {
    return held(space, key) !== undefined && space.delete(nameOf(key));
  }

  function leftOf(one: Held | undefined): number {
    if (!one) return -2;
    return one.until === Number.POSITIVE_INFINITY ? -1 : one.until - now();
  }

  const spaceOf = (database: number): Map<string, Held> => spaces[database] as Map<string, Held>;

  await listen();
  return {
    url: `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}/0`,
    port,
    commands: () => [...seen],
    keys: (database = 0) =>
      [...spaceOf(database).keys()].filter((name) => held(spaceOf(database), bytesOf(name))),
    value: (key, database = 0) => held(spaceOf(database), Buffer.from(key))?.bytes.toString(),
    put(key, value, database = 0) {
      const until = Number.POSITIVE_INFINITY;
      spaceOf(database).set(nameOf(Buffer.from(key)), { bytes: Buffer.from(value), until });
    },
    async die() {
      await end();
      for (const space of spaces) space.clear();
    },
    restart: listen,
    freeze() {
      frozen = true;
      return () => {
        frozen = false;
        for (const session of sessions) answer(session);
      };
    },
    close: end,
  };
}

/** A map's keys are texts, one character to a byte. */
const nameOf = (key: Buffer): string => key.toString("latin1");
const bytesOf = (name: string): Buffer => Buffer.from(name, "latin1");

/** Of Redis's patterns, those with * and ?. */
function patternOf(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`^${text}$`);
}

const arity = (name: string): Reply => ({
  fault: `ERR wrong number of arguments for '${name.toLowerCase()}' command`,
});

function unknown(name: string, given: Buffer[]): Reply {
  const begin = given.map((word) => `'${String(word).slice(0, 20)}' `).join("");
  return { fault: `ERR unknown command '${name}', with args beginning with: ${begin}` };
}

/** An array of bulk strings from the beginning; undefined when it has not come whole yet. */
function readCommand(bytes: Buffer): { words: Buffer[]; end: number } | "broken" | undefined {
  const head = lengthAt(bytes, 0, "*");
  if (typeof head !== "object") return head;
  const words: Buffer[] = [];
  let at = head.end;
  for (let n = 0; n < head.length; n++) {
    const word = lengthAt(bytes, at, "$");
    if (typeof word !== "object") return word;
    const end = word.end + word.length;
    if (bytes.length < end + 2) return undefined;
    words.push(bytes.subarray(word.end, end));
    at = end + 2;
  }
  return { words, end: at };
}

function lengthAt(
  bytes: Buffer,
  at: number,
  sign: "*" | "$",
): { length: number; end: number } | "broken" | undefined {
  const end = bytes.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const line = bytes.toString("latin1", at, end);
  if (!/^[*$]\d{1,9}$/.test(line) || line[0] !== sign) return "broken";
  return { length: Number(line.slice(1)), end: end + 2 };
}

function encode(reply: Reply, resp: 2 | 3): Buffer {
  if (reply === null) return Buffer.from(resp === 3 ? "_\r\n" : "$-1\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  if (Buffer.isBuffer(reply))
    return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n")]);
  if (Array.isArray(reply))
    return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map((one) => encode(one, resp))]);
  if (reply instanceof Map) {
    const flat = [...reply].flatMap(([key, value]) => [encode(Buffer.from(key), resp), encode(value, resp)]);
    const head = resp === 3 ? `%${reply.size}\r\n` : `*${reply.size * 2}\r\n`;
    return Buffer.concat([Buffer.from(head), ...flat]);
  }
  if ("simple" in reply) return Buffer.from(`+${reply.simple}\r\n`);
  return Buffer.from(`-${reply.fault}\r\n`);
}
