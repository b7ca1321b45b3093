/**
 * The files in the data folder that belong to customers: copies of what they have sent, each under the hash of its
 * content, and mails to them where no mail server is configured. What is broken or half written may hold anybody's
 * words, and nobody can tell whose; it goes with whoever is erased.
 */
import { existsSync } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";

export interface CustomerFiles {
  /** Absolute paths of what there is. */
  find(of: FilesOf): Promise<string[]>;
  /** What was broken and set aside, and copies that were not finished an hour ago. */
  broken(): Promise<string[]>;
  /** Names of copies, and paths of mails, that were made before this moment. */
  olderThan(at: number): Promise<{ copies: string[]; mails: string[] }>;
  pathOf(copy: string): string;
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
      const aside = (await namesIn(data)).filter((name) => /^memory\.sqlite\.broken-/.test(name));
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
    async remove(paths) {
      for (const path of paths) await rm(path, { recursive: true, force: true });
    },
  };
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
