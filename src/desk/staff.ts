/** Who is staff, asked at the moment it matters. */
import type { Log } from "../log.ts";
import type { Person } from "../message.ts";
import type { Platform } from "../platform.ts";
import { type ChannelId, platformOf } from "../thread.ts";

export interface Staff {
  /** Whether this person may act for the desk now. A platform that cannot be asked answers no. */
  includes(person: Person): Promise<boolean>;
  /** The same of somebody who has just written in the human channel: where its members are staff, they are. */
  includesWriter(person: Person): Promise<boolean>;
  /** Whether they are among these: `staff`, or ids of people, groups and roles. */
  among(person: Person, ids: readonly string[]): Promise<boolean>;
}

export function createStaff(parts: {
  platforms: ReadonlyMap<string, Platform>;
  channel(): ChannelId | undefined;
  /** `members` of the human channel, or people, groups and roles by the platform's ids. */
  staff: "members" | readonly string[];
  log: Log;
}): Staff {
  async function belongs(person: Person, groups: readonly string[]): Promise<boolean> {
    const channel = parts.channel();
    const platform = channel && parts.platforms.get(platformOf(channel));
    if (!platform || platformOf(person.id) !== platform.name) return false;
    if (!platform.belongs) return groups.includes(person.id);
    try {
      for (const group of groups) if (await platform.belongs(person.id, group)) return true;
    } catch (error) {
      parts.log.warn("staff.unknown", { user: person.id, error });
    }
    return false;
  }

  async function includes(person: Person): Promise<boolean> {
    const channel = parts.channel();
    return channel !== undefined && belongs(person, parts.staff === "members" ? [channel] : parts.staff);
  }

  return {
    includes,
    includesWriter: async (person) => parts.staff === "members" || includes(person),
    async among(person, ids) {
      const named = ids.filter((id) => id !== "staff");
      return (named.length < ids.length && (await includes(person))) || belongs(person, named);
    },
  };
}
