/**
 * One try at taking a row of the outbox to its platform.
 *
 * Before every post it asks whether the fence still holds: a reply of the bot to a thread that a person has taken is
 * cancelled. A post that may already have arrived (the process died, the platform did not answer) is looked for first;
 * where a platform cannot be asked, the row is marked before the post, and what broke off in between counts as posted.
 */
import type { Claim } from "./crew.ts";
import { codeOf, DeskError } from "./errors.ts";
import { copiesOf, counterpartsOf, withdrawnOf } from "./ledger/copies.ts";
import { fenceOf } from "./ledger/fence.ts";
import {
  findRow,
  isPosted,
  markOver,
  markSending,
  type OutboxRow,
  type Send,
  unreserve,
} from "./ledger/outbox.ts";
import { findTicket } from "./ledger/tickets.ts";
import type { Ledger, Reader, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Draft, Platform, Post, Posted, Sought, Target } from "./platform.ts";
import { type ChannelId, type MessageId, platformOf, type ThreadId } from "./thread.ts";

export interface Job {
  row: OutboxRow;
  /** What has been shown of it, or may be, until its end is begun: that is done once. */
  draft: Draft | undefined;
  /** It may have been posted already. */
  doubtful: boolean;
  /** When it may be tried, by `clock.elapsed`: what the wall says may jump. */
  dueAt: number;
  /** Where several processes send: this one's right to the row's lane. */
  claim?: Claim;
  /** It does not wait here for long: any process can try it then. */
  handsOn?: boolean;
}

export interface AttemptParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  /** Resolves when nothing of the bot is on its way into this thread, from wherever. */
  settled(thread: ThreadId): Promise<void>;
  /** In the transaction that gives a row up because somebody else has its thread by now. */
  overtaken(tx: Transaction, row: OutboxRow): Promise<OutboxRow[]>;
  push(rows: readonly OutboxRow[]): void;
  /** Tells the ledger what has been sent and not told yet. */
  writeNotes(): Promise<void>;
  log: Log;
}

interface Home {
  target: Target;
  card: Posted | undefined;
}

/**
 * @returns what was posted; "over" when nothing is to be sent any more, and the ledger says so. The attempt throws what the
 * platform said, and what the ledger throws, ledger_conflict when another process has the row
 */
export function createAttempt(parts: AttemptParts): (job: Job) => Promise<Posted | undefined | "over"> {
  const { ledger, platforms, log } = parts;

  async function attempt(job: Job): Promise<Posted | undefined | "over"> {
    const { row } = job;
    const { send } = row;
    const home = await homeOf(send);
    if (row.state === "drafting") return takeBack(job, home as Home);
    if (!(await mayGo(job))) {
      await job.draft?.abandon();
      // Half of it may have been shown; to look for the whole takes that back.
      if (job.doubtful && send.does === "post") await lookFor(row, home as Home, { post: send.post });
      const next = await ledger.write(async (tx) => {
        await markOver(tx, row.id, "cancelled", "a person has the thread");
        return parts.overtaken(tx, row);
      });
      log.info("send.cancelled", { outbox: row.id, thread: row.thread });
      parts.push(next);
      return "over";
    }
    if (row.source && send.does === "post" && !(await refresh(row))) return "over";
    switch (row.send.does) {
      case "post":
      case "card":
        return post(job, home as Home, row.send.post);
      case "mark":
        await platformFor(platforms, row.send.message).mark?.(row.send.message, row.send.mark, row.send.set);
        return undefined;
      case "edit":
        for (const copy of await copies(row.send.copiesOf))
          await platformFor(platforms, copy).edit?.(copy, row.send.post);
        return undefined;
      case "remove":
        await takeBackWithdrawn(row.send.copiesOf);
        for (const copy of await copies(row.send.copiesOf)) await platformFor(platforms, copy).remove?.(copy);
        return undefined;
      case "react": {
        const { counterpartsOf: message, emoji, added } = row.send;
        for (const other of await ledger.read((tx) => counterpartsOf(tx, message)))
          await platformFor(platforms, other).react?.(other, emoji, added);
        return undefined;
      }
    }
  }

  /** A copy follows its message while it waits: it says what that says now, or is not to be posted at all. */
  async function refresh(row: OutboxRow): Promise<boolean> {
    const now = await ledger.read((tx) => findRow(tx, row.id));
    if (!now || now.state === "cancelled") return false;
    row.send = now.send;
    return true;
  }

  /** A copy may have arrived, or a part of it, before it was withdrawn, and whoever had tried it may be gone. */
  async function takeBackWithdrawn(source: MessageId): Promise<void> {
    for (const row of await ledger.read((tx) => withdrawnOf(tx, source))) {
      if (row.send.does !== "post") continue;
      try {
        const home = (await homeOf(row.send)) as Home;
        const there = await lookFor(row, home, { post: row.send.post, over: true });
        if (there) await platformFor(platforms, there.id).remove?.(there.id);
      } catch (error) {
        // Where nothing can be reached any more, nothing is read.
        if (codeOf(error) !== "platform_unreachable") throw error;
      }
    }
  }

  /** What a process that died had shown of an unfinished reply. */
  async function takeBack({ row, claim }: Job, home: Home): Promise<"over"> {
    if (claim) await stillLeft(row, claim);
    const platform = platformOfTarget(platforms, home.target);
    const shown = await platform.find?.(home.target, row.id);
    if (shown) await platform.remove?.(shown.id);
    await ledger.write((tx) => unreserve(tx, row.id));
    return "over";
  }

  /** Whoever was showing a reply may have ended it since its row was read. */
  async function stillLeft(row: OutboxRow, claim: Claim): Promise<void> {
    const left = await ledger.write(async (tx) => {
      await claim.check(tx);
      return (await findRow(tx, row.id))?.state === "drafting";
    });
    if (!left || !claim.holds()) throw new DeskError("ledger_conflict", `another process is at ${row.lane}`);
  }

  async function post(job: Job, home: Home, content: Post): Promise<Posted> {
    const { row } = job;
    if (home.card) {
      const platform = platformFor(platforms, home.card.id);
      if (platform.edit) await platform.edit(home.card.id, content);
      return home.card;
    }
    const platform = platformOfTarget(platforms, home.target);
    const { draft } = job;
    if (platform.find) {
      // Also where a draft is at hand: another process may have posted it since.
      const there = job.doubtful ? await lookFor(row, home, { post: content }) : undefined;
      if (there) return there;
    } else {
      if (job.doubtful && row.state === "sending" && !draft)
        return { id: `${platform.name}:unknown`, thread: row.thread ?? "" };
      if (row.state !== "sending") await ledger.write((tx) => markSending(tx, row.id));
      row.state = "sending";
    }
    if (!draft) return platform.post(home.target, content, row.id);
    job.draft = undefined;
    return draft.finish(content);
  }

  async function lookFor(
    row: OutboxRow,
    { target }: Home,
    sought: Pick<Sought, "post" | "over">,
  ): Promise<Posted | undefined> {
    const taken = async (message: MessageId) => ledger.read((tx) => isPosted(tx, message));
    const platform = platformOfTarget(platforms, target);
    return platform.find?.(target, row.id, { ...sought, since: row.createdAt, taken });
  }

  /** Where a row goes: its target, or the card that it brings up to date. */
  async function homeOf(send: Send): Promise<Home | undefined> {
    if (send.does !== "post" && send.does !== "card") return undefined;
    await Promise.all([send.after ?? []].flat().map(parts.settled));
    if (send.does === "post" && !("ticket" in send.to)) return { target: send.to, card: undefined };
    const number = send.does === "card" ? send.ticket : (send.to as { ticket: number }).ticket;
    const ticket = await ledger.read((tx) => findTicket(tx, number));
    const placed =
      ticket?.card && ticket.deskThread ? { id: ticket.card, thread: ticket.deskThread } : undefined;
    if (send.does === "card") return { target: { channel: send.channel }, card: placed };
    if (!placed)
      throw new DeskError("platform_unreachable", `ticket ${number} has no card in the human channel`);
    return { target: { thread: placed.thread }, card: undefined };
  }

  /**
   * It is still to be sent: nobody else has the thread, and it has not been erased. Where several processes send, the
   * same commit says that this one is at it.
   */
  async function mayGo({ row, claim }: Job): Promise<boolean> {
    if (!claim) return ledger.read((tx) => isStillDue(tx, row));
    const may = await ledger.write(async (tx) => {
      await claim.check(tx);
      if (!(await isStillDue(tx, row))) return false;
      await markSending(tx, row.id);
      return true;
    });
    if (!claim.holds()) throw new DeskError("ledger_conflict", `another process sends ${row.lane}`);
    row.state = "sending";
    return may;
  }

  async function copies(source: MessageId): Promise<MessageId[]> {
    await parts.writeNotes();
    return ledger.read((tx) => copiesOf(tx, source));
  }

  return attempt;
}

/** In the transaction that sends a row, or gives it up: nobody else has its thread, and it has not been erased. */
export async function isStillDue(tx: Reader, { id }: OutboxRow): Promise<boolean> {
  const now = await fenceOf(tx, id);
  if (!now) return false;
  return (
    now.thread === undefined || (now.version !== undefined && (now.fence ?? now.version) === now.version)
  );
}

const platformOfTarget = (platforms: AttemptParts["platforms"], target: Target): Platform =>
  platformFor(platforms, "thread" in target ? target.thread : target.channel);

/** @throws DeskError platform_unreachable when this desk does not have it */
export function platformFor(
  platforms: AttemptParts["platforms"],
  id: MessageId | ThreadId | ChannelId,
): Platform {
  const platform = platforms.get(platformOf(id));
  if (!platform)
    throw new DeskError("platform_unreachable", `this desk is not connected to ${platformOf(id)}`);
  return platform;
}
