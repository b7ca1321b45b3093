/**
 * Claims: names of which one process at a time has each, in the ledger. A claim lasts ten seconds and is prolonged while
 * its process lives; whoever dies without giving it back is waited for that long, and then somebody else takes over. All
 * times are the database's, so no machine's clock matters; how long a claim is good without asking is measured by time
 * that has passed here, which goes on while a process is frozen.
 */
import type { Clock } from "../clock.ts";
import type { Claim } from "../crew.ts";
import { DeskError } from "../errors.ts";
import { claimLastsMs, dropClaim, dropClaims, findClaim, prolongClaims, putClaim } from "../ledger/claims.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";

export interface Claims {
  /** Undefined while somebody else has it. */
  take(name: string): Promise<Claim | undefined>;
  /** Whether anybody has it at the moment. */
  taken(name: string): Promise<boolean>;
  /** Gives everything back. */
  close(): Promise<void>;
}

/** A claim that a crash of the database loses is somebody else's next time: whoever has it finds out when they ask. */
const lazy = { lazy: true };
const prolongEveryMs = 2_500;
/** Between the last moment at which a claim counts as held here, and the first at which another may have it. */
const marginMs = 2_000;

interface Held {
  /** By `clock.elapsed`: when the claim was last known to be ours. */
  knownAt: number;
  lost: AbortController;
}

/** @param parts.member this process's own name, new at each start */
export function createClaims(parts: { ledger: Ledger; member: string; clock: Clock; log: Log }): Claims {
  const { ledger, member, clock, log } = parts;
  const held = new Map<string, Held>();
  const stopProlonging = clock.every(prolongEveryMs, () => void prolong());
  let prolonging: Promise<void> | undefined;
  let over = false;

  async function prolong(): Promise<void> {
    prolonging ??= prolongAll().finally(() => {
      prolonging = undefined;
    });
    await prolonging;
  }

  async function prolongAll(): Promise<void> {
    if (held.size === 0) return;
    const since = clock.elapsed();
    const before = [...held];
    try {
      const names = new Set(
        await ledger.write((tx) => prolongClaims(tx, member, tx.now + claimLastsMs), lazy),
      );
      for (const [name, claim] of before) {
        if (held.get(name) !== claim) continue;
        if (names.has(name)) claim.knownAt = since;
        else lose(name, claim);
      }
      await dropStrays([...names].filter((name) => !held.has(name)));
    } catch (error) {
      log.warn("claims.not_prolonged", { claims: held.size, error });
      for (const [name, claim] of before) if (!good(claim)) lose(name, claim);
    }
  }

  /** Claims that were given back while the ledger could not be written. */
  async function dropStrays(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await ledger.write(async (tx) => {
      for (const name of names) if (!held.has(name)) await dropClaim(tx, name, member);
    }, lazy);
  }

  function lose(name: string, claim: Held): void {
    if (held.get(name) === claim) held.delete(name);
    if (claim.lost.signal.aborted) return;
    log.warn("claim.lost", { claim: name });
    claim.lost.abort(new DeskError("ledger_conflict", `another process has taken over ${name}`));
  }

  const good = (claim: Held): boolean => clock.elapsed() < claim.knownAt + claimLastsMs - marginMs;

  async function take(name: string): Promise<Claim | undefined> {
    if (over || held.has(name)) return undefined;
    const claim: Held = { knownAt: clock.elapsed(), lost: new AbortController() };
    // Nobody else in this process asks for it meanwhile.
    held.set(name, claim);
    let takenOver = false;
    try {
      const free = await ledger.write(async (tx) => {
        const last = await findClaim(tx, name);
        // What this process has lost, or could not give back, is nobody else's; and it is not waited for.
        const mine = last?.member === member;
        if (last && !mine && last.until > tx.now) return false;
        takenOver = last !== undefined && !mine;
        await putClaim(tx, { name, member, until: tx.now + claimLastsMs });
        return true;
      }, lazy);
      if (!free) held.delete(name);
      if (!free) return undefined;
    } catch (error) {
      held.delete(name);
      throw error;
    }
    if (takenOver) log.info("claim.taken_over", { claim: name });
    return {
      takenOver,
      signal: claim.lost.signal,
      holds: () => held.get(name) === claim && good(claim),
      async check(tx) {
        const now = held.get(name) === claim ? await findClaim(tx, name) : undefined;
        if (now?.member === member && now.until > tx.now) return;
        lose(name, claim);
        throw new DeskError("ledger_conflict", `another process has taken over ${name}`);
      },
      async release() {
        if (held.get(name) !== claim) return;
        held.delete(name);
        await ledger
          .write((tx) => dropClaim(tx, name, member), lazy)
          .catch((error: unknown) => log.warn("claim.not_released", { claim: name, error }));
      },
    };
  }

  return {
    take,
    async taken(name) {
      return ledger.write(async (tx) => ((await findClaim(tx, name))?.until ?? 0) > tx.now, lazy);
    },
    async close() {
      over = true;
      stopProlonging();
      await prolonging;
      const claims = held.size;
      held.clear();
      await ledger
        .write((tx) => dropClaims(tx, member), lazy)
        .catch((error: unknown) => log.warn("claims.not_released", { claims, error }));
    },
  };
}
