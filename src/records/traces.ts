/**
 * Where a customer has left traces outside of their own threads, which an index finds: tables are walked for them, a
 * little at a time, before anything is changed.
 */
import type { Ledger } from "../ledger.ts";
import { type MessageId, platformOf, type ThreadId, type UserId } from "../thread.ts";
import { copiesIn, copiesInEvent } from "./copies.ts";
import { walk } from "./walk.ts";
import type { Who } from "./who.ts";

export interface Traces {
  /** What they wrote in threads of others. */
  elsewhere: { id: MessageId; thread: ThreadId; turn: string | undefined; text: string }[];
  /** Mail addresses that they have written, in small letters. */
  addresses: string[];
  /** Copies of files that were sent in their threads or by them, and by nobody else. */
  copies: string[];
  /** The staff's side of their tickets. */
  deskThreads: ThreadId[];
  /** The cards above it, and those of what they have asked approval for. */
  cards: MessageId[];
  /** Rows of the inbox, and the keys under which their events, or events about their messages, may come again. */
  inbox: string[];
  keys: string[];
  /** Audit rows outside of their threads: what they did there, and what names them as a customer. */
  deeds: { id: string; actor: UserId }[];
  named: string[];
  marks: { platform: string; name: string }[];
}

const address = /[^\s<>"'(),;]+@[^\s<>"'(),;]+\.[^\s<>"'(),;]*[^\s<>"'(),;.!?]/g;

export async function tracesOf(ledger: Ledger, who: Who): Promise<Traces> {
  const own = new Set<string>(who.threads);
  const accounts = new Set<string>(who.accounts);
  const said = await messagesOf(ledger, own, accounts);
  const ids = new Set([...own, ...said.ids, ...(await postedIn(ledger, who.threads))]);
  const desk = await deskOf(ledger, who.threads);
  const events = await inboxOf(ledger, { who, own, ids, desk });
  const others = new Set([...said.otherCopies, ...events.otherCopies]);
  return {
    elsewhere: said.elsewhere,
    addresses: said.addresses,
    copies: [...new Set([...said.copies, ...events.copies])].filter((copy) => !others.has(copy)),
    deskThreads: [...desk.lanes],
    cards: [...desk.cards],
    inbox: events.inbox,
    keys: events.keys,
    ...(await auditOf(ledger, who, own, accounts)),
    marks: await marksOf(ledger, who),
  };
}

interface MessageRow {
  id: string;
  thread: string;
  author: string;
  by_user: string | null;
  text: string;
  files: string | null;
  turn: string | null;
}

async function messagesOf(ledger: Ledger, own: ReadonlySet<string>, accounts: ReadonlySet<string>) {
  const ids: MessageId[] = [];
  const elsewhere: Traces["elsewhere"] = [];
  const addresses = new Set<string>();
  const copies: string[] = [];
  const otherCopies: string[] = [];
  const sql =
    "SELECT id, thread, author, by_user, text, files, turn FROM messages WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<MessageRow>(ledger, sql)) {
    for (const { id, thread, author, by_user, text, files, turn } of rows) {
      const theirs = author === "customer" && by_user !== null && accounts.has(by_user);
      (theirs || own.has(thread) ? copies : otherCopies).push(...copiesIn(files));
      if (!theirs && !own.has(thread)) continue;
      ids.push(id);
      if (!theirs) continue;
      for (const found of text.match(address) ?? []) addresses.add(found.toLowerCase());
      if (!own.has(thread)) elsewhere.push({ id, thread, text, turn: turn ?? undefined });
    }
  }
  return { ids, elsewhere, addresses: [...addresses], copies, otherCopies };
}

/** What was posted into their threads, or about them, by the platforms' ids. */
async function postedIn(ledger: Ledger, threads: readonly ThreadId[]): Promise<MessageId[]> {
  const ids: MessageId[] = [];
  const sql = "SELECT id, posted FROM outbox WHERE thread = ? AND id > ? ORDER BY id LIMIT ?";
  for (const thread of threads) {
    for await (const rows of walk<{ id: string; posted: string | null }>(ledger, sql, thread)) {
      ids.push(...rows.flatMap(({ posted }) => posted ?? []));
    }
  }
  return ids;
}

/** What staff did about them lies in other lanes: their tickets' threads, and buttons with their numbers. */
interface DeskSide {
  lanes: Set<string>;
  /** `ticket. 7`, `intent. 3` */
  presses: Set<string>;
  cards: Set<MessageId>;
}

/** What may stand behind the number: which write, which queue. */
const pressForm = /^(\w+\.)\w+ (\d+)(?: |$)/;
/** Staff's `/support note 7 …`, with the ticket's number. */
const commandForm = /^\s*(?:take|resolve|hand\s*back|note|transfer)\s+#?(\d+)\b/i;

async function deskOf(ledger: Ledger, threads: readonly ThreadId[]): Promise<DeskSide> {
  const lanes = new Set<string>();
  const presses = new Set<string>();
  const cards = new Set<MessageId>();
  for (const thread of threads) {
    await ledger.read(async (tx) => {
      const tickets = await tx.all<{ number: number; desk_thread: string | null; card: string | null }>(
        "SELECT number, desk_thread, card FROM tickets WHERE thread = ?",
        thread,
      );
      for (const { number, desk_thread, card } of tickets) {
        if (card !== null) cards.add(card);
        presses.add(`ticket. ${number}`);
        if (desk_thread !== null) lanes.add(desk_thread);
      }
      const held = await tx.all<{ approval: number; card: string | null }>(
        `SELECT approval, (SELECT MAX(posted) FROM outbox WHERE source = 'approval:' || approval) AS card
         FROM intents WHERE thread = ? AND approval IS NOT NULL ORDER BY approval`,
        thread,
      );
      for (const { approval, card } of held) {
        presses.add(`intent. ${approval}`);
        if (card !== null) cards.add(card);
      }
    });
  }
  return { lanes, presses, cards };
}

interface InboxRow {
  id: string;
  lane: string;
  event: string;
}

async function inboxOf(
  ledger: Ledger,
  about: { who: Who; own: ReadonlySet<string>; ids: ReadonlySet<string>; desk: DeskSide },
) {
  const { who, own, ids, desk } = about;
  const quoted = [...who.accounts, ...who.threads].map((id) => JSON.stringify(id));
  const inbox: string[] = [];
  const keys = new Set<string>();
  const copies: string[] = [];
  const otherCopies: string[] = [];
  const sql = "SELECT id, lane, event FROM inbox WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<InboxRow>(ledger, sql)) {
    for (const { id, lane, event } of rows) {
      const theirs =
        own.has(lane) ||
        desk.lanes.has(lane) ||
        quoted.some((one) => event.includes(one)) ||
        isPress(event, desk.presses);
      (theirs ? copies : otherCopies).push(...copiesInEvent(event));
      if (!theirs) continue;
      inbox.push(id);
      for (const key of (JSON.parse(event) as { keys: string[] }).keys) keys.add(key);
    }
  }
  const keySql = "SELECT key AS id FROM inbox_keys WHERE key > ? ORDER BY key LIMIT ?";
  for await (const rows of walk<{ id: string }>(ledger, keySql)) {
    for (const { id } of rows) if (beginsWithOne(id, ids) || namesOne(id, who.accounts)) keys.add(id);
  }
  return { inbox, keys: [...keys], copies, otherCopies };
}

function isPress(event: string, presses: ReadonlySet<string>): boolean {
  if (presses.size === 0 || !/"kind":"(?:action|command)"/.test(event)) return false;
  const { kind, name, value, text } = JSON.parse(event) as Record<string, unknown>;
  if (kind === "command") return presses.has(`ticket. ${commandForm.exec(String(text))?.[1]}`);
  const [, about, number] = pressForm.exec(`${name} ${value}`) ?? [];
  return presses.has(`${about} ${number}`);
}

/** Keys of what happens to a message begin with the message's id, and that with its thread's. */
function beginsWithOne(key: string, ids: ReadonlySet<string>): boolean {
  if (ids.has(key)) return true;
  for (let at = 0; at < key.length; at++) {
    if ((key[at] === ":" || key[at] === "/") && ids.has(key.slice(0, at))) return true;
  }
  return false;
}

/** Reactions, pages and buttons have their person's id in the key. */
function namesOne(key: string, accounts: readonly UserId[]): boolean {
  return accounts.some(
    (account) => key.startsWith(`${platformOf(account)}:`) && key.split(":").includes(ownId(account)),
  );
}

/** An account's id as its platform says it. */
const ownId = (account: UserId): string => account.slice(account.lastIndexOf(":") + 1);

interface DeedRow {
  id: string;
  actor: string;
  action: string;
  subject: string;
  thread: string | null;
}

async function auditOf(
  ledger: Ledger,
  who: Who,
  own: ReadonlySet<string>,
  accounts: ReadonlySet<string>,
): Promise<Pick<Traces, "deeds" | "named">> {
  const customers = new Set(who.customers);
  const deeds: Traces["deeds"] = [];
  const named: string[] = [];
  const sql = "SELECT id, actor, action, subject, thread FROM audit WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<DeedRow>(ledger, sql)) {
    for (const { id, actor, action, subject, thread } of rows) {
      if (thread !== null && own.has(thread)) continue;
      if (action.startsWith("identity.") && (customers.has(subject) || accounts.has(actor))) named.push(id);
      else if (accounts.has(actor)) deeds.push({ id, actor });
    }
  }
  return { deeds, named };
}

/**
 * What an adapter keeps about an account has its id, as the platform says it, among the words of the name or as the
 * value; what it keeps about a conversation has that one's id behind the first word of the name. How far channels have
 * been read stays: else what is forgotten would be read again.
 */
async function marksOf(ledger: Ledger, { accounts, threads }: Who): Promise<Traces["marks"]> {
  const own = new Set<string>(threads);
  const rows = await ledger.read((tx) =>
    tx.all<{ platform: string; name: string; value: string }>("SELECT platform, name, value FROM marks"),
  );
  return rows.filter(
    ({ platform, name, value }) =>
      own.has(`${platform}${name.slice(name.indexOf(":"))}`) ||
      accounts.some(
        (account) =>
          platformOf(account) === platform &&
          (value === ownId(account) || name.split(":").includes(ownId(account))),
      ),
  );
}
