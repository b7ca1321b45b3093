/** What is said: nothing is lost, nothing comes twice, in the wrong order, too late, or to the wrong person. */
import { groups, holds } from "./measures.ts";
import {
  answersTo,
  customers,
  homeOf,
  inDesk,
  isStaff,
  relaysOf,
  shownIn,
  takeovers,
  wasTakenAt,
} from "./people.ts";
import type { RunRecord, Said, Stroke } from "./record.ts";
import { about, brief, nameOf, type Violation, violation } from "./violation.ts";

/** I1: no acknowledged input is lost. */
export function nothingLost(record: RunRecord): Violation[] {
  const lost = customers(record)
    .filter((said) => said.ackedAt !== undefined)
    .filter((said) => answersTo(record, said).length === 0 && relaysOf(record, said).length === 0)
    .filter((said) => !wasOnACard(record, said))
    .map((said) =>
      violation("I1", `${nameOf(said)} was acknowledged, and neither answered nor shown to staff`, said),
    );
  const unheard = record.said
    .filter((said) => isStaff(said) && said.ackedAt !== undefined && wasTakenAt(record, said))
    .filter((said) => !wasToldSo(record, said))
    .filter((said) => shownIn(record, homeOf(record, said), said.marker).length === 0)
    .map((said) =>
      violation("I1", `${nameOf(said)} of staff was acknowledged and did not reach the customer`, said),
    );
  return [...lost, ...unheard];
}

/** Staff have read it on a card, which says something newer by now. */
function wasOnACard(record: RunRecord, said: Said): boolean {
  return record.strokes.some(
    ({ done, thread, text }) =>
      done && thread !== undefined && inDesk(record, thread) && holds(text, said.marker),
  );
}

/** Staff read that their word did not go out: somebody had let the thread go by the time it was its turn. */
function wasToldSo(record: RunRecord, said: Said): boolean {
  return record.shown.some(
    (one) =>
      one.thread === said.thread && one.at >= said.at && /^(Not sent to|Kept as a note)/.test(one.text),
  );
}

const otherThanCopies = /^Ticket #\d+|^Approval #\d+|^The customer has edited/m;
const isUntold = (text: string) => text.startsWith("Something was done in the customer's name");

/** I3: one visible reply per turn, and nothing left half written. */
export function oneReply(record: RunRecord): Violation[] {
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
    const words = shownIn(record, home, said.marker);
    if (words.length > 1)
      found.push(violation("I3", `${nameOf(said)} was answered ${words.length} times`, said));
    if (isStaff(said)) continue;
    const relays = relaysOf(record, said).filter((one) => !otherThanCopies.test(one.text));
    // What the bot would have answered is no copy of what was asked; it comes once, too.
    const [answers, copies] = [true, false].map((is) => relays.filter((one) => isUntold(one.text) === is));
    for (const same of [answers, copies])
      if (same && same.length > 1)
        found.push(violation("I3", `${nameOf(said)} was relayed to staff ${same.length} times`, said));
  }
  return found;
}

/** I4: replies come in the customer's order, as far as the desk could know it. */
export function inOrder(record: RunRecord): Violation[] {
  const found: Violation[] = [];
  const byThread = groups(
    customers(record).filter((one) => one.marker !== "" && one.ackedAt !== undefined),
    (one) => one.thread,
  );
  for (const [, all] of byThread) {
    const answered = all.flatMap((said) => {
      const [answer] = shownIn(record, said.thread, said.marker);
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

/** I5: after a takeover is confirmed, the bot says nothing until hand-back. */
export function silentAfterTakeover(record: RunRecord): Violation[] {
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
export function nothingOfOthers(record: RunRecord): Violation[] {
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
