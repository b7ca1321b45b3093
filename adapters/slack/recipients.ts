/** Slack asks for whom a stream in a channel is: for whoever wrote last in the thread. */
import { type Json, textAt } from "./payload.ts";
import { keepRecent } from "./recent.ts";
import { isDirect, type Place } from "./thread-id.ts";

export interface Recipient {
  user: string;
  team: string;
}

export interface Recipients {
  /** Somebody has written in this workspace. */
  wrote(team: string, event: Json): void;
  /** Undefined where nobody has since the program began. */
  of(place: Place): Recipient | undefined;
}

const rememberedMax = 5_000;

export function createRecipients(): Recipients {
  const remembered = new Map<string, Recipient>();
  return {
    wrote(team, event) {
      const [channel, ts, user] = ["channel", "ts", "user"].map((key) => textAt(event, key));
      if (!channel || !ts || !user || isDirect(channel)) return;
      const key = `${team} ${channel} ${textAt(event, "thread_ts") ?? ts}`;
      const home = textAt(event, "user_team") ?? textAt(event, "team") ?? team;
      keepRecent(remembered, key, { user, team: home }, rememberedMax);
    },
    of: ({ team, channel, ts }) => remembered.get(`${team} ${channel} ${ts}`),
  };
}
