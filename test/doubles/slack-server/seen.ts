/** A stored message as people see it. */
import { string, textsOf } from "./block-kit.ts";
import type { StoredMessage } from "./world.ts";

/** A message as people in the channel see it. */
export interface Seen {
  ts: string;
  channel: string;
  user: string;
  byBot: boolean;
  threadTs: string | undefined;
  /** Everything that can be read in it, as it was sent. */
  text: string;
  /** What would notify somebody. */
  live: string[];
  streaming: boolean;
  message: StoredMessage;
}

export function seen(message: StoredMessage): Seen {
  const inBlocks = textsOf(message.blocks);
  const tasks = [...message.tasks.values()].map((task) => string(task.title));
  // A stream's blocks stand below its text; a message's text is only what notifications show of its blocks.
  const streamed = message.streaming !== undefined && message.editedTs === undefined;
  const parts = inBlocks.length > 0 && !streamed ? inBlocks : [message.text, ...inBlocks];
  const files = message.files.map((file) => file.name);
  const text = [...parts, ...tasks, ...files].filter((part) => part !== "").join("\n");
  return {
    ts: message.ts,
    channel: message.channel,
    user: message.user,
    byBot: message.botId !== undefined,
    threadTs: message.threadTs,
    text,
    live: [`${message.text}\n${text}`].flatMap((all) => all.match(/<[@#!][^>]*>/g) ?? []),
    streaming: message.streaming === "in_progress",
    message,
  };
}
