/**
 * The ledger's tables, one numbered step after another; a step that has been released never changes. Steps only add
 * tables, indexes and columns that may be empty: a process of the last version goes on beside the first of the next. Portable SQL:
 * TEXT for ids and JSON, BIGINT for times (milliseconds since 1970), counts and booleans.
 */
export interface Migration {
  name: string;
  statements: string[];
}

export const migrations: readonly Migration[] = [
  {
    name: "a desk",
    statements: [
      // One conversation. `version` grows with every change of control: it is the fence that a stale turn runs into.
      `CREATE TABLE threads (
        id TEXT PRIMARY KEY, platform TEXT NOT NULL, tenant TEXT NOT NULL, channel TEXT NOT NULL,
        visibility TEXT NOT NULL, opener TEXT NOT NULL, opener_name TEXT NOT NULL,
        control TEXT NOT NULL, version BIGINT NOT NULL, ticket BIGINT, assignee TEXT, assignee_name TEXT,
        specialist TEXT, last_seq BIGINT NOT NULL, since_seq BIGINT NOT NULL DEFAULT 0, turns BIGINT NOT NULL,
        opened_at BIGINT NOT NULL, active_at BIGINT NOT NULL)`,
      `CREATE INDEX threads_opener ON threads (opener)`,

      // What has come in. `waiting` until the turn that took it has ended; `parked` when it broke the program too often.
      `CREATE TABLE inbox (
        id TEXT PRIMARY KEY, lane TEXT NOT NULL, kind TEXT NOT NULL, message TEXT, sort TEXT NOT NULL,
        event TEXT NOT NULL, received_at BIGINT NOT NULL, state TEXT NOT NULL, strikes BIGINT NOT NULL)`,
      `CREATE INDEX inbox_waiting ON inbox (lane, sort, id) WHERE state = 'waiting'`,
      `CREATE INDEX inbox_message ON inbox (message) WHERE state = 'waiting'`,
      `CREATE INDEX inbox_received ON inbox (received_at)`,
      `CREATE TABLE inbox_keys (key TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)`,
      `CREATE INDEX inbox_keys_seen ON inbox_keys (seen_at)`,

      // What people wrote and read, in the thread's own order.
      `CREATE TABLE messages (
        id TEXT PRIMARY KEY, thread TEXT NOT NULL, seq BIGINT NOT NULL, author TEXT NOT NULL,
        by_user TEXT, by_name TEXT, text TEXT NOT NULL, sources TEXT, files TEXT, turn TEXT,
        at BIGINT NOT NULL, edited_at BIGINT, deleted_at BIGINT)`,
      `CREATE UNIQUE INDEX messages_thread ON messages (thread, seq)`,

      // What the bot did in a turn: its calls, their results, who was in charge, what it cost.
      `CREATE TABLE journal (
        turn TEXT PRIMARY KEY, thread TEXT NOT NULL, seq BIGINT NOT NULL, specialist TEXT NOT NULL,
        outcome TEXT NOT NULL, model TEXT NOT NULL, entries TEXT NOT NULL, tokens_in BIGINT NOT NULL,
        tokens_out BIGINT NOT NULL, started_at BIGINT NOT NULL, ended_at BIGINT NOT NULL)`,
      `CREATE INDEX journal_thread ON journal (thread, seq)`,
      `CREATE INDEX journal_ended ON journal (ended_at)`,

      // What is to be shown. `fence`: the thread's version at which it may still be posted.
      `CREATE TABLE outbox (
        id TEXT PRIMARY KEY, lane TEXT NOT NULL, thread TEXT, fence BIGINT, send TEXT NOT NULL, state TEXT NOT NULL,
        attempts BIGINT NOT NULL, due_at BIGINT NOT NULL, created_at BIGINT NOT NULL, author TEXT NOT NULL,
        source TEXT, posted TEXT, posted_thread TEXT, sent_at BIGINT, fault TEXT)`,
      `CREATE INDEX outbox_open ON outbox (lane, id) WHERE state IN ('drafting', 'waiting', 'sending')`,
      `CREATE INDEX outbox_source ON outbox (source) WHERE source IS NOT NULL`,
      `CREATE INDEX outbox_posted ON outbox (posted) WHERE posted IS NOT NULL`,
      `CREATE INDEX outbox_thread ON outbox (thread, id)`,

      `CREATE TABLE tickets (
        number BIGINT PRIMARY KEY, thread TEXT NOT NULL, state TEXT NOT NULL, ask TEXT NOT NULL, reason TEXT NOT NULL,
        priority TEXT NOT NULL, queue TEXT NOT NULL, language TEXT NOT NULL, brief TEXT NOT NULL,
        assignee TEXT, assignee_name TEXT, card TEXT, desk_thread TEXT,
        opened_at BIGINT NOT NULL, changed_at BIGINT NOT NULL, resolved_at BIGINT)`,
      `CREATE INDEX tickets_thread ON tickets (thread)`,
      `CREATE INDEX tickets_desk_thread ON tickets (desk_thread)`,
      `CREATE INDEX tickets_open ON tickets (number) WHERE state <> 'resolved'`,

      // One row for each effect: who did what to what.
      `CREATE TABLE audit (
        id TEXT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
        thread TEXT, turn TEXT, detail TEXT NOT NULL)`,
      `CREATE INDEX audit_thread ON audit (thread, id)`,
    ],
  },
  {
    name: "identities and intents",
    statements: [
      // Which customer an account is, by verification outside the model.
      `CREATE TABLE identities (
        user_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, customer TEXT NOT NULL, method TEXT NOT NULL,
        verified_at BIGINT NOT NULL)`,
      `CREATE INDEX identities_customer ON identities (customer)`,

      // What operators have set while the desk runs: the kill switch.
      `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at BIGINT NOT NULL)`,

      // What an adapter must find again after a restart: how far it has read, what it was showing.
      `CREATE TABLE marks (
        platform TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (platform, name))`,

      // Writes waiting to happen. The id is the idempotency key, for ever.
      `CREATE TABLE intents (
        id TEXT PRIMARY KEY, thread TEXT NOT NULL, turn TEXT NOT NULL, opener TEXT NOT NULL, customer TEXT NOT NULL,
        tool TEXT NOT NULL, input TEXT NOT NULL, preview TEXT NOT NULL, hash TEXT NOT NULL, subject TEXT NOT NULL,
        amount_minor BIGINT, currency TEXT, needs_approval BIGINT NOT NULL, state TEXT NOT NULL,
        approval BIGINT, approver TEXT, decided_by TEXT, attempts BIGINT NOT NULL, result TEXT,
        created_at BIGINT NOT NULL, changed_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
      `CREATE UNIQUE INDEX intents_once ON intents (turn, tool, hash)`,
      `CREATE INDEX intents_thread ON intents (thread, id)`,
      `CREATE INDEX intents_customer ON intents (customer, tool, created_at)`,
      `CREATE INDEX intents_subject ON intents (tool, subject)`,
      `CREATE INDEX intents_decided ON intents (decided_by) WHERE decided_by IS NOT NULL`,
      `CREATE UNIQUE INDEX intents_approval ON intents (approval) WHERE approval IS NOT NULL`,
      `CREATE INDEX intents_open ON intents (state) WHERE state IN ('approved', 'running', 'awaiting_approval')`,
    ],
  },
  {
    name: "whose threads",
    statements: [
      // The customer an adapter had proof of when the thread was opened; others are in `identities`.
      `ALTER TABLE threads ADD COLUMN customer TEXT`,
      `CREATE INDEX threads_customer ON threads (customer) WHERE customer IS NOT NULL`,
    ],
  },
  {
    name: "a crew",
    statements: [
      // Which of several processes has a lane, until when.
      `CREATE TABLE claims (name TEXT PRIMARY KEY, member TEXT NOT NULL, held_until BIGINT NOT NULL)`,
      `CREATE INDEX claims_member ON claims (member)`,
    ],
  },
  {
    name: "whom others have tried to be",
    statements: [
      // Customers who may never have been here, for whoever erases them.
      `CREATE INDEX audit_limited ON audit (subject) WHERE action = 'identity.limited'`,
    ],
  },
];
