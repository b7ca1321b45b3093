/** How long, how fast, how quiet: times, secrets, manners towards the platforms, and the end. */
import { groups, percentile, suffered } from "./measures.ts";
import { customers, inDesk, relaysOf } from "./people.ts";
import type { RunRecord, Said } from "./record.ts";
import { about, nameOf, type Violation, violation } from "./violation.ts";

export const limits = {
  drainMs: 60_000,
  silenceMs: 30_000,
  ackP99Ms: 1_000,
  exitMs: 20_000,
  /** A call may have been on its way when its process was told to wait. */
  knowsAfterMs: 100,
  /** By then it is written down for whoever comes after it. */
  keptAfterMs: 300,
  /** By then somebody has begun with a message. */
  receivedMs: 2_000,
  /** What a busy machine may add to a wait. */
  toleranceMs: 3_000,
} as const;

/** A process that is killed may be noted as dead a moment after its connection has ended. */
const closedMs = 200;

/** I10: no secret in logs, nor before staff. */
export function noSecrets(record: RunRecord): Violation[] {
  return record.canaries.flatMap((canary) => [
    ...(record.logs.includes(canary) ? [about("I10", `the log holds ${masked(canary)}`, undefined)] : []),
    ...record.shown
      .filter((one) => inDesk(record, one.thread) && one.text.includes(canary))
      .map((one) => about("I10", `staff were shown ${masked(canary)}`, one.thread)),
  ]);
}

/** I11: when the faults stop, the backlog drains. */
export function backlogGone({ drainedMs, books }: RunRecord): Violation[] {
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
export function nobodyInSilence(record: RunRecord): Violation[] {
  return silences(record).flatMap(({ said, waitedMs, excusedMs }) => {
    const blamedMs = waitedMs - excusedMs;
    if (blamedMs <= limits.silenceMs + limits.toleranceMs) return [];
    return [
      violation("I11", `${nameOf(said)} had no sign of life for ${Math.round(blamedMs / 1000)} s`, said),
    ];
  });
}

export interface Silence {
  said: Said;
  /** From the acknowledgement to the first sign of life. */
  waitedMs: number;
  /** For how much of it the desk could do nothing. */
  excusedMs: number;
}

export function silences(record: RunRecord): Silence[] {
  return customers(record).flatMap((said) => {
    if (said.ackedAt === undefined || relaysOf(record, said).length > 0) return [];
    // Where one process listens for all, it may be long before anybody hears.
    const since = record.listened ? said.at : said.ackedAt;
    const sign = record.strokes.find(
      (stroke) =>
        stroke.done && stroke.thread === said.thread && stroke.at >= said.at && stroke.does !== "remove",
    );
    if (!sign) return [];
    const mayMatter = sign.at - since > limits.silenceMs;
    const outages = mayMatter ? outagesFor(record, said, said.ackedAt) : outagesOfAll(record);
    const excusedMs = suffered(outages, since, sign.at, said.thread);
    return [{ said, waitedMs: sign.at - since, excusedMs }];
  });
}

const outagesOfAll = ({ outages }: RunRecord) => outages.filter((one) => one.takenFrom === undefined);

/**
 * A process's end concerns who waits for what it had in hand: it was the last to ask the model in this thread, or nobody
 * had begun, and it may be the one that had taken the message.
 */
function outagesFor(record: RunRecord, said: Said, ackedAt: number): RunRecord["outages"] {
  const ofThread = new Set(
    record.said.filter((one) => one.thread === said.thread).map(({ marker }) => marker),
  );
  const asked = record.asked.filter(({ markers }) => markers.some((marker) => ofThread.has(marker)));
  return record.outages.filter(({ takenFrom, from }) => {
    if (takenFrom === undefined || endsListening(record, takenFrom, from)) return true;
    const last = asked.findLast(({ at }) => at <= from);
    return last?.by === takenFrom || (from - ackedAt < limits.receivedMs && (last?.at ?? 0) < ackedAt);
  });
}

/** Until another process listens nobody is heard: the end of the one that did, or of one that was about to. */
function endsListening({ listened }: RunRecord, process: string, at: number): boolean {
  if (!listened) return false;
  const now = listened.filter(({ from, to = Number.POSITIVE_INFINITY }) => from <= at && at <= to + closedMs);
  return now.length === 0 || now.some(({ by }) => by === process);
}

/**
 * I15: no request inside of a Retry-After, by whatever process, and nothing else that the platforms object to. What was
 * told right before a death, or while nothing could be written, nobody else can know.
 */
export function obedient({ offences, early, outages }: RunRecord): Violation[] {
  const ofAll = outages.filter((one) => one.thread === undefined);
  const stood = ofAll.filter((one) => /frozen|busy/.test(one.what));
  const knowing = early.filter(
    ({ toldAt, at }) =>
      at - toldAt - suffered(stood, toldAt, at) > limits.knowsAfterMs &&
      suffered(ofAll, toldAt, toldAt + limits.keptAfterMs) === 0,
  );
  return [
    ...[...groups(offences, (one) => one)].map(([offence, same]) =>
      about("I15", `${offence} (${same.length} times)`, undefined),
    ),
    ...knowing.map(({ gate, toldAt, to, at, by }) =>
      about(
        "I15",
        `${gate.slice(0, 80)} by ${by} inside of a Retry-After, ${at - toldAt} ms after ${to} was told`,
        undefined,
      ),
    ),
  ];
}

export function quickAcks(record: RunRecord): Violation[] {
  const fair = fairAcks(record);
  const p99 = percentile(fair, 0.99);
  return p99 < limits.ackP99Ms
    ? []
    : [about("acks", `p99 of ${fair.length} acknowledgements is ${Math.round(p99)} ms`, undefined)];
}

/** How long acknowledgements took while nothing kept the desk from them. */
export function fairAcks(record: RunRecord): number[] {
  const { acks } = record;
  const full = outagesOfAll(record);
  return acks.filter((ack) => suffered(full, ack.at - ack.tookMs, ack.at) === 0).map((ack) => ack.tookMs);
}

/** It ends when it is told to, and only then; storage that fails may keep it from starting, and ends no desk that works. */
export function orderlyEnd({ exit, fell, outages }: RunRecord): Violation[] {
  const storage = outages.filter((one) => /disk|ledger/.test(one.what));
  const alone = fell
    .filter(({ at, ready }) => ready || !storage.some((one) => one.from <= at && at <= one.to))
    .map(({ words }) => about("end", `the process ended by itself: ${words}`, undefined));
  if (exit.code === 0 && exit.tookMs <= limits.exitMs) return alone;
  return [
    ...alone,
    about("end", `after SIGTERM: exit code ${exit.code} in ${Math.round(exit.tookMs)} ms`, undefined),
  ];
}

const masked = (canary: string) => `${canary.slice(0, 4)}…`;
