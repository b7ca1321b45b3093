/**
 * What is kept and for how long. Conversations that nobody has gone on with come to their end without a word; what is
 * older than the retention is deleted, and what is on record loses its names. To be called every hour.
 *
 * It works in small pieces, each a commit of its own, and lets others go first in between. A process that dies leaves
 * the rest to the next time.
 */
import type { Clock } from "../clock.ts";
import { pruneInbox } from "../ledger/inbox.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import { copiesNamed } from "./copies.ts";
import type { CustomerFiles } from "./customer-files.ts";
import { deleteOldPosts, deleteOldThreads, deleteOldTickets } from "./delete-old.ts";
import { type EndParts, endIdleThreads } from "./end-idle.ts";
import { forgetAttempts, forgetOldDeeds, forgetOldWrites, forgetProofs } from "./forget-old.ts";
import { inPieces, type Work } from "./pieces.ts";

export interface RetentionParts extends EndParts {
  ledger: Ledger;
  files: CustomerFiles;
  /** A conversation ends when nobody has written in it for so long. */
  sessionIdleMs: number;
  retentionMs: number;
  clock: Clock;
  log: Log;
}

/** How many of each have ended, are gone, or have lost their names. */
export interface Swept {
  ended: number;
  events: number;
  keys: number;
  threads: number;
  messages: number;
  posts: number;
  tickets: number;
  writes: number;
  proofs: number;
  deeds: number;
  files: number;
}

export interface Retention {
  /** One at a time: a call while it runs gets the same. @throws what the ledger throws; the signal's reason */
  run(signal?: AbortSignal): Promise<Swept>;
}

/** No platform delivers an event again after a day. */
const eventsKeptMs = 25 * 3_600_000;
/** And a process's clock may be a day ahead or behind. */
const keysKeptMs = 4 * 86_400_000;

export function createRetention(parts: RetentionParts): Retention {
  const { ledger, clock, log } = parts;
  let running: Promise<Swept> | undefined;

  async function sweep(signal: AbortSignal | undefined): Promise<Swept> {
    const now = clock.now();
    const work = (keptMs: number): Work => ({ ledger, clock, signal, before: now - keptMs });
    const old = work(parts.retentionMs);
    const prune = (what: "done" | "parked" | "keys", keptMs: number): Promise<number> =>
      inPieces(old, (tx, limit) => pruneInbox(tx, what, now - keptMs, limit));
    const events = (await prune("done", eventsKeptMs)) + (await prune("parked", parts.retentionMs));
    const keys = await prune("keys", keysKeptMs);
    const ended = await endIdleThreads(work(parts.sessionIdleMs), parts);
    const { threads, messages } = await deleteOldThreads(old);
    const posts = await deleteOldPosts(old);
    const tickets = await deleteOldTickets(old);
    const writes = await forgetOldWrites(old);
    const proofs = await forgetProofs(old);
    await forgetAttempts(old);
    const deeds = await forgetOldDeeds(old);
    const files = await removeOldFiles(old);
    return { ended, events, keys, threads, messages, posts, tickets, writes, proofs, deeds, files };
  }

  /** Copies that no message names any more, and mails. */
  async function removeOldFiles({ before }: Work): Promise<number> {
    const { copies, mails } = await parts.files.olderThan(before);
    const named = copies.length > 0 ? await copiesNamed(ledger, new Set(copies)) : new Set<string>();
    const left = copies.filter((copy) => !named.has(copy)).map(parts.files.pathOf);
    await parts.files.remove([...left, ...mails]);
    return left.length + mails.length;
  }

  return {
    run(signal) {
      running ??= sweep(signal)
        .then((swept) => {
          log.info("retention.done", { ...swept });
          return swept;
        })
        .finally(() => {
          running = undefined;
        });
      return running;
    },
  };
}
