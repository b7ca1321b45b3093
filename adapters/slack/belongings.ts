/**
 * What belongs to a message of the desk's: the later parts of its post, and the files that were shared with it. Whoever
 * posted it remembers; another process, or the next one, reads it off the channel by the key in the first part.
 */
import { codeOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { MessageId } from "../../src/thread.ts";
import { slackErrorOf } from "./faults.ts";
import { type Json, listAt, textAt } from "./payload.ts";
import { isOwn, labelOf, messagesOf } from "./reading-back.ts";
import { keepRecent } from "./recent.ts";
import { isDirect, placeOf } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";
import type { Workspaces } from "./workspaces.ts";

/** Without the message itself. */
export interface Rest {
  /** The ts of the later parts, in their order. */
  parts: readonly string[];
  /** The ids of the files. */
  files: readonly string[];
}

export interface Belongings {
  keep(message: MessageId, rest: Rest): void;
  /** Whether there was anything to forget. */
  forget(message: MessageId): boolean;
  /** @throws DeskError platform_rate_limited, platform_unavailable: it may be asked again */
  of(message: MessageId): Promise<Rest>;
}

const rememberedMax = 5_000;
const nothing: Rest = { parts: [], files: [] };

export function createBelongings(api: WebApi, workspaces: Workspaces, log: Log): Belongings {
  const remembered = new Map<MessageId, Rest>();

  async function read(message: MessageId): Promise<Rest> {
    const { team, channel, ts = "" } = placeOf(message);
    const range = { channel, ts, oldest: ts, latest: ts, inclusive: true, include_all_metadata: true };
    const { messages = [] } = await api.call(team, "conversations.replies", range);
    const first = messages.find((one) => one.ts === ts) as Json | undefined;
    const workspace = await workspaces.find(team);
    const label = first && isOwn(first, workspace) ? labelOf(first) : undefined;
    if (!label || (label.of < 2 && label.files === 0)) return nothing;
    const root = textAt(first, "thread_ts") ?? (isDirect(channel) ? undefined : ts);
    const later: Json[] = [];
    const place = { team, channel, ...(root === undefined ? {} : { ts: root }) };
    for await (const one of messagesOf(api, place, ts))
      if (isOwn(one, workspace) && (textAt(one, "ts") ?? "") > ts) later.push(one);
    later.sort((a, b) => ((textAt(a, "ts") ?? "") < (textAt(b, "ts") ?? "") ? -1 : 1));
    return restIn(later, label);
  }

  return {
    keep: (message, rest) => keepRecent(remembered, message, rest, rememberedMax),
    forget: (message) => remembered.delete(message),
    async of(message) {
      const known = remembered.get(message);
      if (known) return known;
      try {
        return await read(message);
      } catch (error) {
        const code = codeOf(error);
        if (code === "platform_rate_limited" || code === "platform_unavailable") throw error;
        // What is certain is dealt with.
        if (slackErrorOf(error) !== "thread_not_found") log.warn("slack.rest_unknown", { message, error });
        return nothing;
      }
    },
  };
}

/** Files carry no key: they come right behind the parts of their post, as many as it says. */
function restIn(later: readonly Json[], { id, files: number }: { id: string; files: number }): Rest {
  const parts: string[] = [];
  for (const message of later) {
    const label = labelOf(message);
    const files = listAt(message, "files").map((file) => textAt(file, "id") ?? "");
    if (label?.id === id) parts.push(textAt(message, "ts") ?? "");
    else if (label) break;
    else if (number > 0 && files.length === number) return { parts, files };
  }
  return { parts, files: [] };
}
