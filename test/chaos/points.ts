import type { Deed } from "./crowd.ts";

/** The dangerous points: where a process dies between two things that must both be true, or neither. */

/** Points inside of the process: right before or right after the commit of a transaction that did this. */
export const commits = {
  inbox: { sql: "INSERT INTO inbox (" },
  turn: { sql: "INSERT INTO journal" },
  intent: { sql: "INSERT INTO intents" },
  running: { sql: "UPDATE intents SET state", value: "running" },
  result: { sql: "UPDATE intents SET state", value: "done" },
  take: { sql: "UPDATE threads SET control", value: "taken_over" },
  handback: { sql: "UPDATE threads SET control", value: "automated" },
  relay: { sql: "INSERT INTO outbox", value: "customer" },
  word: { sql: "INSERT INTO outbox", value: "staff" },
  sent: { sql: "UPDATE outbox SET state = 'sent'" },
  draft: { sql: "'drafting'" },
  migration: { sql: "CREATE TABLE" },
} as const satisfies Record<string, { sql: string; value?: string }>;

export interface Point {
  /** What people do that leads to it. */
  needs: Deed;
  /** What has happened when the process dies, and what has not. */
  story: string;
  where:
    | { inside: keyof typeof commits; when: "before" | "after" }
    | { outside: "acked" | "stream" | "backend" | "posted" | "draft" };
}

const inside = (needs: Deed, name: keyof typeof commits, when: "before" | "after", story: string): Point => ({
  needs,
  story,
  where: { inside: name, when },
});

export const points: Readonly<Record<string, Point>> = {
  "inbox-before": inside("talk", "inbox", "before", "an event has come and is not committed"),
  "inbox-after": inside("talk", "inbox", "after", "an event is committed and not acknowledged"),
  acked: {
    needs: "talk",
    story: "an event is acknowledged and nobody has begun with it",
    where: { outside: "acked" },
  },
  stream: { needs: "talk", story: "the model is in the middle of its answer", where: { outside: "stream" } },
  draft: { needs: "talk", story: "a draft is visible and its end is not", where: { outside: "draft" } },
  "draft-before": inside(
    "talk",
    "draft",
    "before",
    "a draft is about to be shown and its row is not committed",
  ),
  "turn-before": inside("talk", "turn", "before", "the model is done and nothing of it is journalled"),
  "turn-after": inside(
    "talk",
    "turn",
    "after",
    "the turn is committed with its outbox row, and nothing posted",
  ),
  "intent-before": inside("money", "intent", "before", "an intent is not committed"),
  "intent-after": inside("money", "intent", "after", "an intent is written and not begun"),
  "running-after": inside(
    "money",
    "running",
    "after",
    "an intent has begun and the backend has not been asked",
  ),
  backend: {
    needs: "money",
    story: "the backend has moved the money and its reply is withheld",
    where: { outside: "backend" },
  },
  "result-before": inside("money", "result", "before", "the backend's result is here and not written"),
  "result-after": inside("money", "result", "after", "the result is written and the model has not seen it"),
  posted: {
    needs: "talk",
    story: "the platform has the post and its reply is withheld",
    where: { outside: "posted" },
  },
  "sent-before": inside("talk", "sent", "before", "the platform has the post and that is not noted"),
  "sent-after": inside("talk", "sent", "after", "a post is noted, and what follows from it not begun"),
  "take-before": inside("take", "take", "before", "a takeover is not committed"),
  "take-after": inside("take", "take", "after", "a takeover is committed and not confirmed"),
  "handback-after": inside(
    "hand back",
    "handback",
    "after",
    "a thread is the bot's again and nobody has been told",
  ),
  "relay-before": inside("relay", "relay", "before", "a customer's words for staff are not committed"),
  "relay-after": inside(
    "relay",
    "relay",
    "after",
    "a customer's words for staff are committed and not posted",
  ),
  "word-before": inside("word", "word", "before", "a word of staff for the customer is not committed"),
  "word-after": inside(
    "word",
    "word",
    "after",
    "a word of staff for the customer is committed and not posted",
  ),
  "migration-before": inside("talk", "migration", "before", "the tables are not committed"),
  "migration-after": inside("talk", "migration", "after", "the tables are committed, and nothing else done"),
};
