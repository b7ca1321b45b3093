/**
 * The contract of a platform: three required methods, the rest are abilities that the core asks for
 * (`if (platform.edit)`). An adapter that lacks an ability leaves it out; it never pretends.
 *
 * A method that fails throws a DeskError whose code says what is known of the effect:
 *   platform_rate_limited   not accepted; come back after `retryAfterMs`
 *   platform_unavailable    certainly not accepted; try again
 *   platform_ambiguous      perhaps accepted: `find` before trying again
 *   platform_unreachable    this person or place cannot be reached any more (DM closed, channel gone)
 *   platform_refused        this content or call will never be accepted
 *   platform_unauthorized   the credentials are wrong or revoked
 */
import type { FileRef, Incoming, Person } from "./message.ts";
import type { ChannelId, MessageId, ThreadId, UserId } from "./thread.ts";

export interface Platform {
  /** `slack`, `discord`, `console`, `http`: the first word of all its ids. */
  readonly name: string;
  /** True where each message has its own reply and is never joined with the next into one turn. */
  readonly turnPerMessage?: boolean;
  /** The human channel, where this platform has it; known before the first event is received. */
  readonly deskChannel?: ChannelId | undefined;

  /**
   * True where one process at a time should listen, because every one that does is sent everything. Where it is missing,
   * what comes in is shared out among all that listen.
   */
  readonly listensAlone?: true;

  /**
   * Connects and begins to receive; resolves when connected.
   * @param how not `listening`: everything but receiving, until `listen(true)`; only where there is `listen`
   */
  connect(desk: Receiver, how?: { listening: boolean }): Promise<void>;
  /**
   * Posts once. `key` is the outbox id: at most 25 characters of [0-9A-Za-z_-], to be sent along as the platform's
   * idempotency key (nonce, metadata) so that `find` can tell whether an ambiguous send arrived.
   */
  post(target: Target, post: Post, key: string): Promise<Posted>;
  /** Stops receiving, lets posts in the air finish, disconnects. */
  close(): Promise<void>;

  /**
   * Begins to receive, or ceases to, while all other abilities go on: of several processes with one account, each posts,
   * and one can take over from another to listen. It goes on where the last one ended, with everything in between that
   * the platform still tells of. Resolves when it is so, at once when it has been so already; rejects as `connect` does,
   * and then nothing is received. Where it is missing, a platform listens for as long as it is connected: what it
   * receives comes to this very process.
   */
  listen?(on: boolean): Promise<void>;
  /** While it listens: whether anything can come at this moment. Where it is missing, nobody can tell. */
  hears?(): boolean;
  /**
   * The message that was posted under this key, or undefined when there certainly is none. The beginning of a draft that
   * was never finished is no such message: it is taken back, unless this process still shows it.
   * @param sent the post and when it was first tried (milliseconds since 1970): a platform that keeps no key with a
   *   message can then still tell, after a restart, whether it is there (and not for one that is `taken`: known to be
   *   another post's); without it, nobody means to post it any more, and what a draft or a part of it has left visible
   *   under this key is found too, or taken back
   */
  find?(target: Target, key: string, sent?: Sought): Promise<Posted | undefined>;
  edit?(message: MessageId, post: Post): Promise<void>;
  /** Deletes a message of the bot's own. */
  remove?(message: MessageId): Promise<void>;
  /** Sets or clears the bot's own mark on a message. */
  mark?(message: MessageId, mark: Mark, set: boolean): Promise<void>;
  /** Adds or removes a person's emoji, mirrored by the bot. */
  react?(message: MessageId, emoji: string, added: boolean): Promise<void>;
  /**
   * A reply that grows while it is written. Becomes visible with the first `append`. `replyTo` is the message it will
   * answer, where each message has its own reply; undefined when nobody would see it grow: then it is posted as a whole.
   */
  draft?(target: Target, key: string, replyTo?: MessageId): Draft | undefined;
  /** Shows that the bot is at work ("typing", a status line); lapses by itself. `undefined` clears it where possible. */
  working?(thread: ThreadId, step?: string): Promise<void>;
  /** Replies to an interaction so that only its person sees it. False when the platform's time for it is over. */
  answer?(interaction: string, post: Post): Promise<boolean>;
  /** The private thread with a person; `near` is the shared thread it grew out of. */
  direct?(person: Person, near?: ThreadId): Promise<{ thread: ThreadId; way: "direct" | "private_thread" }>;
  /** Whether a person belongs to a channel, user group or role, asked at the moment of use. */
  belongs?(user: UserId, group: string): Promise<boolean>;
  /** Renders a person's own page (Slack's App Home). */
  home?(user: UserId, post: Post): Promise<void>;
  /** The content of a received file. @throws platform_refused when it is larger than `bytesMax`. */
  download?(file: FileRef, bytesMax: number): Promise<Uint8Array>;
  /** Who this is by the platform's own directory. */
  person?(user: UserId): Promise<Person | undefined>;
  /** Removes what the adapter itself has noted of these threads, in this process and in files of its own. */
  forget?(threads: readonly ThreadId[]): Promise<void>;
  /** Where people's programs reach it, with the port that it really has; undefined while it is not connected. */
  address?(): { host: string; port: number } | undefined;
  /** Problems of the installation for `deskhand doctor`: missing scopes, intents, channels. */
  examine?(): Promise<Problem[]>;
}

export interface Receiver {
  /** Resolves once the event is durable; rejects when it must be delivered again. */
  receive(incoming: Incoming): Promise<void>;
  /**
   * Several that belong one after the other, as they are read up: resolves once all are durable, rejects when none is.
   * Where it is missing they are handed over one by one.
   */
  receiveAll?(incoming: readonly Incoming[]): Promise<void>;
  /** Completions for a command's argument: `ticket` or `snippet`. */
  suggest(
    what: "ticket" | "snippet",
    prefix: string,
    by: Person,
  ): Promise<{ value: string; label: string }[]>;
}

export type Target = { thread: ThreadId } | { channel: ChannelId };

export interface Posted {
  id: MessageId;
  /** The thread in which answers to this message arrive. */
  thread: ThreadId;
}

/** A post that is looked for. */
export interface Sought {
  post: Post;
  /** When it was first tried; milliseconds since 1970. */
  since: number;
  /** Whether a message is known to be another post's. */
  taken?(message: MessageId): Promise<boolean>;
  /** Nobody means to post it any more: what is there of it, also a part, is found, or taken back. */
  over?: true;
}

/** ✅ and ⚠️ in a ticket's thread; `working` where a platform shows that something is on its way. */
export type Mark = "sent" | "failed" | "working";

export interface Draft {
  /** Adds text the customer may see at once; the adapter paces itself. Never throws: a broken draft shows in `finish`. */
  append(text: string): void;
  /** Shows a step of the work, where the platform can. */
  step?(id: string, title: string, state: "running" | "done" | "failed"): void;
  /** Makes the visible message exactly this post. Throws like `post`. */
  finish(post: Post): Promise<Posted>;
  /** Stops and takes back what was shown. */
  abandon(): Promise<void>;
  /** Whether anything has become visible. */
  readonly shown: boolean;
}

/** What the desk posts, independent of any platform. */
export interface Post {
  /** CommonMark with GFM tables and strikethrough. No live mentions; links have been checked against the allow-list. */
  text: string;
  /** Shown as a small line below. */
  sources?: Source[];
  /** Fields and sections with a head; `text` is then its fallback for notifications. */
  card?: Card;
  buttons?: Button[];
  /** The buttons are the answer to this question of the store's; a program reads it here. Times in milliseconds since 1970. */
  confirmation?: { id: string; text: string; expiresAt: number };
  /** A choice of one from a list, e.g. Transfer…. */
  menus?: Menu[];
  /** The turn that feedback buttons (👍 👎) report on; a press is the action `feedback` with `up TURN` or `down TURN`. */
  feedback?: string;
  /** The turn that this replies for: which one it is in its conversation, from 1, and who spoke; a program reads it here. */
  turn?: { number: number; specialist: string };
  /** The name under which a staff member's words reach a customer. */
  as?: string;
  replyTo?: MessageId;
  files?: OutgoingFile[];
}

export interface Source {
  title: string;
  /** Clickable only when on the allow-list. */
  url?: string;
}

export interface OutgoingFile {
  name: string;
  mediaType: string;
  bytes: number;
  /** A file on this machine. */
  path: string;
}

export interface Card {
  title: string;
  /** Short facts, side by side where there is room. */
  facts: { label: string; value: string }[];
  /** Longer text, CommonMark. */
  sections: { label: string; text: string }[];
  /** A last small line, e.g. `Taken by Maya`. */
  footer?: string;
}

export interface Button {
  label: string;
  /** What comes back as `action.name` and `action.value`; together at most 90 characters. */
  action: string;
  value: string;
  style?: "primary" | "danger";
  /** Asks for a text first (a modal); it comes back as `action.reason`. */
  ask?: { title: string; label: string };
}

export interface Menu {
  label: string;
  action: string;
  options: { label: string; value: string }[];
}

export interface Problem {
  /** The variable, file or place it is about. */
  where: string;
  fault: string;
  remedy: string;
}
