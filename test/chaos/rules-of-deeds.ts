/** What is done: money once, and one row in the audit for each effect. */
import { groups } from "./measures.ts";
import type { RunRecord } from "./record.ts";
import { about, type Violation } from "./violation.ts";

/** I2: money moves once per intent, and as the audit says. */
export function moneyOnce({ effects, books }: RunRecord): Violation[] {
  const found: Violation[] = [];
  const threadOf = (key: string) => books.intents.find((one) => one.id === key)?.thread;
  for (const [field, name] of [
    ["key", "under the key"],
    ["subject", "for"],
  ] as const) {
    for (const [value, same] of groups(effects, (effect) => effect[field])) {
      if (same.length > 1)
        found.push(about("I2", `money moved ${same.length} times ${name} ${value}`, threadOf(same[0]!.key)));
    }
  }
  const done = books.audit.filter((row) => row.action === "intent.done");
  for (const effect of effects) {
    const row = done.find((one) => one.detail.intent === effect.key);
    const thread = threadOf(effect.key);
    if (!row)
      found.push(
        about("I2", `${effect.minor} moved for ${effect.subject}, and the audit has no row`, thread),
      );
    else if (row.detail.minor !== effect.minor)
      found.push(
        about(
          "I2",
          `${effect.minor} moved for ${effect.subject}, the audit says ${row.detail.minor}`,
          thread,
        ),
      );
  }
  for (const row of done) {
    const { intent, minor } = row.detail;
    if (minor === undefined || effects.some((effect) => effect.key === intent)) continue;
    found.push(
      about("I2", `the audit says that ${row.subject} was done, and no money moved`, row.thread ?? undefined),
    );
  }
  return found;
}

/** I9: each effect has one audit row. */
export function oneAuditRow({ books }: RunRecord): Violation[] {
  const found: Violation[] = [];
  const ended = groups(
    books.audit.filter((row) => row.action === "turn.ended"),
    (row) => row.turn ?? "",
  );
  for (const [turn, rows] of ended) {
    if (rows.length > 1)
      found.push(about("I9", `${turn} has ended ${rows.length} times`, rows[0]!.thread ?? undefined));
  }
  for (const { turn, thread, calls } of books.journal) {
    // What staff have approved is journalled, too, and is no turn.
    if (!turn.startsWith("t_in_")) continue;
    if (!ended.has(turn)) found.push(about("I9", `the audit does not know of ${turn}`, thread));
    const called = books.audit.filter((row) => row.action === "tool.called" && row.turn === turn).length;
    if (called !== calls)
      found.push(about("I9", `${turn} has ${calls} calls and ${called} rows of them`, thread));
  }
  for (const action of ["intent.done", "intent.failed"]) {
    const rows = books.audit.filter((row) => row.action === action);
    for (const [intent, same] of groups(rows, (row) => String(row.detail.intent))) {
      if (same.length > 1)
        found.push(
          about("I9", `${action} stands ${same.length} times for ${intent}`, same[0]!.thread ?? undefined),
        );
    }
  }
  for (const intent of books.intents) {
    const rows = books.audit.filter((row) => row.action === "intent.done" && row.detail.intent === intent.id);
    if (intent.state === "done" && rows.length === 0)
      found.push(about("I9", `${intent.id} is done, and the audit does not say so`, intent.thread));
  }
  return found;
}
