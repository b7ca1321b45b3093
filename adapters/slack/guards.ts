/**
 * Streams that a process which has died was writing stay half-written for ever: they are taken back when they are seen.
 * Slack does not say whose a stream is, so those that this process is writing have a guardian here.
 */
import type { Log } from "../../src/log.ts";
import { deleteStream } from "./deleting.ts";
import type { Place } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

export interface Guards {
  /** A stream in this place is this process's own until `over`. */
  guard(place: Place): Guardian;
  /**
   * Takes back those of the bot's unfinished streams in this channel that have no guardian; none while one is being begun,
   * because it may be any of them.
   * @param unfinished the ts of each
   */
  takeBackOthers(place: Place, unfinished: readonly string[]): Promise<void>;
}

export interface Guardian {
  shownAt(ts: string): void;
  over(): void;
}

export function createGuards(api: WebApi, log: Log): Guards {
  /** By channel. */
  const guards = new Map<string, { ts: string | undefined }[]>();

  return {
    guard({ team, channel }) {
      const where = `${team} ${channel}`;
      const own: { ts: string | undefined } = { ts: undefined };
      guards.set(where, [...(guards.get(where) ?? []), own]);
      return {
        shownAt(ts) {
          own.ts = ts;
        },
        over() {
          const others = (guards.get(where) ?? []).filter((one) => one !== own);
          if (others.length > 0) guards.set(where, others);
          else guards.delete(where);
        },
      };
    },
    async takeBackOthers({ team, channel }, unfinished) {
      const own = guards.get(`${team} ${channel}`) ?? [];
      if (own.some((stream) => stream.ts === undefined)) return;
      for (const ts of unfinished) {
        if (own.some((stream) => stream.ts === ts)) continue;
        await deleteStream(api, team, channel, ts);
        log.info("slack.stream_taken_back", { team, channel, ts });
      }
    },
  };
}
