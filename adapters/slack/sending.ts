/**
 * One part of a post becomes one message, with the key that `reading-back.ts` finds it by. A workspace that does not know
 * an element of ours gets a plainer message, not none.
 */
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Post } from "../../src/platform.ts";
import type { DirectThreads } from "./direct-threads.ts";
import { slackErrorOf } from "./faults.ts";
import { type FeedbackStyle, type Part, toParts } from "./outgoing.ts";
import type { Metadata } from "./reading-back.ts";
import { keepRecent } from "./recent.ts";
import { isDirect, type Place } from "./thread-id.ts";
import type { ArgumentsOf, WebApi } from "./web-api.ts";

export interface Sending {
  /**
   * @param whole the post that it is a part of
   * @returns the ts of the message
   * @throws DeskError platform_*; platform_ambiguous when it may have arrived
   */
  send(place: Place, part: Part, whole: Post, label: Label): Promise<string>;
  /** Where what goes to this place is shown: a flat direct conversation goes on where its person wrote last. */
  shownIn(place: Place): Promise<Place>;
  /** How buttons for feedback are shown in this workspace, as far as is known. */
  styleOf(team: string): FeedbackStyle;
  /** Slack's clock in this channel as it was last seen: what is sent from now on is later. */
  saw(team: string, channel: string, ts: string): void;
  /** The latest that was seen there. */
  lastSeen(place: Place): string | undefined;
}

/** What tells one part of a post from everything else. */
export interface Label {
  metadata: Metadata;
  /** Its `client_msg_id`. */
  id: string;
  n: number;
}

const rememberedMax = 5_000;
/** What Slack says of blocks that it does not take; the words alone it takes. */
const refusingBlocks = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "msg_blocks_too_long",
  "msg_blocks_too_many",
]);

interface SendingParts {
  api: WebApi;
  directThreads: DirectThreads;
  log: Log;
}

export function createSending({ api, directThreads, log }: SendingParts): Sending {
  const seen = new Map<string, string>();
  /** Of workspaces that refuse the native one. */
  const styles = new Map<string, FeedbackStyle>();

  const styleOf = (team: string): FeedbackStyle => styles.get(team) ?? "native";

  async function shownIn(place: Place): Promise<Place> {
    await directThreads.recall(place);
    const ts = place.ts ?? directThreads.surfaceOf(place);
    return ts === undefined ? place : { ...place, ts };
  }

  async function send(place: Place, part: Part, whole: Post, label: Label): Promise<string> {
    try {
      return await postMessage(place, part, label);
    } catch (error) {
      if (!refusingBlocks.has(slackErrorOf(error) ?? "")) throw error;
      log.warn("slack.blocks_refused", { team: place.team, error });
      if (whole.feedback !== undefined && styleOf(place.team) === "native") {
        keepRecent(styles, place.team, "plain", rememberedMax);
        return send(place, toParts(whole, "plain")[label.n] ?? part, whole, label);
      }
      return postMessage(place, { text: part.text, blocks: [] }, label);
    }
  }

  async function postMessage(place: Place, part: Part, { metadata, id }: Label): Promise<string> {
    const { team, channel, ts } = await shownIn(place);
    const message: ArgumentsOf<"chat.postMessage"> & { client_msg_id: string } = {
      channel,
      ...(ts === undefined ? {} : { thread_ts: ts }),
      text: part.text,
      ...(part.blocks.length === 0 ? {} : { blocks: part.blocks }),
      unfurl_links: false,
      unfurl_media: false,
      metadata,
      client_msg_id: id,
    };
    const answer = await api.call(team, "chat.postMessage", message);
    const shown = answer.ts ?? answer.message?.ts;
    if (!shown) throw new DeskError("platform_ambiguous", "chat.postMessage: an answer without a ts");
    saw(team, channel, shown);
    if (ts === undefined && isDirect(channel)) directThreads.posted(team, channel, shown);
    return shown;
  }

  function saw(team: string, channel: string, ts: string): void {
    const place = `${team} ${channel}`;
    const before = seen.get(place);
    if (before === undefined || before < ts) keepRecent(seen, place, ts, rememberedMax);
  }

  return { send, shownIn, styleOf, saw, lastSeen: ({ team, channel }) => seen.get(`${team} ${channel}`) };
}
