/**
 * After every beginning of a session: which channels may hold something that was missed. Each of them is looked at by
 * its own lane; here is only the list.
 */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { atMost } from "./at-most.ts";
import { type Intake, noChannel } from "./intake.ts";
import { directPlace, type Place, placeOf } from "./place.ts";
import type { Places } from "./places.ts";
import type { Rest } from "./rest.ts";
import { compareSnowflakes, isSnowflake, snowflakeAt, timeOfSnowflake } from "./thread-id.ts";
import type { Notes } from "./watermarks.ts";

/** Neither `begin` nor `sweep` throws; what fails is logged, and tried again with the next session. */
export interface CatchUp {
  /**
   * After which message a channel without a watermark is fetched; undefined: it is not. A session that goes on does not
   * tell of channels again, so Discord may be asked what this one is.
   * @throws DeskError
   */
  baseOf(channel: string): Promise<string | undefined>;
  /**
   * Notes where the desk begins to listen, the first time it does.
   * @param guilds those that the new session is going to describe
   */
  begin(guilds: readonly string[]): Promise<void>;
  /** Goes through every channel once. */
  sweep(): Promise<void>;
}

export interface CatchUpParts {
  intake(): Intake;
  places: Places;
  rest: Rest;
  notes: Notes;
  clock: Clock;
  log: Log;
  support: readonly string[];
  desk: string | undefined;
  self(): string;
  stopped(): boolean;
}

/** A page of a channel's closed threads. */
interface Closed {
  threads?: { id: string; thread_metadata?: { archive_timestamp?: string } }[];
  has_more?: boolean;
}

const describedWithinMs = 2_000;
const atOnce = 4;
const settleWithinMs = 10_000;
/** Threads are closed by Discord after a week without a message. */
const quietDays = 8;
const dayMs = 86_400_000;
/** DMs in which nobody has written for a year are not asked for. */
const directDays = 365;

export function createCatchUp(parts: CatchUpParts): CatchUp {
  const { places, rest, notes, clock, log } = parts;
  const configured = [...new Set([...parts.support, ...(parts.desk ? [parts.desk] : [])])];

  async function baseOf(channel: string): Promise<string | undefined> {
    if (channel === noChannel) return undefined;
    return baseIn(
      channel,
      notes.get(`base:${channel}`) === undefined ? await places.find(channel) : undefined,
    );
  }

  function baseIn(channel: string, place = places.known(channel)): string | undefined {
    const own = notes.get(`base:${channel}`);
    if (own !== undefined) return own;
    switch (place?.kind) {
      case "direct":
        return notes.get("base:@me");
      case "thread":
      case "private_thread": {
        // A post's first message has the thread's own id.
        const beginning = String(BigInt(channel) - 1n);
        const parent = notes.get(`base:${place.parent}`);
        if (parent === undefined) return place.owner === parts.self() ? beginning : undefined;
        return compareSnowflakes(parent, beginning) > 0 ? parent : beginning;
      }
      default:
        return undefined;
    }
  }

  /** The first time that the desk listens to a channel: what was said before, there or in its threads, is not for it. */
  async function beginWith(channel: string): Promise<void> {
    if (notes.get(`base:${channel}`) !== undefined) return;
    const place = await places.find(channel);
    if (!place) {
      log.warn("discord.channel_unreadable", { channel });
      return;
    }
    const threads = (await threadsOf(channel)).map((thread) => places.known(thread)?.newest);
    const newest = place.kind === "forum" ? place.newest : await newestIn(channel);
    const known = [newest, ...threads].filter((id) => typeof id === "string").sort(compareSnowflakes);
    // The present moment too, for threads that nobody has told of; unless these ids do not tell the time.
    const last = known.at(-1);
    const now = last === undefined || isSnowflake(last) ? [snowflakeAt(rest.now())] : [];
    notes.set(`base:${channel}`, [...known, ...now].sort(compareSnowflakes).at(-1) as string);
  }

  async function newestIn(channel: string): Promise<string | undefined> {
    const [newest] = await rest.call<{ id: string }[]>("GET", `/channels/${channel}/messages`, {
      query: { limit: "1" },
    });
    return newest?.id;
  }

  async function threadsOf(channel: string): Promise<string[]> {
    const guild = (await places.find(channel))?.guild;
    if (guild !== undefined && !places.described(guild)) await askThreads(guild);
    return places.threadsOf(channel).map((place) => place.id);
  }

  async function askThreads(guild: string): Promise<void> {
    const { threads } = await rest.call<{ threads?: object[] }>("GET", `/guilds/${guild}/threads/active`);
    for (const thread of threads ?? []) places.learn(placeOf(thread, guild));
  }

  /**
   * Threads that were closed lately: a session tells of open ones only, and somebody may have written and closed one
   * while nobody listened. What is newest in them comes along, so that they are not fetched one by one.
   */
  async function closedIn(channel: string): Promise<string[]> {
    const guild = (await places.find(channel))?.guild;
    if (guild === undefined || !places.described(guild)) return [];
    const closed: string[] = [];
    const since = rest.now() - quietDays * dayMs;
    let before: string | undefined;
    for (let until = Number.POSITIVE_INFINITY; !parts.stopped(); until = Date.parse(before)) {
      const { threads = [], has_more: more } = await rest.call<Closed>(
        "GET",
        `/channels/${channel}/threads/archived/public`,
        { query: { limit: "100", ...(before === undefined ? {} : { before }) }, urgency: "read" },
      );
      for (const thread of threads) places.learn(placeOf(thread, guild), true);
      closed.push(...threads.map((thread) => thread.id));
      before = threads.at(-1)?.thread_metadata?.archive_timestamp ?? "";
      // The last closed comes first; a server that does not go on from there would begin anew for ever.
      if (!more || !(Date.parse(before) < until && Date.parse(before) > since)) break;
    }
    return closed;
  }

  const youngerThan = (id: string, days: number): boolean =>
    !isSnowflake(id) || clock.now() - timeOfSnowflake(id) < days * dayMs;

  /** DMs, and threads elsewhere that were heard lately. */
  function remembered(): string[] {
    const marked = ["at:", "dm:"].flatMap((kind) => notes.named(kind).map((name) => name.slice(kind.length)));
    return [...new Set(marked)].filter((channel) => {
      const direct = notes.get(`dm:${channel}`) !== undefined;
      if (direct && !places.known(channel)) places.learn(directPlace(channel));
      const at = notes.get(`at:${channel}`) ?? baseIn(channel) ?? "0";
      return youngerThan(at, direct ? directDays : quietDays);
    });
  }

  /** Whether Discord has just told that there is nothing newer than what has been taken. */
  function nothingNew(place: Place | undefined): boolean {
    if (!place?.guild || !place.newest || !places.described(place.guild)) return false;
    const at = notes.get(`at:${place.id}`) ?? baseIn(place.id, place);
    return at !== undefined && compareSnowflakes(at, place.newest) >= 0;
  }

  async function described(guilds: readonly string[]): Promise<void> {
    const end = clock.elapsed() + describedWithinMs;
    while (!guilds.every(places.described) && clock.elapsed() < end && !parts.stopped())
      await clock.sleep(20);
  }

  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      log.warn("discord.catch_up_failed", { what, error });
      return undefined;
    }
  }

  async function look(channels: string[]): Promise<void> {
    for (let channel = channels.shift(); channel !== undefined; channel = channels.shift()) {
      if (parts.stopped()) return;
      if (nothingNew(places.known(channel))) {
        parts.intake().upToDate(channel);
        continue;
      }
      // A channel that cannot be read goes on trying by itself; the others do not wait for it.
      await atMost(clock, settleWithinMs, parts.intake().settle(channel));
    }
  }

  return {
    baseOf,
    async begin(guilds) {
      await described(guilds);
      // Another process may have opened a DM since this one has begun to listen.
      await attempt("notes", () => notes.reload());
      if (notes.get("base:@me") === undefined) notes.set("base:@me", snowflakeAt(rest.now()));
      for (const channel of configured) await attempt(channel, () => beginWith(channel));
      await attempt("notes", () => notes.flush());
    },
    async sweep() {
      const threads: string[] = [];
      for (const channel of configured) {
        threads.push(...((await attempt(channel, () => threadsOf(channel))) ?? []));
        threads.push(...((await attempt(channel, () => closedIn(channel))) ?? []));
      }
      const channels = [...new Set([...configured, ...threads, ...remembered()])];
      await Promise.all(Array.from({ length: atOnce }, () => look(channels)));
      await attempt("notes", () => notes.flush());
    },
  };
}
