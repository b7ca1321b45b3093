/**
 * Erasing a customer. What is theirs is looked for first, a little at a time. Then it is taken from where the ledger
 * alone knows that it is theirs, memory and files, and then from the ledger, in one transaction: a process that dies in
 * between finds its way again. A turn that was under way may still leave something behind, and that is swept up; last
 * both databases are scrubbed of what was deleted.
 *
 * What stays: the records of writes and deeds under pseudonyms, and one row that says that somebody was erased. Messages
 * on Slack or Discord are not ours to delete.
 */
import type { Clock } from "../clock.ts";
import { knownPseudonyms } from "../ledger/pseudonyms.ts";
import type { Ledger, Reader } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { MessageId, ThreadId, UserId } from "../thread.ts";
import { endsWithin, withinTime } from "../time-limit.ts";
import type { CustomerFiles } from "./customer-files.ts";
import { countRows, type ErasedRows, eraseRows, isSomething, sweep } from "./erase-rows.ts";
import type { Forgetting } from "./forgetting.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { walk } from "./walk.ts";
import { type Who, whoIs } from "./who.ts";

export interface EraseParts {
  ledger: Ledger;
  memory: Forgetting;
  files: CustomerFiles;
  /** The address that a customer's mails go to, where the company can say so. */
  addressOf?(customer: string): Promise<string | undefined>;
  /** Of a desk that is running: what is under way in a thread, or on its way into one. */
  lanes?: {
    interrupt(lane: string): void;
    /** Resolves when nothing is under way there, in any process of the desk. */
    idleIn(lane: string): Promise<void>;
  };
  /** Of a desk that is running: what its platforms have noted of threads by themselves. */
  forgetElsewhere?(threads: readonly ThreadId[]): Promise<void>;
  /** Larger databases are not written anew: it would hold everything up for seconds. None: whatever it takes. */
  scrubBytesMax?: number | undefined;
  clock: Clock;
  log: Log;
}

export interface Erasure {
  customers: string[];
  accounts: UserId[];
  rows: ErasedRows;
  /** Absolute paths. */
  files: string[];
  /** Cards of their tickets and approvals in the human channel, which is not ours to empty, by the platform's ids. */
  cards: MessageId[];
  /** When this customer was erased before, in milliseconds since 1970. */
  before: number | undefined;
  /** False: the databases are too large to be written anew now, so pieces may be left in unused parts of them. */
  whole: boolean;
}

const lookupMs = 10_000;
const writesEndMs = 15_000;
const writesLookMs = 100;
const lanesEndMs = 5_000;

/**
 * @param name the company's id of a customer, or the id of an account; all accounts of the customer are meant
 * @param by who does it: `operator`, or the customer's own account
 * @throws DeskError memory_failed before the ledger is changed; ledger_busy when only the log still holds what is erased
 */
export async function eraseCustomer(parts: EraseParts, name: string, by = "operator"): Promise<Erasure> {
  const { ledger, clock, memory, lanes } = parts;
  const { who, traces, files } = await search(parts, name);
  await writesHaveEnded(parts, who);
  const touched = [...who.threads, ...new Set(traces.elsewhere.map((one) => one.thread))];
  for (const thread of touched) lanes?.interrupt(thread);
  await memory.forget(touched);
  await parts.files.remove(files);
  const noted = [...who.threads, ...traces.deskThreads];
  await forgetNotes(parts, noted);
  const rows = await ledger.write((tx) => eraseRows(tx, clock, { who, traces, name, by }));
  // What has begun again meanwhile is broken off, too; it finds that there is nothing left to do.
  for (const thread of touched) lanes?.interrupt(thread);
  if (lanes) await endsWithin(clock, lanesEndMs, Promise.all(touched.map(lanes.idleIn)));
  // Once more: what was in the air has been noted, and written, too.
  await forgetNotes(parts, noted);
  const late = isSomething(rows) ? await filesOf(parts, who, traces) : [];
  await parts.files.remove(late);
  await memory.forget(await ledger.write((tx) => sweep(tx, clock, touched)));
  const scrubbed = [await ledger.scrub?.(parts.scrubBytesMax), await memory.scrub(parts.scrubBytesMax)];
  parts.log.info("customer.erased", { ...rows, files: files.length });
  const before = isSomething(rows) ? undefined : await erasedBefore(ledger, name);
  const { customers, accounts } = who;
  const { cards } = traces;
  const whole = !scrubbed.includes(false);
  return { customers, accounts, rows, files: [...files, ...late], cards, before, whole };
}

/** A running platform's own notes, and those in files, which may be of a platform that does not run now. */
async function forgetNotes(parts: EraseParts, threads: readonly ThreadId[]): Promise<void> {
  await parts.forgetElsewhere?.(threads);
  await parts.files.forgetLines(threads);
}

/** What would be erased; nothing is. */
export async function examineCustomer(parts: EraseParts, name: string): Promise<Erasure> {
  const { who, traces, files } = await search(parts, name);
  const rows = await parts.ledger.read((tx) => countRows(tx, { who, traces }));
  const before = isSomething(rows) ? undefined : await erasedBefore(parts.ledger, name);
  const { customers, accounts } = who;
  return { customers, accounts, rows, files, cards: traces.cards, before, whole: false };
}

export const isKnown = ({ rows, files }: Erasure): boolean => isSomething(rows) || files.length > 0;

async function search(
  parts: EraseParts,
  name: string,
): Promise<{ who: Who; traces: Traces; files: string[] }> {
  const { ledger } = parts;
  const who = await ledger.read((tx) => whoIs(tx, name));
  const traces = await tracesOf(ledger, who);
  const known = isSomething(await ledger.read((tx) => countRows(tx, { who, traces })));
  return { who, traces, files: known ? await filesOf(parts, who, traces) : [] };
}

async function filesOf(parts: EraseParts, who: Who, traces: Traces): Promise<string[]> {
  const onFile = await Promise.all(who.customers.map((customer) => addressOf(parts, customer)));
  const addresses = [...traces.addresses, ...onFile.flatMap((one) => one?.toLowerCase() ?? [])];
  const found = await parts.files.find({ copies: traces.copies, addresses });
  return [...found, ...(await parts.files.broken())];
}

/** A company's lookup that fails, or never answers, keeps nobody from being erased. */
async function addressOf(parts: EraseParts, customer: string): Promise<string | undefined> {
  try {
    const limits = { clock: parts.clock, toolTimeoutMs: lookupMs };
    return await withinTime(limits, new AbortController().signal, () => parts.addressOf?.(customer));
  } catch (error) {
    parts.log.warn("customer.address_unknown", { error });
    return undefined;
  }
}

/** A write that is running ends first, so that its record says how; one that nobody runs any more is not waited for long. */
async function writesHaveEnded({ ledger, clock, lanes }: EraseParts, who: Who): Promise<void> {
  const end = clock.elapsed() + (lanes ? writesEndMs : 0);
  while ((await ledger.read((tx) => writesUnderWay(tx, who))) && clock.elapsed() < end) {
    await clock.sleep(writesLookMs);
  }
}

async function writesUnderWay(tx: Reader, who: Who): Promise<boolean> {
  const open = await tx.all<{ thread: string; customer: string }>(
    "SELECT thread, customer FROM intents WHERE state IN ('approved', 'running')",
  );
  return open.some(
    ({ thread, customer }) => who.threads.includes(thread) || who.customers.includes(customer),
  );
}

async function erasedBefore(ledger: Ledger, name: string): Promise<number | undefined> {
  const pseudonym = await ledger.read(knownPseudonyms);
  if (!pseudonym) return undefined;
  const id = pseudonym(name);
  let at: number | undefined;
  const sql = "SELECT id, at, action, subject, detail FROM audit WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<ErasedRow>(ledger, sql)) {
    for (const row of rows) {
      if (row.action !== "customer.erased") continue;
      if (row.subject === id || row.detail.includes(`"${id}"`)) at = row.at;
    }
  }
  return at;
}

interface ErasedRow {
  id: string;
  at: number;
  action: string;
  subject: string;
  detail: string;
}
