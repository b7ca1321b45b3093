import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import { holds, percentile, suffered } from "./measures.ts";
import type { RunRecord, Said, Shown, Stroke } from "./record.ts";

const thread = "slack:T1:D1";
const office = "slack:T1:C2";
const ticketThread = `${office}:9`;

const said = (marker: string, at: number, more: Partial<Said> = {}): Said => ({
  marker,
  message: `m-${marker}`,
  thread,
  text: `hello (${marker})`,
  at,
  order: String(at).padStart(9, "0"),
  ackedAt: at + 5,
  ...more,
});
const shown = (text: string, at: number, more: Partial<Shown> = {}): Shown => ({
  thread,
  message: `s-${at}`,
  text,
  at,
  key: `o_${at}`,
  unfinished: false,
  ...more,
});
const stroke = (text: string, at: number, more: Partial<Stroke> = {}): Stroke => ({
  at,
  thread,
  does: "post",
  text,
  done: true,
  ...more,
});
const row = (action: string, at: number, more: Partial<RunRecord["books"]["audit"][number]> = {}) => ({
  id: `au_${at}_${action}`,
  at,
  actor: "bot",
  action,
  subject: "1",
  thread,
  turn: null,
  detail: {},
  ...more,
});

/** Two questions, two answers, a payment, a takeover with a word of staff: all as it should be. */
function good(): RunRecord {
  return {
    deskChannel: office,
    said: [said("q1", 100), said("q2", 300), said("q3", 1_200), said("st1", 1_300, { thread: ticketThread })],
    strokes: [
      stroke("About q1", 200),
      stroke("About q2", 400),
      stroke("Taken by Maya. The bot is silent until hand-back.", 1_100, { thread: ticketThread }),
      stroke("*Maya:* I am looking (st1)", 1_400),
      stroke("You are back with the assistant.", 2_100),
    ],
    shown: [
      shown("About q1", 200),
      shown("About q2", 400),
      shown("Ticket #1: person", 900, { thread: office }),
      shown("*Ana:* hello (q3)", 1_250, { thread: ticketThread }),
      shown("*Maya:* I am looking (st1)", 1_400),
    ],
    pressed: [],
    effects: [{ at: 150, key: "i_1", subject: "ord_1", minor: 700, customer: "c" }],
    books: {
      audit: [
        row("turn.ended", 190, { turn: "t_in_1" }),
        row("tool.called", 190, { turn: "t_in_1" }),
        row("intent.done", 160, { detail: { intent: "i_1", minor: 700 }, subject: "pay ord_1" }),
        row("ticket.taken", 1_000),
        row("ticket.handed_back", 2_000),
      ],
      tickets: [{ number: 1, thread, card: `${office}:9`, deskThread: ticketThread }],
      turns: [{ message: "m-q1", reply: "o_200" }],
      journal: [{ turn: "t_in_1", thread, calls: 1 }],
      intents: [{ id: "i_1", state: "done", subject: "ord_1", minor: 700, thread }],
      heard: [],
      left: [],
    },
    outages: [],
    asked: [],
    blows: [],
    acks: [{ at: 105, tookMs: 5 }],
    offences: [],
    early: [],
    logs: '{"event":"desk.ready"}',
    canaries: ["4111 1111"],
    drainedMs: 500,
    fell: [],
    exit: { code: 0, tookMs: 100 },
  };
}

/** The first sign of life comes after 40 s. */
function waitLong({ strokes, shown }: RunRecord): void {
  strokes[0]!.at = 40_000;
  strokes.splice(1, 1);
  shown[0]!.at = 40_000;
  shown[1]!.at = 40_001;
}

/** The rules that a change of the good story violates. */
function rulesOf(change: (record: RunRecord) => void): string[] {
  const record = good();
  change(record);
  return [...new Set(judge(record).map((violation) => violation.rule))];
}

describe("the judge", () => {
  it("has nothing against a run in which all went well", () => {
    expect(judge(good())).toEqual([]);
  });

  it("excuses a wait for what a process that died had in hand", () => {
    const record = good();
    waitLong(record);
    record.asked.push({ at: 150, by: "desk-2", markers: ["q1"] });
    record.outages.push({ from: 9_000, to: 24_000, what: "died", takenFrom: "desk-2" });
    expect(judge(record).filter(({ rule }) => rule === "I11")).toEqual([]);
  });

  it("excuses a wait for somebody who listens, when who did has died", () => {
    const record = good();
    waitLong(record);
    record.listened = [
      { by: "desk-2", from: 0, to: 9_000 },
      { by: "desk-1", from: 21_000 },
    ];
    record.outages.push({ from: 9_000, to: 24_000, what: "died", takenFrom: "desk-2" });
    expect(judge(record).filter(({ rule }) => rule === "I11")).toEqual([]);
  });

  const stories: Record<string, [string, (record: RunRecord) => void]> = {
    "an acknowledged question was never answered": ["I1", ({ shown }) => shown.splice(1, 1)],
    "a customer's words for staff were lost": ["I1", ({ shown }) => shown.splice(3, 1)],
    "a word of staff did not arrive": ["I1", ({ shown }) => shown.splice(4, 1)],
    "money moved twice under one key": [
      "I2",
      ({ effects }) => effects.push({ at: 170, key: "i_1", subject: "ord_9", minor: 700, customer: "c" }),
    ],
    "one order was paid back by two intents": [
      "I2",
      ({ effects, books }) => {
        effects.push({ at: 170, key: "i_2", subject: "ord_1", minor: 700, customer: "c" });
        books.audit.push(row("intent.done", 171, { detail: { intent: "i_2", minor: 700 } }));
      },
    ],
    "money moved and the audit does not know": [
      "I2",
      ({ books }) => {
        books.audit = books.audit.filter((one) => one.action !== "intent.done");
        books.intents = [];
      },
    ],
    "the audit has another amount": [
      "I2",
      ({ effects }) => {
        effects[0]!.minor = 900;
      },
    ],
    "the audit tells of money that never moved": ["I2", ({ effects }) => effects.splice(0)],
    "a question was answered twice": ["I3", ({ shown: all }) => all.push(shown("About q1", 500))],
    "one reply was posted twice": [
      "I3",
      ({ shown: all }) => all.push(shown("About q2", 450, { key: "o_400" })),
    ],
    "a question was relayed twice": [
      "I3",
      ({ shown: all }) => all.push(shown("*Ana:* hello (q3)", 1_260, { thread: ticketThread })),
    ],
    "a draft was left behind": [
      "I3",
      ({ shown: all }) => all.push(shown("About", 500, { unfinished: true })),
    ],
    "the later question was answered first": [
      "I4",
      ({ shown: all }) => {
        all[0]!.at = 500;
      },
    ],
    "the bot spoke after the takeover was confirmed": [
      "I5",
      ({ strokes }) => strokes.push(stroke("Hm", 1_500)),
    ],
    "the bot went on writing after the takeover was confirmed": [
      "I5",
      ({ strokes }) => strokes.push(stroke("more", 1_500, { does: "more" })),
    ],
    "a customer read another's words": [
      "I6",
      ({ strokes }) => strokes.push(stroke("About q1", 600, { thread: "slack:T1:D7" })),
    ],
    "a turn ended twice": ["I9", ({ books }) => books.audit.push(row("turn.ended", 195, { turn: "t_in_1" }))],
    "a turn is not in the audit": [
      "I9",
      ({ books }) => books.journal.push({ turn: "t_in_2", thread, calls: 0 }),
    ],
    "a call is not in the audit": [
      "I9",
      ({ books }) => {
        books.journal[0]!.calls = 2;
      },
    ],
    "a deed stands twice in the audit": [
      "I9",
      ({ books }) =>
        books.audit.push(
          row("intent.done", 161, { detail: { intent: "i_1", minor: 700 }, subject: "pay ord_1" }),
        ),
    ],
    "a secret was logged": [
      "I10",
      (record) => {
        record.logs += "4111 1111";
      },
    ],
    "staff were shown a secret": [
      "I10",
      ({ shown: all }) => all.push(shown("card 4111 1111", 950, { thread: office })),
    ],
    "something was never dealt with": ["I11", ({ books }) => books.left.push("inbox message")],
    "the backlog took too long": [
      "I11",
      (record) => {
        record.drainedMs = 61_000;
      },
    ],
    "the backlog was never gone": [
      "I11",
      (record) => {
        record.drainedMs = undefined;
      },
    ],
    "a customer waited in silence": ["I11", waitLong],
    "a customer waited in silence while a process died that had nothing of theirs": [
      "I11",
      (record) => {
        waitLong(record);
        record.asked.push({ at: 150, by: "desk-1", markers: ["q1"] });
        record.outages.push({ from: 9_000, to: 24_000, what: "died", takenFrom: "desk-2" });
      },
    ],
    "a customer waited in silence because nobody listened, though who should has not died": [
      "I11",
      (record) => {
        waitLong(record);
        record.said[0]!.ackedAt = 39_000;
        record.listened = [{ by: "desk-2", from: 0 }];
        record.outages.push({ from: 9_000, to: 24_000, what: "died", takenFrom: "desk-1" });
      },
    ],
    "the platform objected to a call": ["I15", ({ offences }) => offences.push("a forbidden argument")],
    "the platform was asked inside of a Retry-After": [
      "I15",
      ({ early }) =>
        early.push({ gate: "chat.postMessage C1", toldAt: 500, to: "desk-1", at: 900, by: "desk-1" }),
    ],
    "another process of the desk asked inside of a Retry-After": [
      "I15",
      ({ early }) => early.push({ gate: "model", toldAt: 500, to: "desk-1", at: 900, by: "desk-2" }),
    ],
    "acknowledgements were slow": ["acks", ({ acks }) => acks.push({ at: 5_000, tookMs: 1_500 })],
    "the process died by itself": [
      "end",
      ({ fell }) => fell.push({ at: 700, words: "TypeError", ready: true }),
    ],
    "a full disk ended a process that worked": [
      "end",
      ({ fell, outages }) => {
        outages.push({ from: 600, to: 800, what: "the disk was full" });
        fell.push({ at: 700, words: "disk I/O error", ready: true });
      },
    ],
    "something was acknowledged that cannot have been written": [
      "I1",
      ({ said, outages }) => {
        const acked = said[0]?.ackedAt ?? 0;
        outages.push({ from: acked - 2_000, to: acked + 100, what: "locked", unwritable: true });
      },
    ],
    "the process did not end in time": [
      "end",
      (record) => {
        record.exit = { code: null, tookMs: 30_000 };
      },
    ],
  };
  it.each(Object.entries(stories))("sees that %s", (_story, [rule, change]) => {
    expect(rulesOf(change)).toContain(rule);
  });

  it("forgives waiting while the desk was down, and deaths while the disk was full", () => {
    const rules = rulesOf((record) => {
      record.strokes[0]!.at = 40_000;
      record.strokes.splice(1, 1);
      record.outages.push({ from: 110, to: 39_000, what: "the desk was down" });
      record.outages.push({ from: 600, to: 800, what: "the disk was full" });
      record.fell.push({ at: 700, words: "disk I/O error", ready: false });
    });
    expect(rules).toEqual([]);
  });

  it("asks for no order of what the desk could not know in time", () => {
    const rules = rulesOf(({ said: all, shown: visible }) => {
      all[0]!.ackedAt = 350;
      visible[0]!.at = 500;
    });
    expect(rules).toEqual([]);
  });

  it("lets the bot speak again after hand-back, and take back what it had shown", () => {
    const rules = rulesOf(({ strokes }) => {
      strokes.push(stroke("", 1_500, { does: "remove" }), stroke("About something", 2_200));
    });
    expect(rules).toEqual([]);
  });
});

describe("its sums", () => {
  it("count time that two outages share once", () => {
    const outages = [
      { from: 0, to: 10, what: "one" },
      { from: 5, to: 20, what: "other" },
      { from: 30, to: 90, what: "elsewhere", thread: "another" },
    ];
    expect(suffered(outages, 2, 40, thread)).toBe(18);
  });

  it("know a marker from a longer one", () => {
    expect(holds("About q17:", "q1")).toBe(false);
    expect(holds("About q17:", "q17")).toBe(true);
    expect(holds("anything", "")).toBe(false);
  });

  it("give the share of values that are not larger", () => {
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
    expect(percentile([], 0.99)).toBe(0);
  });
});
