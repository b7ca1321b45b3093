/**
 * The judge: a pure function from what a run left behind to what was violated. Each rule is one of the invariants that
 * the desk promises; each has a story in judge.test.ts that turns it red.
 */
import type { Outage, RunRecord, Said, Shown, Stroke } from "./record.ts";

export interface Violation {
  /** I1 … I15, or the name of a limit. */
  rule: string;
  what: string;
  /** The thread whose story it is. */
  thread?: string;
}

export const limits = {
  drainMs: 60_000,
  silenceMs: 30_000,
  ackP99Ms: 1_000,
  exitMs: 20_000,
  /** What a busy machine may add to a wait. */
  toleranceMs: 3_000,
} as const;

export function judge(record: RunRecord): Violation[] {
  const rules = [
    nothingLost,
    moneyOnce,
    oneReply,
    inOrder,
    silentAfterTakeover,
    nothingOfOthers,
    oneAuditRow,
    noSecrets,
    backlogGone,
    nobodyInSilence,
    obedient,
    quickAcks,
    orderlyEnd,
  ];
  return rules.flatMap((rule) => rule(record));
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Whether a marker stands in a text as a word of its own: `q1` is not in `q17`. */
export function holds(text: string, marker: string): boolean {
  return marker !== "" && new RegExp(`(?<![A-Za-z0-9])${marker}(?![A-Za-z0-9])`).test(text);
}

const isStaff = (said: Said) => said.marker.startsWith("st");
const customers = ({ said }: RunRecord) => said.filter((one) => !isStaff(one));
const inDesk = (record: RunRecord, thread: string) =>
  thread === record.deskChannel ||
  thread.startsWith(`${record.deskChannel}:`) ||
  deskThreads(record).has(thread);

function deskThreads({ books }: RunRecord): Set<string> {
  return new Set(books.tickets.flatMap((ticket) => ticket.deskThread ?? []));
}

/** The customer's thread in which a message is to be read: a word of staff is for the customer of its ticket. */
function homeOf({ books }: RunRecord, said: Said): string {
  return (
    books.tickets.find((ticket) => isStaff(said) && ticket.deskThread === said.thread)?.thread ?? said.thread
  );
}

/** What the customer can read of an answer to a message: by its words, or by the books of its turn. */
function answersTo(record: RunRecord, said: Said): Shown[] {
  const here = record.shown.filter((one) => one.thread === said.thread && !one.unfinished);
  const byWords = here.filter((one) => holds(one.text, said.marker));
  if (byWords.length > 0) return byWords;
  const replies = record.books.turns
    .filter((turn) => turn.message === said.message)
    .map((turn) => turn.reply);
  return here.filter((one) => one.key !== undefined && replies.includes(one.key));
}

/** Where staff can read a customer's message: relayed into a ticket's thread, or on its card. */
function relaysOf(record: RunRecord, said: Said): Shown[] {
  return record.shown.filter((one) => inDesk(record, one.thread) && holds(one.text, said.marker));
}

/** I1: no acknowledged input is lost. */
function nothingLost(record: RunRecord): Violation[] {
  const lost = customers(record)
    .filter((said) => said.ackedAt !== undefined)
    .filter((said) => answersTo(record, said).length === 0 && relaysOf(record, said).length === 0)
    .map((said) =>
      violation("I1", `${nameOf(said)} was acknowledged, and neither answered nor shown to staff`, said),
    );
  const unheard = record.said
    .filter((said) => isStaff(said) && said.ackedAt !== undefined && wasTakenAt(record, said))
    .filter((said) => !wasToldSo(record, said))
    .filter(
      (said) =>
        !record.shown.some((one) => one.thread === homeOf(record, said) && holds(one.text, said.marker)),
    )
    .map((said) =>
      violation("I1", `${nameOf(said)} of staff was acknowledged and did not reach the customer`, said),
    );
  return [...lost, ...unheard];
}

/** Staff read that their word did not go out: somebody had let the thread go by the time it was its turn. */
function wasToldSo(record: RunRecord, said: Said): boolean {
  return record.shown.some(
    (one) =>
      one.thread === said.thread && one.at >= said.at && /^(Not sent to|Kept as a note)/.test(one.text),
  );
}

/** I2: money moves once per intent, and as the audit says. */
function moneyOnce({ effects, books }: RunRecord): Violation[] {
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

/** I3: one visible reply per turn, and nothing left half written. */
function oneReply(record: RunRecord): Violation[] {
  const found: Violation[] = [];
  for (const shown of record.shown) {
    if (shown.unfinished)
      found.push(
        about("I3", `a reply that was never finished stays visible: ${brief(shown.text)}`, shown.thread),
      );
  }
  const keyed = record.shown.filter((one) => one.key !== undefined);
  for (const [key, same] of groups(keyed, (one) => `${one.thread} ${one.key}`)) {
    if (same.length > 1 && new Set(same.map((one) => one.text)).size < same.length)
      found.push(
        about("I3", `${key} was posted ${same.length} times: ${brief(same[0]!.text)}`, same[0]!.thread),
      );
  }
  for (const said of record.said.filter((one) => one.marker !== "")) {
    const home = homeOf(record, said);
    const words = record.shown.filter((one) => one.thread === home && holds(one.text, said.marker));
    if (words.length > 1)
      found.push(violation("I3", `${nameOf(said)} was answered ${words.length} times`, said));
    const copies = relaysOf(record, said).filter((one) => !/^Ticket #\d+|^Approval #\d+/m.test(one.text));
    if (!isStaff(said) && copies.length > 1)
      found.push(violation("I3", `${nameOf(said)} was relayed to staff ${copies.length} times`, said));
  }
  return found;
}

/** I4: replies come in the customer's order, as far as the desk could know it. */
function inOrder(record: RunRecord): Violation[] {
  const found: Violation[] = [];
  const byThread = groups(
    customers(record).filter((one) => one.marker !== "" && one.ackedAt !== undefined),
    (one) => one.thread,
  );
  for (const [, all] of byThread) {
    const answered = all.flatMap((said) => {
      const [answer] = record.shown.filter(
        (one) => one.thread === said.thread && holds(one.text, said.marker),
      );
      return answer && relaysOf(record, said).length === 0 ? [{ said, answer }] : [];
    });
    for (const early of answered) {
      const overtaken = answered.find(
        (late) =>
          late.said.at > (early.said.ackedAt ?? Number.POSITIVE_INFINITY) &&
          late.said.order > early.said.order &&
          late.answer.at < early.answer.at,
      );
      if (overtaken)
        found.push(
          violation("I4", `${nameOf(overtaken.said)} was answered before ${nameOf(early.said)}`, early.said),
        );
    }
  }
  return found;
}

interface Hold {
  thread: string;
  from: number;
  to: number;
}

/**
 * From when the ticket's thread says who has it, to when the ledger says that they have let it go. The n-th such line is
 * that of the n-th takeover.
 */
function takeovers({ books, strokes }: RunRecord): Hold[] {
  return books.tickets.flatMap((ticket) => {
    const rows = books.audit.filter((row) => row.subject === String(ticket.number));
    const taken = rows.filter((row) => row.action === "ticket.taken");
    const ended = rows.filter((row) => /^ticket\.(handed_back|resolved|transferred)$/.test(row.action));
    const told = strokes.filter(
      ({ done, does, thread, text }) =>
        done && does === "post" && thread === ticket.deskThread && text.startsWith("Taken by "),
    );
    return taken.flatMap((row, nth) => {
      const from = told[nth]?.at;
      const to = Math.min(
        ...ended.filter((end) => end.at >= row.at).map((end) => end.at),
        Number.POSITIVE_INFINITY,
      );
      return from !== undefined && from < to ? [{ thread: ticket.thread, from, to }] : [];
    });
  });
}

function wasTakenAt(record: RunRecord, said: Said): boolean {
  const acked = said.ackedAt ?? Number.POSITIVE_INFINITY;
  return takeovers(record).some(
    (one) => one.thread === homeOf(record, said) && one.from < said.at && acked < one.to,
  );
}

/** I5: after a takeover is confirmed, the bot says nothing until hand-back. */
function silentAfterTakeover(record: RunRecord): Violation[] {
  const found: Violation[] = [];
  const ofStaff = record.said.filter(isStaff);
  // To end what was being shown, without a word, and to take it back, is no talk.
  const allowed = (stroke: Stroke) =>
    stroke.does === "remove" || stroke.text === "" || ofStaff.some((said) => holds(stroke.text, said.marker));
  for (const hold of takeovers(record)) {
    const talk = record.strokes.find(
      (stroke) =>
        stroke.done &&
        stroke.thread === hold.thread &&
        stroke.at > hold.from &&
        stroke.at < hold.to &&
        !allowed(stroke),
    );
    if (talk)
      found.push(
        about(
          "I5",
          `after the takeover was confirmed the bot wrote (${talk.does}): ${brief(talk.text)}`,
          hold.thread,
        ),
      );
  }
  return found;
}

/** I6: nothing of one customer reaches another. */
function nothingOfOthers(record: RunRecord): Violation[] {
  const marked = record.said.filter((one) => one.marker !== "");
  const homes = new Map(marked.map((one) => [one.marker, homeOf(record, one)]));
  return record.strokes.flatMap((stroke) => {
    const { thread } = stroke;
    if (!stroke.done || thread === undefined || inDesk(record, thread)) return [];
    const strangers = [...stroke.text.matchAll(/\b(?:q|st)\d+\b/g)].filter(([marker]) => {
      const home = homes.get(marker);
      return home !== undefined && home !== thread;
    });
    return strangers.map(([marker]) =>
      about("I6", `${marker} of another thread was shown: ${brief(stroke.text)}`, thread),
    );
  });
}

/** I9: each effect has one audit row. */
function oneAuditRow({ books }: RunRecord): Violation[] {
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

/** I10: no secret in logs, nor before staff. */
function noSecrets(record: RunRecord): Violation[] {
  return record.canaries.flatMap((canary) => [
    ...(record.logs.includes(canary) ? [about("I10", `the log holds ${masked(canary)}`, undefined)] : []),
    ...record.shown
      .filter((one) => inDesk(record, one.thread) && one.text.includes(canary))
      .map((one) => about("I10", `staff were shown ${masked(canary)}`, one.thread)),
  ]);
}

/** I11: when the faults stop, the backlog drains. */
function backlogGone({ drainedMs, books }: RunRecord): Violation[] {
  if (drainedMs !== undefined && drainedMs <= limits.drainMs && books.left.length === 0) return [];
  const left = books.left.slice(0, 10).join("; ");
  return [
    about(
      "I11",
      `the backlog was not gone after ${limits.drainMs / 1000} s: ${left || `${drainedMs} ms`}`,
      undefined,
    ),
  ];
}

/** I11: nobody waits 30 s in silence, but for the time in which the desk could do nothing. */
function nobodyInSilence(record: RunRecord): Violation[] {
  return customers(record).flatMap((said) => {
    const { ackedAt } = said;
    if (ackedAt === undefined || relaysOf(record, said).length > 0) return [];
    const sign = record.strokes.find(
      (stroke) =>
        stroke.done && stroke.thread === said.thread && stroke.at >= said.at && stroke.does !== "remove",
    );
    if (!sign) return [];
    const waited = sign.at - ackedAt - suffered(record.outages, ackedAt, sign.at, said.thread);
    if (waited <= limits.silenceMs + limits.toleranceMs) return [];
    return [violation("I11", `${nameOf(said)} had no sign of life for ${Math.round(waited / 1000)} s`, said)];
  });
}

/** How much of a time was spoilt by outages, those that overlap counted once. */
export function suffered(outages: readonly Outage[], from: number, to: number, thread?: string): number {
  const spoilt = outages
    .filter((one) => one.thread === undefined || one.thread === thread)
    .map((one) => [Math.max(from, one.from), Math.min(to, one.to)] as const)
    .filter(([start, end]) => end > start)
    .sort(([a], [b]) => a - b);
  let total = 0;
  let until = from;
  for (const [start, end] of spoilt) {
    total += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return total;
}

/** I15: no request inside of a Retry-After, and nothing else that the platforms object to. */
function obedient({ offences }: RunRecord): Violation[] {
  return [...new Set(offences)].map((offence) =>
    about("I15", `${offence} (${offences.filter((one) => one === offence).length} times)`, undefined),
  );
}

function quickAcks({ acks, outages }: RunRecord): Violation[] {
  const fair = acks
    .filter((ack) => suffered(outages, ack.at - ack.tookMs, ack.at) === 0)
    .map((ack) => ack.tookMs);
  const p99 = percentile(fair, 0.99);
  return p99 < limits.ackP99Ms
    ? []
    : [about("acks", `p99 of ${fair.length} acknowledgements is ${Math.round(p99)} ms`, undefined)];
}

/** It ends when it is told to, and only then; a disk that is full may keep it from starting. */
function orderlyEnd({ exit, fell, outages }: RunRecord): Violation[] {
  const storage = outages.filter((one) => /disk|ledger/.test(one.what));
  const alone = fell
    .filter(({ at }) => !storage.some((one) => one.from <= at && at <= one.to))
    .map(({ words }) => about("end", `the process ended by itself: ${words}`, undefined));
  if (exit.code === 0 && exit.tookMs <= limits.exitMs) return alone;
  return [
    ...alone,
    about("end", `after SIGTERM: exit code ${exit.code} in ${Math.round(exit.tookMs)} ms`, undefined),
  ];
}

export function groups<T>(all: readonly T[], by: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const same = found.get(by(one));
    if (same) same.push(one);
    else found.set(by(one), [one]);
  }
  return found;
}

const nameOf = (said: Said) => said.marker || brief(said.text);
const brief = (text: string) => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
const masked = (canary: string) => `${canary.slice(0, 4)}…`;
const violation = (rule: string, what: string, said: Said): Violation => ({
  rule,
  what,
  thread: said.thread,
});
const about = (rule: string, what: string, thread: string | undefined): Violation => ({
  rule,
  what,
  ...(thread === undefined ? {} : { thread }),
});
