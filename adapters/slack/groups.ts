/** Who belongs to a channel, a user group, or is the one person named. Asked at the moment of use, kept for seconds. */
import type { Clock } from "../../src/clock.ts";
import type { UserId } from "../../src/thread.ts";
import { accountOf, platformName } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

const rememberedMs = 15_000;
const rememberedMax = 500;
const pagesMax = 100;

/**
 * Whether a user belongs to `C…`/`G…` (channel), `S…` (user group), `U…`/`W…` (person), with or without `slack:TEAM:`.
 * @param ownTeam the workspace that is meant where none is named; ids of others may be equal
 */
export function createGroups(
  api: WebApi,
  clock: Clock,
  ownTeam: () => string | undefined,
): (user: UserId, group: string) => Promise<boolean> {
  const remembered = new Map<string, { members: Promise<ReadonlySet<string>>; until: number }>();

  function members(team: string, id: string): Promise<ReadonlySet<string>> {
    const key = `${team} ${id}`;
    const known = remembered.get(key);
    if (known && known.until > clock.elapsed()) return known.members;
    if (remembered.size >= rememberedMax) remembered.clear();
    const asking = id.startsWith("S") ? groupMembers(api, team, id) : channelMembers(api, team, id);
    remembered.set(key, { members: asking, until: clock.elapsed() + rememberedMs });
    asking.catch(() => remembered.delete(key));
    return asking;
  }

  return async (user, group) => {
    const { team, user: account } = accountOf(user);
    const parts = group.split(":");
    const id = parts.at(-1) ?? "";
    if (parts.length > 1 && parts[0] !== platformName) return false;
    if ((parts.length > 2 ? parts[1] : ownTeam()) !== team) return false;
    if (/^[UW]/.test(id)) return id === account;
    if (!/^[CGS]/.test(id)) return false;
    return (await members(team, id)).has(account);
  };
}

async function groupMembers(api: WebApi, team: string, usergroup: string): Promise<ReadonlySet<string>> {
  const { users } = await api.call(team, "usergroups.users.list", { usergroup });
  return new Set(users);
}

async function channelMembers(api: WebApi, team: string, channel: string): Promise<ReadonlySet<string>> {
  const all = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await api.call(team, "conversations.members", {
      channel,
      limit: 1_000,
      ...(cursor ? { cursor } : {}),
    });
    for (const member of answer.members ?? []) all.add(member);
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) break;
  }
  return all;
}
