/**
 * What the adapter must remember over a restart: how far each channel has been taken, the gateway's session, how often
 * it has identified, which messages belong together. Small texts under short names, kept by the core in its ledger.
 *
 *   at:CHANNEL            the newest message taken from a channel, thread or DM
 *   base:CHANNEL          what was the newest message when the desk first listened to a channel, or opened a DM
 *   session               the gateway's session, up to what has been taken
 *   identifies            when the bot identified during the last day
 *   commands:SCOPE        what commands were last registered
 *   parts:MESSAGE         the further messages of a post that is longer than one message
 *   draft:KEY             where an answer was growing, in which messages or with which words
 *   dm:CHANNEL            whose DM it is
 *   private:CHANNEL:USER  the private thread with a person who takes no DMs
 *
 * Several processes may share them. How far a channel has been taken only rises: a process that was frozen while another
 * one took over to listen still saves what it last knew. `at`, `session`, `identifies` and `commands` are written by the one that listens, and
 * it reads everything again when it begins to; the others are each written by whoever made the thing they name, and
 * asked for (`recall`) by whoever did not.
 */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";

export interface Watermarks {
  /** What was last saved under this name, perhaps by another process. */
  read(name: string): Promise<string | undefined>;
  /** Everything that was saved. */
  load(): Promise<Iterable<readonly [name: string, value: string]>>;
  /**
   * Saves all of these at once, durably; undefined forgets a name.
   * @param rises whether a name holds an id that never falls: an older one than is saved is let be
   */
  save(changes: ReadonlyMap<string, string | undefined>, rises: (name: string) => boolean): Promise<void>;
}

export interface Notes {
  open(): Promise<void>;
  /** Takes in what other processes have saved since. @throws what `Watermarks.load` throws */
  reload(): Promise<void>;
  get(name: string): string | undefined;
  /** The same, asking also what another process may have saved. @throws what `Watermarks.read` throws */
  recall(name: string): Promise<string | undefined>;
  /** Kept in memory at once, and saved within a second: whatever is lost with the process is fetched twice, never missed. */
  set(name: string, value: string | undefined): void;
  /** Every name that begins so. */
  named(prefix: string): string[];
  /** Resolves when everything has been saved. @throws what `Watermarks.save` throws */
  flush(): Promise<void>;
  /** Saves what there is and stops the timer; what cannot be saved is logged. */
  close(): Promise<void>;
}

const flushEveryMs = 1_000;

const rises = (name: string): boolean => name.startsWith("at:");

export function createNotes(parts: { marks: Watermarks; clock: Clock; log: Log }): Notes {
  const { marks, clock, log } = parts;
  const notes = new Map<string, string>();
  let changes = new Map<string, string | undefined>();
  let saving: Promise<void> = Promise.resolve();
  let stopTimer: (() => void) | undefined;

  function flush(): Promise<void> {
    saving = saving.catch(() => undefined).then(save);
    return saving;
  }

  async function save(): Promise<void> {
    if (changes.size === 0) return;
    const some = changes;
    changes = new Map();
    try {
      await marks.save(some, rises);
    } catch (error) {
      // Newer values win over those that could not be saved.
      changes = new Map([...some, ...changes]);
      throw error;
    }
  }

  const flushOrWarn = () => flush().catch((error) => log.warn("discord.notes_unsaved", { error }));

  /** Between two savings, so that what is set meanwhile stands. */
  async function load(): Promise<void> {
    const saved = new Map(await marks.load());
    for (const name of [...notes.keys()]) if (!saved.has(name) && !changes.has(name)) notes.delete(name);
    for (const [name, value] of saved) if (!changes.has(name)) notes.set(name, value);
  }

  return {
    async open() {
      await load();
      stopTimer = clock.every(flushEveryMs, flushOrWarn);
    },
    async reload() {
      await flush();
      saving = saving.then(load);
      await saving;
    },
    get: (name) => notes.get(name),
    async recall(name) {
      const known = notes.get(name);
      if (known !== undefined || changes.has(name)) return known;
      const saved = await marks.read(name);
      if (saved !== undefined && notes.get(name) === undefined && !changes.has(name)) notes.set(name, saved);
      return notes.get(name);
    },
    set(name, value) {
      if (notes.get(name) === value) return;
      if (value === undefined) notes.delete(name);
      else notes.set(name, value);
      changes.set(name, value);
    },
    named: (prefix) => [...notes.keys()].filter((name) => name.startsWith(prefix)),
    flush,
    async close() {
      stopTimer?.();
      await flushOrWarn();
    },
  };
}
