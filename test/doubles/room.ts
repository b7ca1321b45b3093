/**
 * A platform that is a room in memory: it keeps the contract of src/platform.ts, remembers everything that was shown,
 * and fails on demand. Who is in the room: customers by name, and staff in its human channel.
 */
import { DeskError } from "../../src/errors.ts";
import type { FileRef, Incoming, Message, Person } from "../../src/message.ts";
import type { Draft, Mark, Platform, Post, Posted, Receiver, Target } from "../../src/platform.ts";

export interface Shown {
  id: string;
  place: string;
  key: string;
  post: Post;
  /** How often it has been edited. */
  edits: number;
  removed: boolean;
  /** A draft that has not been finished. */
  growing?: boolean;
  marks: Mark[];
  /** When it was shown, in the order of everything that happened in the room. */
  at: number;
}

export type RoomFault = "unavailable" | "lost_answer" | "unreachable" | "rate_limited";

export interface Room extends Platform {
  says(customer: string, text: string, options?: SaysOptions): Promise<string>;
  /** They have said all of this while nobody listened, and it is read up. */
  hasSaid(customer: string, texts: readonly string[]): Promise<void>;
  staffSays(thread: string, text: string, name?: string, said?: SaysOptions): Promise<string>;
  presses(action: string, value: string | number, name?: string): Promise<void>;
  /** Calls `/support` with these words, or another command. */
  commands(
    text: string,
    name?: string,
    more?: { thread?: string; name?: string; about?: Message },
  ): Promise<void>;
  receives(event: Incoming): Promise<void>;
  /** Everything visible in a place: a customer's name, or a thread's id. */
  seen(place: string): string[];
  shown: Shown[];
  /** Faults of the next posts into a place, in order. */
  fault(place: string, ...faults: RoomFault[]): void;
  /** Posts into a place wait until the result is called. */
  hold(place: string): () => void;
  whispered: string[];
  /** What the bot has mirrored: `+👍 on ID`. */
  reactions: string[];
  /** What `download` hands out, by the file's id; an error is thrown, a list is taken one after the other. */
  files: Map<string, Uint8Array | Error | (Uint8Array | Error)[]>;
}

export interface SaysOptions {
  id?: string;
  customer?: string;
  order?: string;
  files?: FileRef[];
  /** Others can read the thread. */
  shared?: boolean;
  /** Where it is said; as a rule in their own thread. */
  thread?: string;
  replyTo?: string;
}

export interface RoomOptions {
  name?: string;
  /** Leaves out `find`, as on a platform that cannot be asked. */
  blind?: boolean;
  /** Shows replies while they are written. */
  drafts?: boolean;
  turnPerMessage?: boolean;
}

export function threadOf(customer: string, room = "room"): string {
  return `${room}:t:${customer}`;
}

export function createRoom(options: RoomOptions = {}): Room {
  const name = options.name ?? "room";
  const channel = `${name}:t:desk`;
  const shown: Shown[] = [];
  const faults = new Map<string, RoomFault[]>();
  const holds = new Map<string, Promise<void>>();
  const whispered: string[] = [];
  const reactions: string[] = [];
  const files: Room["files"] = new Map();
  /** The keys of what this process is showing while it is written. */
  const growing = new Set<string>();
  let desk: Receiver | undefined;
  let count = 0;

  const placeOf = (target: Target): string => ("thread" in target ? target.thread : target.channel);
  const person = (who: string): Person => ({ id: `${name}:t:${who}`, tenant: "t", name: who });

  function show(place: string, post: Post, key: string): Posted {
    const id = `${name}:m:${++count}`;
    shown.push({ id, place, key, post, edits: 0, removed: false, marks: [], at: count });
    return { id, thread: place === channel ? `${channel}/${id}` : place };
  }

  async function post(target: Target, content: Post, key: string): Promise<Posted> {
    const place = placeOf(target);
    await holds.get(place);
    switch (faults.get(place)?.shift()) {
      case "unavailable":
        throw new DeskError("platform_unavailable", "the room is closed");
      case "unreachable":
        throw new DeskError("platform_unreachable", "the customer has left");
      case "rate_limited":
        throw new DeskError("platform_rate_limited", "too fast", { retryAfterMs: 20 });
      case "lost_answer":
        show(place, content, key);
        throw new DeskError("platform_ambiguous", "the answer was lost");
      case undefined:
        return show(place, content, key);
    }
  }

  function draft(target: Target, key: string): Draft {
    let open: Posted | undefined;
    let ended = false;
    let text = "";
    return {
      append(delta) {
        text += delta;
        growing.add(key);
        open ??= show(placeOf(target), { text: "" }, key);
        Object.assign(find(open.id), { post: { text }, growing: true });
      },
      async finish(content) {
        await holds.get(placeOf(target));
        if (!open) return post(target, content, key);
        growing.delete(key);
        if (ended || find(open.id).removed) {
          // It is over: what was shown is deleted, and the reply posted as one message.
          find(open.id).removed = true;
          return post(target, content, key);
        }
        ended = true;
        Object.assign(find(open.id), { post: content, growing: false });
        return open;
      },
      async abandon() {
        growing.delete(key);
        if (open) find(open.id).removed = true;
      },
      get shown() {
        return open !== undefined;
      },
    };
  }

  function find(id: string): Shown {
    const one = shown.find((message) => message.id === id);
    if (!one) throw new DeskError("platform_unreachable", `there is no ${id}`);
    return one;
  }

  async function receives(event: Incoming): Promise<void> {
    if (!desk) throw new Error("the room is not connected");
    await desk.receive(event);
  }

  function messageOf(
    who: string,
    thread: string,
    place: string,
    text: string,
    said: SaysOptions = {},
  ): Extract<Incoming, { kind: "message" }> {
    const id = said.id ?? `${name}:m:${++count}`;
    return {
      kind: "message",
      keys: [id],
      message: {
        id,
        thread,
        channel: place,
        author: { ...person(who), ...(said.customer ? { customer: said.customer } : {}) },
        text,
        sentAt: count,
        order: said.order ?? String(count).padStart(9, "0"),
        visibility: said.shared ? "shared" : "private",
        addressed: true,
        files: said.files ?? [],
        ...(said.replyTo === undefined ? {} : { replyTo: said.replyTo }),
      },
    };
  }

  async function hear(...said: Parameters<typeof messageOf>): Promise<string> {
    const event = messageOf(...said);
    await receives(event);
    return event.message.id;
  }

  return {
    name,
    deskChannel: channel,
    ...(options.turnPerMessage ? { turnPerMessage: true } : {}),
    async connect(receiver) {
      desk = receiver;
      growing.clear();
    },
    post,
    async close() {
      desk = undefined;
    },
    ...(options.blind
      ? {}
      : {
          async find(target: Target, key: string, sent?: { post: Post }) {
            const there = shown.find(
              (message) => message.key === key && message.place === placeOf(target) && !message.removed,
            );
            // Half a reply is not what is looked for, and does not stay, unless this process is at it.
            if (there?.growing && sent && growing.has(key)) return undefined;
            if (there?.growing && sent) there.removed = true;
            if (!there || there.removed) return undefined;
            return { id: there.id, thread: there.place === channel ? `${channel}/${there.id}` : there.place };
          },
        }),
    ...(options.drafts ? { draft } : {}),
    async edit(id, content) {
      const message = find(id);
      message.post = content;
      message.edits += 1;
    },
    async remove(id) {
      find(id).removed = true;
    },
    async mark(id, mark, set) {
      const message = shown.find((one) => one.id === id);
      if (message && set) message.marks.push(mark);
      whispered.push(`${mark} on ${id}`);
    },
    async answer(_interaction, content) {
      whispered.push(content.text);
      return true;
    },
    async direct(who) {
      if (faults.get(`direct ${who.name}`)?.shift())
        throw new DeskError("platform_unreachable", "no direct messages");
      return { thread: threadOf(who.name, name), way: "direct" };
    },
    async react(message, emoji, added) {
      reactions.push(`${added ? "+" : "-"}${emoji} on ${message}`);
    },
    async download(file) {
      const held = files.get(file.id);
      const content = Array.isArray(held) ? held.shift() : held;
      if (content instanceof Uint8Array) return content;
      throw content ?? new DeskError("platform_unreachable", "the file is gone");
    },
    belongs: async (user, group) => group === channel && user.startsWith(`${name}:t:staff-`),
    says: (customer, text, said) =>
      hear(customer, said?.thread ?? threadOf(customer, name), threadOf(customer, name), text, said),
    async hasSaid(customer, texts) {
      const thread = threadOf(customer, name);
      const said = texts.map((text) => messageOf(customer, thread, thread, text));
      if (!desk?.receiveAll) throw new Error("nobody reads up in this room");
      await desk.receiveAll(said);
    },
    staffSays: (thread, text, who = "staff-maya", said) => hear(who, thread, channel, text, said),
    async presses(action, value, who = "staff-maya") {
      const id = `${name}:m:${++count}`;
      await receives({
        kind: "action",
        keys: [id],
        name: action,
        value: String(value),
        interaction: id,
        by: person(who),
        channel,
      });
    },
    async commands(text, who = "staff-maya", more = {}) {
      const id = `${name}:c:${++count}`;
      await receives({
        kind: "command",
        keys: [id],
        name: more.name ?? "support",
        text,
        interaction: id,
        by: person(who),
        channel,
        ...(more.thread ? { thread: more.thread } : {}),
        ...(more.about ? { about: more.about } : {}),
      });
    },
    receives,
    seen: (place) =>
      shown
        .filter(
          (message) =>
            !message.removed && (message.place === place || message.place === threadOf(place, name)),
        )
        .map((message) => message.post.text),
    shown,
    fault: (place, ...next) => void faults.set(/[: ]/.test(place) ? place : threadOf(place, name), next),
    hold(place) {
      let release = () => {};
      holds.set(threadOf(place, name), new Promise((resolve) => (release = resolve)));
      return () => {
        holds.delete(threadOf(place, name));
        release();
      };
    },
    whispered,
    reactions,
    files,
  };
}
