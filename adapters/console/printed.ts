/**
 * What a terminal has been given. Standard output cannot be asked after a death, so every post is noted in a file in the
 * same breath: neither waits for the disk, and the system keeps what a process that is killed has written.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

export interface Printed {
  /** The thread of the post that was printed under this key. */
  threadOf(key: string): string | undefined;
  add(key: string, thread: string): void;
  /** Takes out what was printed for these threads. @throws when the file cannot be written */
  forget(threads: readonly string[]): void;
}

/** More than can be under way when a process dies. */
const keptMax = 1000;
const linesMax = 10 * keptMax;

export function openPrinted(path: string): Printed {
  const threads = new Map(linesIn(path).slice(-keptMax));
  let lines = linesMax;

  function rewrite(): void {
    writeFileSync(`${path}.new`, [...threads].map(lineOf).join(""), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    lines = threads.size;
  }

  return {
    threadOf: (key) => threads.get(key),
    forget(gone) {
      for (const [key, thread] of threads) if (gone.includes(thread)) threads.delete(key);
      // The file may name others than are in mind: what was printed long ago.
      if (existsSync(path)) rewrite();
    },
    add(key, thread) {
      threads.set(key, thread);
      if (threads.size > keptMax) threads.delete(threads.keys().next().value ?? "");
      try {
        if (lines >= linesMax) rewrite();
        else appendFileSync(path, lineOf([key, thread]));
        lines += 1;
      } catch {
        // Should the process die now, this post is printed again; a full disk has worse to tell.
      }
    },
  };
}

const lineOf = ([key, thread]: readonly [string, string]): string => `${key} ${thread}\n`;

function linesIn(path: string): [string, string][] {
  try {
    const whole = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return whole.map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)]);
  } catch {
    return [];
  }
}
