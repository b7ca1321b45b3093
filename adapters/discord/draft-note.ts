/**
 * The note of an answer that is growing. It is durable before the first words are visible, and completed with the ids of
 * what shows them; whoever has only the first note looks behind the message that came before, for these words. Pure.
 */
import { createHash } from "node:crypto";
import { compareSnowflakes, isSnowflake, snowflakeAt } from "./thread-id.ts";

export interface DraftNote {
  channel: string;
  /** Those of its messages whose ids are known. */
  messages: readonly string[];
  /** When it began, in milliseconds since 1970. */
  since: number;
  /** All of it stands behind this message. */
  after: string;
  /** What its messages were about to show, each as `markOf`. */
  words: readonly string[];
}

export const writeDraftNote = ({ channel, messages, since, after, words }: DraftNote): string =>
  [channel, messages.join(","), since, after, words.join(",")].join(":");

export function readDraftNote(note: string | undefined): DraftNote | undefined {
  const [channel = "", messages = "", since, after = "0", words = ""] = note?.split(":") ?? [];
  if (channel === "" || (messages === "" && words === "")) return undefined;
  return {
    channel,
    messages: messages.split(",").filter(Boolean),
    since: Number(since) || 0,
    after,
    words: words.split(",").filter(Boolean),
  };
}

/** Words as Discord keeps them, which trims what it is given. */
export const markOf = (content: string): string =>
  createHash("sha256").update(content.replace(/\s+/g, " ").trim()).digest("base64url").slice(0, 16);

/**
 * The message behind which everything stands that is made after a moment.
 * @param newest the newest message that is known to have been there before
 */
export function behind(newest: string | undefined, moment: number): string {
  const then = snowflakeAt(moment);
  if (newest === undefined) return then;
  return !isSnowflake(newest) || compareSnowflakes(newest, then) > 0 ? newest : then;
}
