/**
 * The gateway's session, which outlives the process. Discord takes an event for delivered when it has been sent; we take
 * it for taken when the desk has committed it. So the sequence number that is noted is that of the last event before
 * which everything has been taken: a restart within Discord's window resumes there and is sent the rest again.
 */
import type { SessionInfo } from "@discordjs/ws";
import { bareAddress } from "./gateway-address.ts";
import type { Notes } from "./watermarks.ts";

/** Who the bot is; kept with the session, because a resumed one does not say it. */
export interface Identity {
  self: string;
  application: string;
}

export interface Session {
  /** What the next connection resumes; null: it begins a new one. */
  readonly info: SessionInfo | null;
  readonly identity: Identity | undefined;
  /** Goes on from what is noted, by this process or another. */
  restore(): void;
  /** A session has begun, and this is who the bot is. */
  began(identity: Identity): void;
  /** It has got further, or is over: null. */
  update(next: SessionInfo | null): void;
  /** An event of it has come. */
  opened(sequence: number): Opened;
  /** Notes it as of what has been taken, if anything has changed. */
  keep(): void;
}

export interface Opened {
  /** The event's own name, the same when it is sent again. */
  occurrence: string;
  /** The event needs no repetition. */
  taken(): void;
}

interface Saved extends Identity {
  session: SessionInfo;
  intents: number;
}

/** @param intents what the bot wants to be sent; a session with others is not gone on with */
export function createSession({ notes, intents }: { notes: Notes; intents: number }): Session {
  let info: SessionInfo | null = null;
  let identity: Identity | undefined;
  /** The sequence numbers of events that have not been taken yet, oldest first. */
  const open = new Set<number>();
  let changed = false;

  return {
    get info() {
      return info;
    },
    get identity() {
      return identity;
    },
    restore() {
      info = null;
      open.clear();
      changed = false;
      try {
        const saved = JSON.parse(notes.get("session") ?? "null") as Saved | null;
        if (saved?.intents !== intents) return;
        info = saved.session;
        identity = { self: saved.self, application: saved.application };
      } catch {
        notes.set("session", undefined);
      }
    },
    began(who) {
      identity = who;
    },
    update(next) {
      if (next === null) open.clear();
      // The library takes a session without an address to the gateway's own.
      info = next && { ...next, resumeURL: bareAddress(next.resumeURL) as string };
      changed = true;
    },
    opened(sequence) {
      const ofSession = info?.sessionId;
      open.add(sequence);
      return {
        occurrence: `${ofSession}:${sequence}`,
        taken() {
          if (info?.sessionId !== ofSession) return;
          open.delete(sequence);
          changed = true;
        },
      };
    },
    keep() {
      if (!changed) return;
      changed = false;
      if (!info || !identity) {
        notes.set("session", undefined);
        return;
      }
      const [oldest] = open;
      const sequence = oldest === undefined ? info.sequence : Math.min(info.sequence, oldest - 1);
      const saved: Saved = { ...identity, session: { ...info, sequence }, intents };
      notes.set("session", JSON.stringify(saved));
    },
  };
}
