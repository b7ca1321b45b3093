/** What a member may do in a channel, as Discord computes it: roles, then the channel's overwrites. Pure. */

export const permission = {
  administrator: 1n << 3n,
  addReactions: 1n << 6n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readMessageHistory: 1n << 16n,
  manageThreads: 1n << 34n,
  createPublicThreads: 1n << 35n,
  createPrivateThreads: 1n << 36n,
  sendMessagesInThreads: 1n << 38n,
} as const;

export type PermissionName = keyof typeof permission;

export interface Overwrite {
  id: string;
  /** 0 for a role, 1 for a member. */
  type: 0 | 1;
  allow: string;
  deny: string;
}

export interface GuildFacts {
  id: string;
  owner: string | undefined;
  /** Permissions by role id; the role with the guild's id is everybody's. */
  roles: ReadonlyMap<string, { name: string; permissions: string; bot: string | undefined }>;
}

const all = (1n << 53n) - 1n;

/** @param roles the member's own roles, without everybody's */
export function permissionsOf(
  guild: GuildFacts,
  member: { user: string; roles: readonly string[] },
  overwrites: readonly Overwrite[],
): bigint {
  if (guild.owner === member.user) return all;
  const held = [guild.id, ...member.roles];
  let allowed = held.reduce((sum, role) => sum | bits(guild.roles.get(role)?.permissions), 0n);
  if (allowed & permission.administrator) return all;
  const layers = [
    overwrites.filter((one) => one.id === guild.id),
    overwrites.filter((one) => one.type === 0 && one.id !== guild.id && member.roles.includes(one.id)),
    overwrites.filter((one) => one.type === 1 && one.id === member.user),
  ];
  for (const layer of layers) {
    for (const one of layer) allowed &= ~bits(one.deny);
    for (const one of layer) allowed |= bits(one.allow);
  }
  // Who cannot see a channel can do nothing in it.
  return allowed & permission.viewChannel ? allowed : 0n;
}

function bits(text: string | undefined): bigint {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : 0n;
}
