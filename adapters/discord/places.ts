/**
 * What is known of guilds, channels and threads: told by the gateway, kept up to date by its events, and asked of the
 * REST API where it has not told (after a resumed session it does not tell again, and without one it tells nothing).
 */
import type { Clock } from "../../src/clock.ts";
import { codeOf } from "../../src/errors.ts";
import type { GuildFacts, Overwrite } from "./permissions.ts";
import { type Place, placeOf } from "./place.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";

export interface Places {
  /** Takes in a gateway event, if it is about a guild or channel. */
  hear(event: string, data: unknown): void;
  /** Its `newest` is what this session has told, or Discord has been asked since it began. */
  known(channel: string): Place | undefined;
  /** Undefined when there is none, or the bot may not see it. @throws DeskError when Discord cannot be asked */
  find(channel: string): Promise<Place | undefined>;
  /** A channel's overwrites, those of its parent for a thread; at most half a minute old. @throws DeskError */
  overwrites(channel: string): Promise<readonly Overwrite[]>;
  /** At most half a minute old. @throws DeskError platform_unreachable when the bot is not in it */
  guild(id: string): Promise<GuildFacts>;
  guilds(): string[];
  /** Whether its roles are known, from whenever. */
  knowsRoles(guild: string): boolean;
  /** Whether this guild was described by the present session. */
  described(guild: string): boolean;
  /** Open threads of a channel, as far as known. */
  threadsOf(channel: string): Place[];
  /** @param closed a thread that is closed */
  learn(place: Place, closed?: boolean): void;
  forget(channel: string): void;
  /** A new session begins, or none is there any more: what is not told now is no longer trusted. */
  reset(): void;
  channelName(id: string): string | undefined;
  roleName(id: string): string | undefined;
  /** Whether this role was made for this bot. */
  isRoleOf(bot: string, role: string): boolean;
}

interface Known {
  place: Place;
  overwrites: readonly Overwrite[] | undefined;
  /** When REST said so; undefined: the gateway did, and will tell of changes while this session lasts. */
  askedAt: number | undefined;
  session: number;
}

type RawChannel = {
  id: string;
  type: number;
  guild_id?: string;
  permission_overwrites?: Overwrite[];
  thread_metadata?: { archived?: boolean };
};
type RawRole = { id: string; name?: string; permissions?: string; tags?: { bot_id?: string } };
type RawGuild = {
  id: string;
  owner_id?: string;
  unavailable?: boolean;
  roles?: RawRole[];
  channels?: RawChannel[];
  threads?: RawChannel[];
};

const placesMax = 20_000;
const freshMs = 30_000;

export function createPlaces({ rest, clock }: { rest: Rest; clock: Clock }): Places {
  const places = createRecent<string, Known>(placesMax);
  const threads = new Map<string, Set<string>>();
  const guilds = new Map<string, { facts: GuildFacts; askedAt: number | undefined }>();
  let session = 0;
  const asking = new Map<string, Promise<Known | undefined>>();

  function keep(raw: RawChannel, askedAt: number | undefined, guild?: string): Known {
    const place = placeOf(raw, guild);
    const known = { place, overwrites: raw.permission_overwrites, askedAt, session };
    places.set(place.id, known);
    if (raw.thread_metadata?.archived) threads.get(place.parent ?? "")?.delete(place.id);
    else noteThread(place);
    return known;
  }

  /** What an earlier session has told of the newest message is long ago: the thread may have been closed since. */
  const asOfNow = ({ place, session: told }: Known): Place =>
    told === session ? place : { ...place, newest: undefined };

  function noteThread(place: Place): void {
    if (!place.parent) return;
    const open = threads.get(place.parent) ?? new Set();
    threads.set(place.parent, open.add(place.id));
  }

  function forget(channel: string): void {
    const parent = places.get(channel)?.place.parent;
    places.delete(channel);
    threads.delete(channel);
    if (parent) threads.get(parent)?.delete(channel);
  }

  function keepGuild(raw: RawGuild, askedAt: number | undefined): GuildFacts {
    const facts = { id: raw.id, owner: raw.owner_id, roles: new Map((raw.roles ?? []).map(roleOf)) };
    guilds.set(raw.id, { facts, askedAt });
    return facts;
  }

  function hear(event: string, data: unknown): void {
    switch (event) {
      case "GUILD_CREATE": {
        const guild = data as RawGuild;
        if (guild.unavailable) return;
        keepGuild(guild, undefined);
        for (const one of [...(guild.channels ?? []), ...(guild.threads ?? [])])
          keep(one, undefined, guild.id);
        return;
      }
      case "GUILD_DELETE":
        guilds.delete((data as RawGuild).id);
        return;
      case "GUILD_UPDATE":
        if (guilds.has((data as RawGuild).id)) keepGuild(data as RawGuild, undefined);
        return;
      case "GUILD_ROLE_CREATE":
      case "GUILD_ROLE_UPDATE":
      case "GUILD_ROLE_DELETE":
        hearRole(data as { guild_id: string; role?: RawRole; role_id?: string });
        return;
      case "CHANNEL_CREATE":
      case "CHANNEL_UPDATE":
      case "THREAD_CREATE":
      case "THREAD_UPDATE":
        keep(data as RawChannel, undefined);
        return;
      case "THREAD_LIST_SYNC": {
        const sync = data as { guild_id: string; threads?: RawChannel[] };
        for (const thread of sync.threads ?? []) keep(thread, undefined, sync.guild_id);
        return;
      }
      case "CHANNEL_DELETE":
      case "THREAD_DELETE":
        forget((data as RawChannel).id);
        return;
    }
  }

  function hearRole(data: { guild_id: string; role?: RawRole; role_id?: string }): void {
    const known = guilds.get(data.guild_id);
    if (!known) return;
    const roles = new Map(known.facts.roles);
    if (data.role) roles.set(...roleOf(data.role));
    else if (data.role_id) roles.delete(data.role_id);
    guilds.set(data.guild_id, { ...known, facts: { ...known.facts, roles } });
  }

  /** Asks once for a channel, however many want to know. */
  function ask(channel: string): Promise<Known | undefined> {
    const already = asking.get(channel);
    if (already) return already;
    const asked = rest
      .call<RawChannel>("GET", `/channels/${channel}`)
      .then((raw) => keep(raw, clock.elapsed()))
      .catch((error: unknown) => {
        const code = codeOf(error);
        if (code === "platform_unreachable" || code === "platform_refused") return undefined;
        throw error;
      })
      .finally(() => asking.delete(channel));
    asking.set(channel, asked);
    return asked;
  }

  const fresh = (askedAt: number | undefined) => askedAt === undefined || clock.elapsed() - askedAt < freshMs;

  async function overwrites(channel: string): Promise<readonly Overwrite[]> {
    const known = places.get(channel);
    const said = known?.askedAt === undefined ? known?.session === session : fresh(known.askedAt);
    const trusted = said && (known?.overwrites || known?.place.parent);
    const now = trusted ? known : await ask(channel);
    return now?.place.parent ? overwrites(now.place.parent) : (now?.overwrites ?? []);
  }

  return {
    hear,
    known(channel) {
      const known = places.get(channel);
      return known && asOfNow(known);
    },
    async find(channel) {
      const known = places.get(channel) ?? (await ask(channel));
      return known && asOfNow(known);
    },
    overwrites,
    async guild(id) {
      const known = guilds.get(id);
      if (known && fresh(known.askedAt)) return known.facts;
      return keepGuild(await rest.call<RawGuild>("GET", `/guilds/${id}`), clock.elapsed());
    },
    guilds: () => [...guilds.keys()],
    knowsRoles: (guild) => guilds.has(guild),
    described: (guild) => guilds.has(guild) && guilds.get(guild)?.askedAt === undefined,
    threadsOf: (channel) =>
      [...(threads.get(channel) ?? [])].flatMap((id) => {
        const known = places.get(id);
        return known ? [asOfNow(known)] : [];
      }),
    learn(place, closed = false) {
      places.set(place.id, { place, overwrites: undefined, askedAt: clock.elapsed(), session });
      if (closed) threads.get(place.parent ?? "")?.delete(place.id);
      else noteThread(place);
    },
    forget,
    reset() {
      session += 1;
      guilds.clear();
    },
    channelName: (id) => places.get(id)?.place.name || undefined,
    roleName(id) {
      for (const { facts } of guilds.values()) {
        const name = facts.roles.get(id)?.name;
        if (name) return name;
      }
      return undefined;
    },
    isRoleOf: (bot, role) => [...guilds.values()].some(({ facts }) => facts.roles.get(role)?.bot === bot),
  };
}

const roleOf = (role: RawRole) =>
  [role.id, { name: role.name ?? "", permissions: role.permissions ?? "0", bot: role.tags?.bot_id }] as const;
