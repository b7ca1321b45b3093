/** A post that stands in a channel is changed, or taken away: all of its messages, and the files that came with it. */
import type { Platform, Post } from "../../src/platform.ts";
import type { MessageId } from "../../src/thread.ts";
import type { Belongings } from "./belongings.ts";
import { deleteFile, deleteMessage } from "./deleting.ts";
import { slackErrorOf } from "./faults.ts";
import { type FeedbackStyle, toSome } from "./outgoing.ts";
import { placeOf } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

export type Changing = Required<Pick<Platform, "edit" | "remove">>;

interface ChangingParts {
  api: WebApi;
  belongings: Belongings;
  styleOf(team: string): FeedbackStyle;
}

export function createChanging({ api, belongings, styleOf }: ChangingParts): Changing {
  async function change(message: MessageId, content: Post): Promise<void> {
    const { team, channel, ts = "" } = placeOf(message);
    // A card is one message.
    const rest = content.card ? undefined : await belongings.of(message);
    const parts = rest?.parts ?? [];
    const shown = toSome(content, styleOf(team), 1 + parts.length);
    for (const [n, one] of [ts, ...parts].entries()) {
      const part = shown[n];
      if (part) await api.call(team, "chat.update", { channel, ts: one, ...part });
      else await deleteMessage(api, team, channel, one);
    }
    if (rest) belongings.keep(message, { ...rest, parts: parts.slice(0, shown.length - 1) });
  }

  return {
    async edit(message, content) {
      try {
        await change(message, content);
      } catch (error) {
        // Another process may have made it shorter since this one has looked.
        if (slackErrorOf(error) !== "message_not_found" || !belongings.forget(message)) throw error;
        await change(message, content);
      }
    },
    async remove(message) {
      const { team, channel, ts = "" } = placeOf(message);
      const { parts, files } = await belongings.of(message);
      for (const file of files) await deleteFile(api, team, file);
      // By the first one the others are found: it goes last.
      for (const one of [...parts, ts]) await deleteMessage(api, team, channel, one);
      belongings.forget(message);
    },
  };
}
