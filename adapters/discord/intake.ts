/**
 * What comes in, channel by channel, in order, each event until the desk has taken it.
 *
 *   A channel's lane works off its events one after the other; channels do not wait for each other.
 *   An event that the desk cannot take is offered again, with growing pauses; nothing of its channel passes it.
 *   A channel's watermark moves only when a message has been taken, and is kept over restarts.
 *   Whenever events may have been missed, every lane first fetches what came after its watermark, oldest first, before
 *   it takes another event. A page of them is taken at once or not at all, and then the watermark moves. So a watermark
 *   never jumps over a message, and no message overtakes another.
 *   What waits when it stops is left to whoever listens next: it is below no watermark.
 */
import { setMaxListeners } from "node:events";
import type { Clock } from "../../src/clock.ts";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Incoming } from "../../src/message.ts";
import { atMost } from "./at-most.ts";
import { compareSnowflakes } from "./thread-id.ts";
import type { Notes } from "./watermarks.ts";

/** The lane of what belongs to no channel. */
export const noChannel = "none";

export interface IntakeEvent {
  /** Or `noChannel`. */
  channel: string;
  /** A new message's id: it moves the watermark. */
  message?: string;
  /** What the desk should know; undefined for nothing. @throws DeskError when Discord must be asked and cannot be */
  read(): Promise<Incoming | undefined> | Incoming | undefined;
  /** The event needs no repetition. */
  taken(): void;
}

export interface Intake {
  add(event: IntakeEvent): void;
  /** From now on every channel may have missed something. */
  missed(): void;
  /** This channel has just come into being, or is known to have nothing new. */
  upToDate(channel: string): void;
  /** Resolves when this channel has nothing to fetch and nothing to work off. */
  settle(channel: string): Promise<void>;
  /** Takes what comes from now on; every channel may have missed something. */
  start(): void;
  /** Takes nothing more; resolves when what is being taken has been, or after a short while. */
  stop(): Promise<void>;
}

export interface IntakeParts {
  /** In this order, all or none. */
  receive(incoming: readonly Incoming[]): Promise<void>;
  /**
   * Messages after this id, oldest first, as events without `taken`; empty: there are no more.
   * @param urgent somebody waits behind it
   * @throws DeskError
   */
  fetchAfter(channel: string, after: string, urgent: boolean): Promise<Omit<IntakeEvent, "taken">[]>;
  /** After which message a channel without a watermark is fetched; undefined: it is not. @throws DeskError */
  baseOf(channel: string): Promise<string | undefined>;
  notes: Notes;
  clock: Clock;
  log: Log;
}

interface Lane {
  events: IntakeEvent[];
  /** The generation up to which it has fetched what was missed. */
  generation: number;
  running: Promise<void> | undefined;
  /** The end of its listening. */
  over: AbortSignal;
}

const waitingMax = 1_000;
/** A shorter page is the last one, on Discord (100) and on servers that have their own idea of a page. */
const pageMin = 50;
const pauseMaxMs = 30_000;
const stopWithinMs = 5_000;

export function createIntake(parts: IntakeParts): Intake {
  const { notes, clock, log } = parts;
  let lanes = new Map<string, Lane>();
  let stopping = ending();
  let generation = 1;

  function laneOf(channel: string): Lane {
    const lane = lanes.get(channel) ?? {
      events: [],
      generation: 0,
      running: undefined,
      over: stopping.signal,
    };
    lanes.set(channel, lane);
    return lane;
  }

  function add(event: IntakeEvent): void {
    if (stopping.signal.aborted) return;
    const lane = laneOf(event.channel);
    if (lane.events.length >= waitingMax) overflow(event.channel, lane);
    lane.events.push(event);
    run(event.channel, lane);
  }

  /** The messages among them are fetched again later; memory stays bounded while the desk takes nothing. */
  function overflow(channel: string, lane: Lane): void {
    log.warn("discord.lane_overflow", { channel, events: lane.events.length });
    for (const event of lane.events.splice(1)) event.taken();
    lane.generation = 0;
  }

  function run(channel: string, lane: Lane): void {
    lane.running ??= work(channel, lane)
      .catch((error) => {
        if (!lane.over.aborted) log.error("discord.lane_broke", { channel, error });
      })
      .finally(() => {
        lane.running = undefined;
        if (lane.over.aborted) return;
        // An idle lane that has caught up is remembered by its generation alone, and that costs little.
        if (lane.events.length > 0) run(channel, lane);
      });
  }

  async function work(channel: string, lane: Lane): Promise<void> {
    while (!lane.over.aborted) {
      if (lane.generation < generation) {
        await catchUp(channel, lane);
        continue;
      }
      const event = lane.events[0];
      if (!event) return;
      await take(event, lane.over);
      if (lane.events[0] === event) lane.events.shift();
      event.taken();
    }
  }

  async function catchUp(channel: string, lane: Lane): Promise<void> {
    const target = generation;
    let after = notes.get(`at:${channel}`) ?? (await asked(channel, lane.over, () => parts.baseOf(channel)));
    let count = 0;
    while (after !== undefined) {
      const from: string = after;
      const missed =
        (await asked(channel, lane.over, () => parts.fetchAfter(channel, from, lane.events.length > 0))) ??
        [];
      // Together, so that they wait together and are answered by one turn.
      await offer(channel, missed, lane.over);
      for (const { message } of missed) {
        if (message === undefined) continue;
        advance(channel, message);
        dropTaken(lane, message);
        if (compareSnowflakes(message, after) > 0) after = message;
      }
      count += missed.length;
      if (after === from || missed.length < pageMin) break;
    }
    lane.generation = target;
    if (count > 0) log.info("discord.caught_up", { channel, messages: count });
  }

  /** What has been fetched has often been told as well, and waits in the lane. */
  function dropTaken(lane: Lane, message: string): void {
    for (const event of lane.events.filter((one) => one.message === message)) {
      lane.events.splice(lane.events.indexOf(event), 1);
      event.taken();
    }
  }

  async function take(event: IntakeEvent, over: AbortSignal): Promise<void> {
    await offer(event.channel, [event], over);
    if (event.message !== undefined) advance(event.channel, event.message);
  }

  /** Until the desk has them, but for those that nobody can read. */
  async function offer(
    channel: string,
    events: readonly Omit<IntakeEvent, "taken">[],
    over: AbortSignal,
  ): Promise<void> {
    const incoming: Incoming[] = [];
    for (const event of events) {
      const one = await asked(channel, over, async () => event.read());
      if (one) incoming.push(one);
    }
    if (incoming.length === 0) return;
    await persistently(
      "discord.receive_retried",
      channel,
      over,
      () => parts.receive(incoming),
      () => true,
    );
  }

  /** What Discord says; undefined where it has nothing to say any more, and for an event that nobody can read. */
  async function asked<T>(channel: string, over: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await persistently("discord.read_retried", channel, over, ask, (error) => {
        const code = codeOf(error);
        return code !== undefined && code !== "platform_unreachable" && code !== "platform_refused";
      });
    } catch (error) {
      over.throwIfAborted();
      log.warn("discord.unreadable", { channel, error });
      return undefined;
    }
  }

  function advance(channel: string, message: string): void {
    const name = `at:${channel}`;
    const before = notes.get(name);
    if (before !== undefined && compareSnowflakes(before, message) >= 0) return;
    notes.set(name, message);
    // A DM that nobody knows of yet could not be found again after a crash: it is saved at once.
    if (before === undefined)
      void notes.flush().catch((error) => log.warn("discord.notes_unsaved", { error }));
  }

  /** Until it succeeds. @throws what is not worth another attempt, and when stopping */
  async function persistently<T>(
    event: string,
    channel: string,
    over: AbortSignal,
    attempt: () => Promise<T>,
    worth: (error: unknown) => boolean,
  ): Promise<T> {
    for (let n = 0; ; n++) {
      over.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        if (!worth(error)) throw error;
        const retryAfterMs = error instanceof DeskError ? error.retryAfterMs : undefined;
        const pauseMs = retryAfterMs ?? Math.min(pauseMaxMs, 100 * 2 ** n) * (0.5 + clock.random());
        const say = retryAfterMs === undefined ? log.warn : log.debug;
        say(event, { channel, attempt: n + 1, pauseMs: Math.round(pauseMs), error });
        await clock.sleep(pauseMs, over);
      }
    }
  }

  return {
    add,
    missed() {
      generation += 1;
    },
    upToDate(channel) {
      laneOf(channel).generation = generation;
    },
    async settle(channel) {
      const lane = laneOf(channel);
      run(channel, lane);
      while (lane.running) await lane.running;
    },
    start() {
      if (!stopping.signal.aborted) return;
      stopping = ending();
      lanes = new Map();
      generation += 1;
    },
    async stop() {
      const running = [...lanes.values()].flatMap((lane) => lane.running ?? []);
      stopping.abort(new DeskError("platform_unavailable", "Discord is being left"));
      await atMost(clock, stopWithinMs, Promise.allSettled(running));
    },
  };
}

function ending(): AbortController {
  const ends = new AbortController();
  // Every lane that pauses listens for it.
  setMaxListeners(0, ends.signal);
  return ends;
}
