/**
 * Direct messages outside of any Slack thread are one long conversation: the flat one. Yet Slack lets people answer a
 * message in it in a thread below that message, and where the app has an assistant pane it offers nothing else. Such a
 * thread below a message of the flat conversation belongs to it; and what the bot says next goes to where the person
 * wrote last.
 */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { textAt } from "./payload.ts";
import { keepRecent } from "./recent.ts";
import type { SurfaceStore } from "./stores.ts";
import { isDirect, type Place } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";
import type { Workspace } from "./workspaces.ts";

/** The metadata of what the desk posts; see `reading-back.ts`. */
export const metadataType = "deskhand_reply";

export interface DirectThreads {
  /** Whether the thread below this message is known to belong to the flat conversation. */
  isFlat(team: string, channel: string, root: string): boolean;
  /** Finds that out where it is not known: asks Slack once, and not for long. Never throws. */
  learn(workspace: Workspace, channel: string, root: string): Promise<void>;
  /** A thread that begins for itself. */
  isOwn(team: string, channel: string, root: string): void;
  /** The bot has posted this in the flat conversation. */
  posted(team: string, channel: string, ts: string): void;
  /** The person has written in the flat conversation: below this message, or below none. Never throws. */
  wrote(team: string, channel: string, root: string | undefined): Promise<void>;
  /** Learns where the person wrote last, which another process may have heard. Never throws. */
  recall(place: Place): Promise<void>;
  /** Where the person of a flat conversation wrote last, as far as this process knows. */
  surfaceOf(place: Place): string | undefined;
}

const rememberedMax = 10_000;
const patienceMs = 700;

export function createDirectThreads(
  api: WebApi,
  clock: Clock,
  log: Log,
  kept: SurfaceStore | undefined,
): DirectThreads {
  const flat = new Map<string, boolean>();
  const surfaces = new Map<string, string>();
  const keyOf = (...parts: string[]) => parts.join(" ");

  const remember = <V>(all: Map<string, V>, key: string, value: V): void =>
    keepRecent(all, key, value, rememberedMax);

  function surface(team: string, channel: string, root: string | undefined): void {
    if (root === undefined) surfaces.delete(keyOf(team, channel));
    else remember(surfaces, keyOf(team, channel), root);
  }

  async function ask({ team, bot }: Workspace, channel: string, root: string): Promise<void> {
    const range = { channel, ts: root, limit: 1, include_all_metadata: true };
    const { messages } = await api.call(team, "conversations.replies", range);
    const first = messages?.find((message) => message.ts === root);
    const isDesks = textAt(first, "metadata", "event_type") === metadataType && textAt(first, "user") === bot;
    remember(flat, keyOf(team, channel, root), isDesks);
  }

  return {
    isFlat: (team, channel, root) => flat.get(keyOf(team, channel, root)) === true,
    async learn(workspace, channel, root) {
      if (flat.has(keyOf(workspace.team, channel, root))) return;
      const asking = ask(workspace, channel, root).catch((error: unknown) => {
        log.debug("slack.thread_unknown", { team: workspace.team, error });
      });
      const patience = new AbortController();
      await Promise.race([asking, clock.sleep(patienceMs, patience.signal).catch(() => undefined)]);
      patience.abort();
    },
    isOwn: (team, channel, root) => remember(flat, keyOf(team, channel, root), false),
    posted: (team, channel, ts) => remember(flat, keyOf(team, channel, ts), true),
    async wrote(team, channel, root) {
      surface(team, channel, root);
      await kept?.save(team, channel, root).catch((error: unknown) => {
        log.warn("slack.surface_unsaved", { team, error });
      });
    },
    async recall({ team, channel, ts }) {
      if (!kept || ts !== undefined || !isDirect(channel)) return;
      try {
        surface(team, channel, await kept.find(team, channel));
      } catch (error) {
        log.warn("slack.surface_unknown", { team, error });
      }
    },
    surfaceOf({ team, channel, ts }) {
      if (ts !== undefined || !isDirect(channel)) return undefined;
      return surfaces.get(keyOf(team, channel));
    },
  };
}
