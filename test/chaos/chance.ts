/** Seeded chance: the same seed and name make the same choices in every run. */
export interface Chance {
  /** 0 ≤ number < 1 */
  number(): number;
  between(from: number, to: number): number;
  whole(from: number, to: number): number;
  pick<T>(all: readonly T[]): T;
  /** True with this probability. */
  happens(share: number): boolean;
}

export function createChance(seed: number, name: string): Chance {
  let state = seed | 0;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  /** mulberry32 */
  function number(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  const whole = (from: number, to: number) => from + Math.floor(number() * (to - from + 1));
  return {
    number,
    between: (from, to) => from + number() * (to - from),
    whole,
    pick: (all) => all[whole(0, all.length - 1)] as (typeof all)[number],
    happens: (share) => number() < share,
  };
}
