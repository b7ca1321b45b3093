/** A temporary folder of articles, and a log that remembers its events. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createLog, type Log } from "../../src/log.ts";

export interface TemporaryArticles {
  path: string;
  write(name: string, content: string | Uint8Array): void;
  delete(name: string): void;
  remove(): void;
}

export function createTemporaryArticles(articles: Readonly<Record<string, string>> = {}): TemporaryArticles {
  const path = mkdtempSync(join(tmpdir(), "deskhand-knowledge-"));
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  };
  for (const [name, content] of Object.entries(articles)) write(name, content);
  return {
    path,
    write,
    delete: (name) => rmSync(join(path, name), { recursive: true }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export type LogEvent = Record<string, unknown> & { event: string; level: string };

export function createEventLog(): { log: Log; events: LogEvent[]; named(event: string): LogEvent[] } {
  const events: LogEvent[] = [];
  const log = createLog("debug", { write: (line: string) => void events.push(JSON.parse(line) as LogEvent) });
  return { log, events, named: (event) => events.filter((one) => one.event === event) };
}
