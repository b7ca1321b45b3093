/**
 * Where an interaction is answered. Slack gives an address for each, good for five answers in half an hour; the core
 * only keeps a name for it. After a restart the address is forgotten, and the answer is shown as an ephemeral message.
 */
import type { Clock } from "../../src/clock.ts";
import { platformName } from "./thread-id.ts";

export interface Spot {
  team: string;
  user: string;
  channel: string;
  thread?: string;
}

export interface Answers {
  /** A name for the place where this interaction is answered. */
  keep(spot: Spot, address: string | undefined): string;
  /** The address, while it is good. */
  addressOf(interaction: string): string | undefined;
}

const goodMs = 29 * 60_000;
const keptMax = 5_000;

export function createAnswers(clock: Clock, mayAnswerAt: (url: URL) => boolean): Answers {
  const kept = new Map<string, { address: string; until: number }>();
  return {
    keep({ team, user, channel, thread }, address) {
      const name = [platformName, team, channel, thread ?? "", user, clock.id("i")].join(":");
      if (address !== undefined && URL.canParse(address) && mayAnswerAt(new URL(address))) {
        if (kept.size >= keptMax) kept.delete(kept.keys().next().value ?? "");
        kept.set(name, { address, until: clock.elapsed() + goodMs });
      }
      return name;
    },
    addressOf(interaction) {
      const found = kept.get(interaction);
      if (!found || found.until < clock.elapsed()) return undefined;
      return found.address;
    },
  };
}

/** Where the interaction happened; undefined when the name is not one of ours. */
export function spotNamed(interaction: string): Spot | undefined {
  const [name, team, channel, thread, user, id] = interaction.split(":");
  if (name !== platformName || !team || !channel || !user || !id) return undefined;
  return { team, channel, user, ...(thread ? { thread } : {}) };
}
