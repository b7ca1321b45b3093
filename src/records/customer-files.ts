/**
 * The files in the data folder that belong to customers: copies of what they have sent, each under the hash of its
 * content, and mails to them where no mail server is configured. What is broken or half written may hold anybody's
 * words, and nobody can tell whose; it goes with whoever is erased.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { ThreadId } from "../thread.ts";

export interface CustomerFiles {
  /** Absolute paths of what there is. */
  find(of: FilesOf): Promise<string[]>;
  /** What was broken and set aside, exports that were not handed over, and copies that were not finished an hour ago. */
  broken(): Promise<string[]>;
  /** Names of copies, and paths of mails, that were made before this moment. */
  olderThan(at: number): Promise<{ copies: string[]; mails: string[] }>;
  pathOf(copy: string): string;
  /** Takes the lines that name one of these threads out of an adapter's list, such as that of what was printed. */
  forgetLines(threads: readonly ThreadId[]): Promise<void>;
  /** @throws when one of them cannot be removed; those that are gone already are no trouble */
  remove(paths: readonly string[]): Promise<void>;
}

export interface FilesOf {
  /** Names of copies. */
  copies: readonly string[];
  /** Mail addresses, in small letters. */
  addresses: readonly string[];
}

const headBytes = 4_096;
const unfinishedMs = 3_600_000;
/** A hash, and so never a way out of the folder. */
const copyForm = /^[0-9a-f]{64}$/;

/** @param data the data folder */
export function createCustomerFiles(data: string, clock: Clock): CustomerFiles {
  const files = join(data, "files");
  const mail = join(data, "mail");
  const pathOf = (copy: string): string => join(files, copy);

  async function mailsTo(addresses: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const name of addresses.length > 0 ? await namesIn(mail) : []) {
      const to = /^To: *(.*)$/m.exec(await headOf(join(mail, name)))?.[1]?.toLowerCase();
      if (to !== undefined && addresses.some((address) => to.includes(address))) found.push(join(mail, name));
    }
    return found;
  }

  async function madeBefore(folder: string, names: readonly string[], at: number): Promise<string[]> {
    const old: string[] = [];
    for (const name of names) if ((await stat(join(folder, name))).mtimeMs < at) old.push(name);
    return old;
  }

  return {
    async find({ copies, addresses }) {
      const known = copies.filter((copy) => copyForm.test(copy) && existsSync(pathOf(copy)));
      return [...known.map(pathOf), ...(await mailsTo(addresses))];
    },
    async broken() {
      const aside = (await namesIn(data)).filter((name) =>
        /^memory\.sqlite\.broken-|^export_\w+\.json$/.test(name),
      );
      const parts = (await namesIn(files)).filter((name) => !copyForm.test(name));
      const left = await madeBefore(files, parts, clock.now() - unfinishedMs);
      return [...aside.map((name) => join(data, name)), ...left.map((name) => join(files, name))];
    },
    async olderThan(at) {
      const copies = (await namesIn(files)).filter((name) => copyForm.test(name));
      const mails = await madeBefore(mail, await namesIn(mail), at);
      return { copies: await madeBefore(files, copies, at), mails: mails.map((name) => join(mail, name)) };
    },
    pathOf,
    async forgetLines(threads) {
      const lists = (await namesIn(data)).filter((name) => name.endsWith(".printed"));
      for (const name of lists) forgetLinesIn(join(data, name), new Set(threads));
    },
    async remove(paths) {
      for (const path of paths) await rm(path, { recursive: true, force: true });
    },
  };
}

/** At once, so that nothing that is added meanwhile is lost. A line is a key, a space and a thread. */
function forgetLinesIn(path: string, threads: ReadonlySet<string>): void {
  const lines = readFileSync(path, "utf8").split("\n");
  const kept = lines.filter((line) => !threads.has(line.slice(line.indexOf(" ") + 1)));
  if (kept.length === lines.length) return;
  writeFileSync(`${path}.kept`, kept.join("\n"), { mode: 0o600 });
  renameSync(`${path}.kept`, path);
}

async function namesIn(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

/** The beginning of a file; nothing of what is no file. */
async function headOf(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    if (!(await file.stat()).isFile()) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
