/** Who may what: whether a person belongs to a channel, a role, a guild, asked when it matters. */
import type { Clock } from "../../src/clock.ts";
import { codeOf } from "../../src/errors.ts";
import type { Person } from "../../src/message.ts";
import type { UserId } from "../../src/thread.ts";
import { personOf } from "./incoming.ts";
import { permission, permissionsOf } from "./permissions.ts";
import type { Places } from "./places.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";
import { parseUserId } from "./thread-id.ts";

export interface Membership {
  /**
   * @param group a channel (who can read it), a role, a guild or a person: a bare id, or `discord:ID`
   * @throws DeskError when Discord cannot be asked
   */
  belongs(user: UserId, group: string): Promise<boolean>;
  /** @throws DeskError */
  person(user: UserId): Promise<Person | undefined>;
  /** @throws DeskError when Discord cannot be asked */
  isMember(user: string, guild: string): Promise<boolean>;
  /** The roles that Discord has just told of somebody. */
  saw(user: string, guild: string, roles: readonly string[]): void;
}

const freshMs = 30_000;
const membersMax = 5_000;

export function createMembership(parts: {
  rest: Rest;
  places: Places;
  clock: Clock;
  /** The guilds that the desk serves. */
  guilds(): Promise<readonly string[]>;
}): Membership {
  const { rest, places, clock } = parts;
  /** A member's roles; undefined in it: not a member. */
  const members = createRecent<string, { roles: readonly string[] | undefined; at: number }>(membersMax);
  const people = createRecent<string, { person: Person; at: number }>(membersMax);

  async function rolesOf(user: string, guild: string): Promise<readonly string[] | undefined> {
    const key = `${guild}:${user}`;
    const known = members.get(key);
    if (known && clock.elapsed() - known.at < freshMs) return known.roles;
    const roles = await rest.call<{ roles?: string[] }>("GET", `/guilds/${guild}/members/${user}`).then(
      (member) => member.roles ?? [],
      (error: unknown) => {
        if (codeOf(error) === "platform_unreachable") return undefined;
        throw error;
      },
    );
    members.set(key, { roles, at: clock.elapsed() });
    return roles;
  }

  async function readsChannel(user: string, channel: string, guild: string): Promise<boolean> {
    const roles = await rolesOf(user, guild);
    if (!roles) return false;
    const allowed = permissionsOf(
      await places.guild(guild),
      { user, roles },
      await places.overwrites(channel),
    );
    return (allowed & permission.viewChannel) !== 0n;
  }

  /** A guild that the bot has left has no roles for anybody. */
  async function hasRole(guild: string, role: string): Promise<boolean> {
    try {
      return (await places.guild(guild)).roles.has(role);
    } catch (error) {
      if (codeOf(error) === "platform_unreachable") return false;
      throw error;
    }
  }

  return {
    async belongs(id, group) {
      const user = parseUserId(id);
      const wanted = /^(?:discord:)?(?:0:)?(\d+)$/.exec(group)?.[1];
      if (!wanted) return false;
      if (wanted === user) return true;
      const place = places.known(wanted);
      if (place?.guild) return readsChannel(user, wanted, place.guild);
      for (const guild of await parts.guilds()) {
        if (guild === wanted) return (await rolesOf(user, guild)) !== undefined;
        if (await hasRole(guild, wanted)) return (await rolesOf(user, guild))?.includes(wanted) ?? false;
      }
      const found = await places.find(wanted);
      return found?.guild ? readsChannel(user, wanted, found.guild) : false;
    },
    isMember: async (user, guild) => (await rolesOf(user, guild)) !== undefined,
    async person(id) {
      const user = parseUserId(id);
      const known = people.get(user);
      if (known && clock.elapsed() - known.at < freshMs) return known.person;
      try {
        const person = personOf(await rest.call("GET", `/users/${user}`));
        people.set(user, { person, at: clock.elapsed() });
        return person;
      } catch (error) {
        if (codeOf(error) === "platform_unreachable") return undefined;
        throw error;
      }
    },
    saw(user, guild, roles) {
      members.set(`${guild}:${user}`, { roles, at: clock.elapsed() });
    },
  };
}
