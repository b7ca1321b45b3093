/** Which copies of files messages name. The same content is one file, whoever has sent it. */
import type { Ledger, SqlValue } from "../ledger.ts";
import { walk } from "./walk.ts";

/** Names in the `files` of a message, as JSON. */
export function copiesIn(files: SqlValue | undefined): string[] {
  if (typeof files !== "string" || !files.includes('"copy"')) return [];
  return (JSON.parse(files) as { copy?: unknown }[]).flatMap(({ copy }) =>
    typeof copy === "string" ? [copy] : [],
  );
}

/** Names in an event, as JSON. */
export function copiesInEvent(event: string): string[] {
  if (!event.includes('"copy"')) return [];
  const { message } = JSON.parse(event) as { message?: { files?: unknown } | string };
  return typeof message === "object" ? copiesIn(JSON.stringify(message.files ?? [])) : [];
}

/** Those of these that any message, or any event that has come in, still names. */
export async function copiesNamed(ledger: Ledger, copies: ReadonlySet<string>): Promise<Set<string>> {
  const named = new Set<string>();
  const note = (found: readonly string[]): void => {
    for (const copy of found) if (copies.has(copy)) named.add(copy);
  };
  const messages = "SELECT id, files FROM messages WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<{ id: string; files: string | null }>(ledger, messages)) {
    for (const { files } of rows) note(copiesIn(files));
  }
  const inbox = "SELECT id, event FROM inbox WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<{ id: string; event: string }>(ledger, inbox)) {
    for (const { event } of rows) note(copiesInEvent(event));
  }
  return named;
}
