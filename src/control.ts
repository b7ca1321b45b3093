/**
 * How the commands reach a running desk: a socket in the data folder, readable by its owner alone. One JSON line asks,
 * one JSON line answers.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DeskError, type ErrorCode, faultOf } from "./errors.ts";

export type Handlers = Readonly<Record<string, (asked: Record<string, unknown>) => Promise<unknown>>>;

/** A socket's path is at most this long on every system, in bytes. */
const pathMax = 100;
/** In characters. What the desk answers is as long as it has to be: whoever asks for much asks for it in pages. */
const questionMax = 1_000_000;
const answerMax = 100_000_000;

function socketPath(data: string): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\deskhand-${hashOf(data)}`;
  const path = join(data, "desk.sock");
  return Buffer.byteLength(path) <= pathMax ? path : join(tmpdir(), `deskhand-${hashOf(data)}.sock`);
}

const hashOf = (data: string): string =>
  createHash("sha256").update(resolve(data)).digest("hex").slice(0, 16);

/** The data folder's lock is held: a socket that is already there is a dead process's. */
export async function openControl(data: string, handlers: Handlers): Promise<{ close(): Promise<void> }> {
  const path = socketPath(data);
  if (process.platform !== "win32") rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    void readLine(socket, questionMax).then(
      async (line) => socket.end(`${JSON.stringify(await answer(handlers, line))}\n`),
      () => socket.destroy(),
    );
  });
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen(path, done);
  });
  if (process.platform !== "win32") chmodSync(path, 0o600);
  return {
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

async function answer(handlers: Handlers, line: string): Promise<unknown> {
  try {
    const { does, ...asked } = JSON.parse(line) as { does: string } & Record<string, unknown>;
    const handler = Object.hasOwn(handlers, does) ? handlers[does] : undefined;
    if (!handler)
      return { error: { fault: `the running desk does not know ${does}; is it an older version?` } };
    return { result: (await handler(asked)) ?? null };
  } catch (error) {
    const code = error instanceof DeskError ? error.code : undefined;
    return { error: { fault: faultOf(error), ...(code ? { code } : {}) } };
  }
}

/**
 * Asks the desk that runs on this data folder.
 * @returns undefined when none runs
 * @throws DeskError what the desk answered
 */
export async function askRunningDesk(
  data: string,
  does: string,
  asked: Record<string, unknown> = {},
): Promise<{ result: unknown } | undefined> {
  const socket = await connected(data);
  if (!socket) return undefined;
  socket.write(`${JSON.stringify({ does, ...asked })}\n`);
  const line = await readLine(socket, answerMax).catch((cause: unknown) => {
    const fault = `the running desk has ended before it answered (${does}): see what has come of it, then do it again`;
    throw new DeskError("command_failed", fault, { cause });
  });
  const told = JSON.parse(line) as {
    result: unknown;
    error?: { fault: string; code?: ErrorCode };
  };
  socket.destroy();
  if (told.error) throw new DeskError(told.error.code ?? "command_failed", told.error.fault);
  return { result: told.result };
}

/** Whether a desk runs on this data folder. */
export async function deskRuns(data: string): Promise<boolean> {
  const socket = await connected(data);
  socket?.destroy();
  return socket !== undefined;
}

async function connected(data: string): Promise<Socket | undefined> {
  const path = socketPath(data);
  if (process.platform !== "win32" && !existsSync(path)) return undefined;
  const socket = connect(path);
  try {
    await new Promise<void>((done, failed) => {
      socket.once("connect", done);
      socket.once("error", failed);
    });
    return socket;
  } catch {
    return undefined;
  }
}

function readLine(socket: Socket, charactersMax: number): Promise<string> {
  return new Promise((done, failed) => {
    const chunks: string[] = [];
    let length = 0;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      const end = chunk.indexOf("\n");
      chunks.push(end < 0 ? chunk : chunk.slice(0, end));
      length += chunk.length;
      if (end >= 0) done(chunks.join(""));
      else if (length > charactersMax) failed(new Error("too long"));
    });
    socket.on("error", failed);
    socket.on("close", () => failed(new Error("the connection was closed")));
  });
}
