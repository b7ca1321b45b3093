/** The people of a run: customers who write on without waiting, staff who take tickets, answer, and hand them back. */
import type { Chance } from "./chance.ts";
import type { Load } from "./load.ts";
import { holds } from "./measures.ts";
import type { Said } from "./record.ts";
import type { Card, Stage } from "./stage.ts";

export type Deed = "talk" | "money" | "take" | "hand back" | "relay" | "word";

export interface Crowd {
  /** Everybody says hello; resolves when all have been answered: from now on the desk knows them. */
  greet(): Promise<void>;
  /** People begin. */
  start(): void;
  /** Customers write nothing more; staff do nothing more. */
  stop(): void;
  /** People do what leads to a point, so that it is not waited for in vain. */
  provoke(what: Deed): void;
  /** How often people did what is rare. */
  counts: Map<string, number>;
}

/** What nobody should have pasted, and what must be seen nowhere. */
export const canaries = ["4111 1111 1111 1111", "ghp_0123456789abcdefABCDEF0123456789abcd"];

const burstShare = 0.15;
const creditShare = 0.12;
const refundShare = 0.06;
const editShare = 0.05;
const lateShare = 0.03;
const personShare = 0.04;
/** Where answers can be seen to grow: staff come into them. */
const personShareInPane = 0.14;
const canaryShare = 0.03;
/** Of those whose ids are somebody's in another workspace, how many are spoken after. */
const twinShare = 0.3;
const heldUpShare = 0.5;
const heldUpMs = 1_200;
const greetMaxMs = 60_000;
const staffEveryMs = 250;
/** As long as most answers take from their first word to their last. */
const growsMs = 350;
/** As long as staff wait for an answer to grow: some for what a crew takes over from a dead process, too. */
const growthMaxMs = [3_000, 20_000];

export function createCrowd(parts: {
  stage: Stage;
  load: Load;
  chance: Chance;
  messagesPerSecond: number;
}): Crowd {
  const { stage, load, chance } = parts;
  let timers: NodeJS.Timeout[] = [];
  let stopped = false;
  let spoken = 0;
  let orders = 1_000;
  let words = 0;
  /** Who has been asked to confirm something, and presses soon. */
  const asked = new Map<number, number>();
  /** By marker. */
  const whose = new Map<string, number>();
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  /** What is to happen when the beginning of an answer can be seen, by thread. */
  const drafts = new Map<string, () => void>();
  /** Customers whose next answer staff lie in wait for. */
  const ambushed = new Set<number>();
  const seenCards = new Map<string, { labels: string; since: number; patienceMs: number }>();

  function later(ms: number, act: () => void): void {
    if (stopped) return;
    const timer = setTimeout(() => {
      timers = timers.filter((one) => one !== timer);
      if (!stopped) act();
    }, ms);
    timers.push(timer);
  }

  function speak(): void {
    const customer = chance.whole(0, stage.customers - 1);
    const times = chance.happens(burstShare) ? chance.whole(2, 3) : 1;
    for (let at = 0; at < times; at++) later(at * chance.between(5, 150), () => sayOne(customer));
    const twin = stage.twinOf?.(customer);
    if (twin !== undefined && chance.happens(twinShare)) later(chance.between(0, 100), () => sayOne(twin));
    later(chance.between(0.3, 1.7) * (1_000 / parts.messagesPerSecond), speak);
  }

  function sayOne(customer: number, words = wordsOf(customer)): Said {
    const marker = `q${++spoken}`;
    whose.set(marker, customer);
    const lateMs = chance.happens(lateShare) ? chance.between(200, 700) : 0;
    const said = stage.say(customer, marker, `${words} (${marker})`, lateMs);
    if (lateMs > 0) editSoon(said, marker, lateMs);
    else if (chance.happens(editShare)) editSoon(said, marker, 600);
    return said;
  }

  function wordsOf(customer: number): string {
    // Others can read the threads of the support channel: there the desk moves no money.
    const alone = customer % 3 !== 2;
    if (alone && chance.happens(creditShare)) return creditWish();
    if (alone && chance.happens(refundShare)) {
      asked.set(customer, 40);
      return `please refund ord_${++orders}, it is broken`;
    }
    if (chance.happens(customer % 3 === 1 ? personShareInPane : personShare))
      return "I want to speak to a human";
    const secret = chance.happens(canaryShare) ? ` my card is ${chance.pick(canaries)} ` : "";
    return `${load.next(customer)}${secret}`;
  }

  const creditWish = () => `please credit ord_${++orders}, it never came`;

  function editSoon(said: Said, marker: string, withinMs: number): void {
    later(chance.between(0, withinMs), () => stage.edit(said, `I mean something else (${marker})`));
  }

  /** A customer who is asked presses, sometimes twice, until there is nothing left to press. */
  function confirmAll(): void {
    for (const [customer, tries] of asked) {
      if (tries <= 0) asked.delete(customer);
      else asked.set(customer, tries - 1);
      if (!chance.happens(0.3)) continue;
      const label = chance.happens(0.9) ? "Confirm" : "Cancel";
      if (!stage.confirm(customer, label)) continue;
      if (chance.happens(0.3)) stage.confirm(customer, label);
      asked.set(customer, Math.min(tries, 3));
    }
  }

  function staffWork(): void {
    confirmAll();
    for (const card of stage.staff.cards()) {
      const key = `${card.kind} ${card.number}`;
      const labels = card.labels.join();
      const known = seenCards.get(key);
      if (!known || known.labels !== labels) {
        seenCards.set(key, { labels, since: Date.now(), patienceMs: chance.between(100, 2_000) });
        continue;
      }
      if (Date.now() - known.since < known.patienceMs) continue;
      // If nothing comes of it, they press again a moment later.
      seenCards.set(key, { labels, since: Date.now(), patienceMs: chance.between(1_500, 4_000) });
      attendTo(card);
    }
    later(staffEveryMs, staffWork);
  }

  function attendTo(card: Card): void {
    const { staff } = stage;
    const may = (label: string) => card.labels.includes(label);
    const who = chance.whole(0, 1);
    if (card.kind === "approval") {
      if (may("Approve")) approve(card);
    } else if (may("Take") && may("Hand back"))
      staff.press(who, chance.happens(0.6) ? "Take" : "Hand back", card);
    else if (may("Hand back")) {
      if (chance.happens(0.6)) saysAs(who, card);
      else staff.press(who, chance.happens(0.8) ? "Hand back" : "Resolve", card);
    } else if (may("Take")) ambush(who, card);
  }

  function approve(card: Card): void {
    count("an approval is pressed by two at once");
    stage.staff.press(0, "Approve", card);
    stage.staff.press(1, "Approve", card);
  }

  /** Quicker than the platform's answer to the desk. */
  function pressEarly(what: Parameters<NonNullable<Stage["onUnanswered"]>>[0]): void {
    if (stopped) return;
    if ("customer" in what) {
      if (stage.confirm(what.customer, "Confirm"))
        count("a question is answered before the desk knows it is shown");
    } else if (what.card.kind === "approval") {
      count("an approval is pressed before the desk knows its card");
      approve(what.card);
    } else if (what.card.labels.includes("Take")) {
      count("a ticket is taken before the desk knows its card");
      stage.staff.press(chance.whole(0, 1), "Take", what.card);
    }
  }

  function saysAs(who: number, card: Card): void {
    const marker = `st${++words}`;
    stage.staff.say(who, marker, card, `I am looking into it (${marker})`);
  }

  /** The ticket is taken at some moment of the bot's answer, or while the platform holds it up. */
  function ambush(who: number, card: Card): void {
    const customer = customerOf(card);
    if (customer === undefined || ambushed.has(customer)) return;
    ambushed.add(customer);
    const { thread } = sayOne(customer);
    if (customer % 3 !== 1 && chance.happens(heldUpShare)) {
      stage.limit(thread, 1);
      later(heldUpMs, () => stage.limit(undefined, 0));
    }
    // At some moment of what can be seen to grow; where nothing can, at some moment of the turn.
    const take = once(() => {
      ambushed.delete(customer);
      drafts.delete(thread);
      stage.staff.press(who, "Take", card);
    });
    drafts.set(thread, () => later(chance.between(0, growsMs), take));
    later(
      customer % 3 === 1 ? chance.between(1_000, chance.pick(growthMaxMs)) : chance.between(0, 900),
      take,
    );
  }

  /** Whose words are on a card. */
  function customerOf({ text }: Card): number | undefined {
    for (const [marker] of text.matchAll(/\bq\d+\b/g)) {
      const customer = whose.get(marker);
      if (customer !== undefined) return customer;
    }
    return undefined;
  }

  function provoke(what: Deed): void {
    const tickets = stage.staff.cards().filter((card) => card.kind === "ticket");
    const free = tickets.filter((card) => card.labels.includes("Take"));
    const taken = tickets.filter(
      (card) => card.labels.includes("Hand back") && !card.labels.includes("Take"),
    );
    const anybody = chance.whole(0, stage.customers - 1);
    switch (what) {
      case "talk":
        sayOne(anybody);
        return;
      case "money":
        sayOne(anybody % 3 === 2 ? 0 : anybody, creditWish());
        return;
      case "take":
        if (free.length === 0) sayOne(anybody, "I want to speak to a human");
        else ambush(0, chance.pick(free));
        return;
      case "hand back":
        if (taken.length === 0) provoke("take");
        else stage.staff.press(0, "Hand back", chance.pick(taken));
        return;
      case "relay": {
        const customer = taken.length > 0 ? customerOf(chance.pick(taken)) : undefined;
        if (customer === undefined) provoke("take");
        else sayOne(customer);
        return;
      }
      case "word":
        if (taken.length === 0) provoke("take");
        else saysAs(0, chance.pick(taken));
    }
  }

  async function greet(): Promise<void> {
    const hellos = Array.from({ length: stage.customers }, (_, customer) => {
      const marker = `q${++spoken}`;
      whose.set(marker, customer);
      return stage.say(customer, marker, `Hello (${marker})`);
    });
    for (const ends = Date.now() + greetMaxMs; Date.now() < ends; ) {
      const shown = stage.shown();
      if (hellos.every((said) => shown.some((one) => holds(one.text, said.marker)))) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not everybody was greeted within ${greetMaxMs / 1000} s`);
  }

  return {
    greet,
    start() {
      later(0, speak);
      later(0, staffWork);
      stage.onUnanswered = pressEarly;
      stage.onDraft = (thread) => drafts.get(thread)?.();
    },
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
    provoke,
    counts,
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
