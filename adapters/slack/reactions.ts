/** The bot's reactions: its own marks, and those of one side that it mirrors on the other. To set one twice is harmless. */
import { DeskError } from "../../src/errors.ts";
import type { Mark, Platform } from "../../src/platform.ts";
import { toName } from "./emoji.ts";
import { slackErrorOf } from "./faults.ts";
import { type Place, placeOf } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

export type Reactions = Required<Pick<Platform, "mark" | "react">>;

/** Slack's names for the bot's own marks. */
const marks: Readonly<Record<Mark, string>> = {
  sent: "white_check_mark",
  failed: "warning",
  working: "hourglass_flowing_sand",
};

export function createReactions(api: WebApi): Reactions {
  async function change({ team, channel, ts = "" }: Place, name: string, set: boolean): Promise<void> {
    try {
      await api.call(team, set ? "reactions.add" : "reactions.remove", { channel, timestamp: ts, name });
    } catch (error) {
      if (slackErrorOf(error) !== (set ? "already_reacted" : "no_reaction")) throw error;
    }
  }

  return {
    async mark(message, mark, set) {
      await change(placeOf(message), marks[mark], set);
    },
    async react(message, emoji, added) {
      const name = toName(emoji);
      if (name === undefined) throw new DeskError("platform_refused", "Slack has no name for this emoji");
      await change(placeOf(message), name, added);
    },
  };
}
