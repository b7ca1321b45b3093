/**
 * A customer's thread that the bot and staff have in turn, while answers are streamed, posts are slow or fail, and the
 * process dies; and what must be true whenever a card says that a person has it, and in the end.
 */
import { expect } from "vitest";
import type { ModelRequest } from "../../src/language-model.ts";
import type { Ledger } from "../../src/ledger.ts";
import type { Draft, Platform, Post } from "../../src/platform.ts";
import type { Control } from "../../src/thread.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { quickFolder } from "../doubles/quick-folder.ts";
import { createRoom, type Room, type RoomFault, threadOf } from "../doubles/room.ts";
import { createScriptedModel, type Line } from "../doubles/scripted-model.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { createLife, type Death, type Life } from "./life.ts";
import { createUnderWay } from "./under-way.ts";

export interface World {
  /** An answer comes in so many pieces, with so many turns of the event loop between them. */
  pieces: number;
  between: number;
  /** How long the platform thinks about a post, in turns of the event loop. */
  slow: number;
  drafts: boolean;
  /** It cannot be asked what it has shown. */
  blind: boolean;
}

export type Step =
  /** And then so many turns of the event loop pass, before perhaps somebody takes the thread. */
  | { does: "ask"; turns: number; taken: boolean }
  | { does: "press"; what: "take" | "hand_back" | "resolve" }
  | { does: "reply" }
  | { does: "turns"; count: number }
  | { does: "pass"; ms: number }
  | { does: "fault"; faults: RoomFault[] }
  | { does: "rest" };

/** How often Take was pressed while nothing, a part or all of an answer could be seen. */
export type Points = Record<"before" | "within" | "after", number>;

const ann = threadOf("ann");
const escalation = { reason: "they want a person", priority: "normal" };
const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
};

export async function createTakeoverStory(world: World) {
  const underWay = createUnderWay();
  const clock = createVirtualClock(underWay.busy);
  const folder = quickFolder();
  const watch = watchRoom(world, () => life);
  const { room } = watch;
  const model = createScriptedModel({ calls: [{ name: "escalate_to_human", arguments: escalation }] });
  const left: (() => Promise<void>)[] = [];
  const lines: string[] = watch.lines;
  let life: Life = createLife();
  let desk: DeskInARoom;
  let serial = 0;
  let died = false;
  let taker = "";
  const words: { text: string; sure: boolean }[] = [];
  const points: Points = { before: 0, within: 0, after: 0 };

  async function opens(): Promise<void> {
    for (;;) {
      const next = createLife();
      life = next;
      clock.reboot();
      const between = (real: Ledger) => next.ledger(underWay.ledger(real));
      const opening = openDesk({ room, model, data: folder.path, clock, between });
      left.push(async () => (await Promise.race([opening, next.over]))?.ledger.close());
      const opened = await underWay.during(Promise.race([opening, next.over]));
      if (!opened) continue;
      desk = opened;
      return;
    }
  }

  /** Happens in the living process; what it has not taken when it dies comes again to the next. */
  async function comes(event: () => Promise<unknown>): Promise<void> {
    for (;;) {
      if (life.gone) {
        died = true;
        lines.push("a new process begins");
        await opens();
      }
      const taken = clock.until(Promise.race([event().then(() => true), life.over.then(() => false)]));
      if (await taken) return;
      lines.push("the process has died");
    }
  }

  const rests = async (): Promise<void> => {
    do await comes(() => desk.quiet());
    while (life.gone);
  };

  /** What is asked since the last reply, answered piece by piece. */
  async function answer(
    { transcript }: ModelRequest,
    signal: AbortSignal,
    show?: (delta: string) => void,
  ): Promise<Line> {
    const replied = transcript.findLastIndex((item) => item.role === "bot" || item.role === "staff");
    const asked = transcript.slice(replied + 1).map((item) => (item.role === "customer" ? item.text : ""));
    const about = asked.join(" ").match(/#\d+/g) ?? [];
    const pieces = [
      `About ${about.join(" ")}. `,
      ...Array.from({ length: world.pieces }, () => "And so on. "),
      "The end.",
    ];
    for (const piece of pieces) {
      await turns(world.between);
      signal.throwIfAborted();
      show?.(piece);
    }
    return { text: pieces.join(""), calls: [] };
  }

  async function presses(what: "take" | "hand_back" | "resolve"): Promise<void> {
    const name = what === "take" ? `staff-${++serial}` : taker || "staff-0";
    if (what === "take") {
      points[watch.visible()] += 1;
      taker = name;
    }
    watch.pressed(what, name);
    const id = `p${++serial}`;
    const by = { id: `room:t:${name}`, tenant: "t", name };
    const action = { kind: "action" as const, keys: [id] as [string], name: `ticket.${what}`, value: "1" };
    await comes(() => room.receives({ ...action, interaction: id, by, channel: room.deskChannel ?? "" }));
  }

  async function asks(text: string): Promise<void> {
    const id = `m${String(++serial).padStart(6, "0")}`;
    lines.push(`ann: ${text}`);
    await comes(() => room.says("ann", text, { id, order: id }));
  }

  /** Whoever has the thread, as the card says, writes to the customer. */
  async function replies(): Promise<void> {
    const card = room.shown.find((one) => one.post.card && one.place === room.deskChannel);
    const by = watch.confirmed();
    if (!card || by === undefined) return;
    const text = `Words ${++serial} of ${by}`;
    words.push({ text, sure: !(world.blind && died) });
    const id = `m${String(serial).padStart(6, "0")}`;
    await comes(() => room.staffSays(`${room.deskChannel}/${card.id}`, text, by, { id, order: id }));
  }

  await opens();
  await asks("a person please");
  await rests();
  await presses("hand_back");
  await rests();
  model.script = [answer];
  lines.length = 0;
  let questions = 0;

  return {
    points,
    async take(one: Step, death?: Death): Promise<void> {
      if (death) life.dieAt(death.commits, death.made);
      switch (one.does) {
        case "ask":
          await asks(`tell me about #${++questions}`);
          await turns(one.turns);
          if (one.taken) await presses("take");
          return;
        case "press":
          return presses(one.what);
        case "reply":
          return replies();
        case "turns":
          return turns(one.count);
        case "pass":
          if (!life.gone) await clock.pass(one.ms);
          return;
        case "fault":
          return room.fault("ann", ...one.faults);
        case "rest":
          return rests();
      }
    },
    async judge(): Promise<void> {
      room.fault("ann");
      life.dieAt(Number.POSITIVE_INFINITY, false);
      await rests();
      expect(watch.late, "said after the card had confirmed it").toEqual([]);
      const seen = room.shown.filter((one) => one.place === ann && !one.removed).map((one) => one.post.text);
      const elsewhere = JSON.stringify(watch.toStaff);
      const answers = seen.filter((text) => text.startsWith("About"));
      expect(
        answers.filter((text) => !text.endsWith("The end.")),
        "half an answer stays",
      ).toEqual([]);
      for (let n = 1; n <= questions; n++) {
        const about = answers.filter((text) => new RegExp(`#${n}\\b`).test(text));
        expect(about.length, `answers to #${n}`).toBeLessThanOrEqual(1);
        const known = about.length > 0 || new RegExp(`#${n}\\b`).test(elsewhere);
        if (!(world.blind && died)) expect(known, `#${n} is answered, or shown to staff`).toBe(true);
      }
      for (const { text, sure } of words) {
        const times = seen.filter((one) => one.includes(text)).length;
        expect(times, text).toBeLessThanOrEqual(1);
        if (sure && !(world.blind && died)) expect(times, text).toBe(1);
      }
      expect(watch.footer(), "what the card says").toMatch(footers[await control()]);
    },
    happened: () => lines,
    async close(): Promise<void> {
      try {
        await clock.until(desk.core.stop(0));
        for (const shut of left) await shut();
      } finally {
        folder.remove();
      }
    },
  };

  async function control(): Promise<Control> {
    const row = await desk.ledger.read((tx) => tx.get("SELECT control FROM threads WHERE id = ?", ann));
    return row?.control as Control;
  }
}

const footers: Readonly<Record<Control, RegExp>> = {
  automated: /^(Handed back|Resolved)/,
  escalated: /^Waiting/,
  taken_over: /^Taken by/,
  resolved: /^Resolved/,
};

/** A room that is watched: what the bot shows or changes in the customer's thread, and what the card says. */
function watchRoom(world: World, life: () => Life) {
  const real = createRoom({ drafts: world.drafts && !world.blind, blind: world.blind });
  const late: string[] = [];
  const lines: string[] = [];
  const toStaff: Post[] = [];
  /** Who has pressed Take since it was last given back. */
  const takers = new Set<string>();
  let confirmed: string | undefined;

  /** Something of the bot's appears in a place; a person's words are shown as theirs. */
  function happens(what: string, place: string, post?: Post): void {
    if (place !== ann) return;
    lines.push(what);
    if (confirmed !== undefined && !post?.as) late.push(what);
  }

  function noteCard(post: Post): void {
    const footer = post.card?.footer;
    if (!footer) return;
    lines.push(`the card: ${footer}`);
    const by = /^Taken by (.*)$/.exec(footer)?.[1];
    if (by !== undefined && takers.has(by)) confirmed = by;
  }

  const never = <T>() => new Promise<T>(() => {});

  const draft: Platform["draft"] = (target, key) => {
    const mine = life();
    const inner = real.draft?.(target, key) as Draft;
    return {
      append(delta) {
        if (mine.gone) return;
        happens(`a draft grows by "${delta}"`, ann);
        inner.append(delta);
      },
      async finish(post) {
        await turns(world.slow);
        if (mine.gone) return never();
        happens(`a draft ends: ${post.text}`, ann, post);
        return inner.finish(post);
      },
      async abandon() {
        await turns(world.slow);
        if (mine.gone) return never();
        if (inner.shown) happens("a draft is taken back", ann);
        return inner.abandon();
      },
      get shown() {
        return inner.shown;
      },
    };
  };
  const room: Room = {
    ...real,
    ...(real.draft ? { draft } : {}),
    async post(target, post, key) {
      const mine = life();
      await turns(world.slow);
      if (mine.gone) return never();
      happens(`a post: ${post.text}`, "thread" in target ? target.thread : target.channel, post);
      noteCard(post);
      if (!("thread" in target && target.thread === ann)) toStaff.push(post);
      return real.post(target, post, key);
    },
    async edit(message, post) {
      if (life().gone) return never();
      noteCard(post);
      toStaff.push(post);
      return real.edit?.(message, post);
    },
    async remove(message) {
      if (life().gone) return never();
      happens(`${message} is removed`, real.shown.find((one) => one.id === message)?.place ?? "");
      return real.remove?.(message);
    },
  };

  return {
    room,
    late,
    lines,
    /** Everything that staff could ever read. */
    toStaff,
    confirmed: () => confirmed,
    pressed(what: "take" | "hand_back" | "resolve", name: string): void {
      lines.push(`${name} presses ${what}`);
      if (what === "take") takers.add(name);
      else {
        takers.clear();
        confirmed = undefined;
      }
    },
    footer: () =>
      real.shown.findLast((one) => one.place === real.deskChannel && one.post.card)?.post.card?.footer ?? "",
    visible(): keyof Points {
      const last = real.shown.findLast(
        (one) => one.place === ann && !one.removed && one.post.text.startsWith("About"),
      );
      if (!last) return "before";
      return last.growing ? "within" : "after";
    },
  };
}
