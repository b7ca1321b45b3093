/**
 * Listening and ceasing to, one change after the other. What was missed before a session is looked for when it has begun;
 * who ceases leaves what is noted so that whoever listens next goes on there.
 */
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { CatchUp } from "./catch-up.ts";
import type { Gateway } from "./gateway.ts";
import type { Intake } from "./intake.ts";
import type { Places } from "./places.ts";
import type { Notes } from "./watermarks.ts";

export interface Listening {
  readonly on: boolean;
  /** @throws DeskError platform_* when it cannot; then it does not listen */
  change(on: boolean): Promise<void>;
  /**
   * A session has begun: what was missed before it is looked for.
   * @param guilds those that it is going to describe
   */
  began(guilds: readonly string[]): void;
  /** A session goes on, which this process may not have begun. */
  resumed(): void;
}

export interface ListeningParts {
  gateway: Gateway;
  intake: Intake;
  catchUp: CatchUp;
  places: Places;
  notes: Notes;
  /** Discord has been left for good. */
  left(): boolean;
  /** It listens; what it returns is called when it ceases to. */
  started(): () => void;
  /** Closing waits for this work. */
  track(work: Promise<unknown>): void;
  log: Log;
}

export function createListening(parts: ListeningParts): Listening {
  const { gateway, intake, catchUp, places, notes, log } = parts;
  let on = false;
  let changing: Promise<unknown> = Promise.resolve();
  let ceased = () => {};
  /** Resolves when it is known from where on to listen; undefined before there is a session. */
  let begun: Promise<void> | undefined;

  function began(guilds: readonly string[]): void {
    begun = catchUp.begin(guilds);
    parts.track(begun.then(catchUp.sweep));
  }

  async function start(): Promise<void> {
    if (parts.left()) throw new DeskError("platform_unavailable", "Discord has been left");
    if (on) return;
    on = true;
    try {
      await notes.reload();
      intake.start();
      await gateway.connect();
      await begun;
    } catch (error) {
      await stop();
      throw error;
    }
    ceased = parts.started();
  }

  /** What has been taken is noted first, and then the session as of that: whoever listens next goes on there. */
  async function stop(): Promise<void> {
    if (!on) return;
    on = false;
    ceased();
    await intake.stop();
    await gateway.close();
    begun = undefined;
    places.reset();
    await notes.flush().catch((error) => log.warn("discord.notes_unsaved", { error }));
  }

  return {
    get on() {
      return on;
    },
    change(to) {
      if (!to) gateway.interrupt();
      const change = changing.then(() => (to ? start() : stop()));
      changing = change.catch(() => undefined);
      return change;
    },
    began,
    resumed() {
      if (!begun) began([]);
    },
  };
}
