import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountsIn, factsIn, idsIn } from "../../src/agent/facts-in.ts";
import { extendSummary, summaryText } from "../../src/agent/summary.ts";
import type { TranscriptItem } from "../../src/language-model.ts";

const customer = (text: string): TranscriptItem => ({ role: "customer", text });
const bot = (text: string): TranscriptItem => ({ role: "bot", text });
const staff = (text: string): TranscriptItem => ({ role: "staff", name: "Maya", text });
const result = (name: string, value: unknown, failed = false): TranscriptItem => ({
  role: "result",
  id: "c1",
  name,
  failed,
  result: value,
});
const handOver: TranscriptItem = {
  role: "calls",
  text: "",
  calls: [
    { id: "c2", name: "escalate_to_human", arguments: '{"reason":"A disputed charge.","priority":"high"}' },
  ],
};

const anItem: fc.Arbitrary<TranscriptItem> = fc.oneof(
  fc
    .oneof(fc.lorem(), fc.constantFrom("Where is ord_1?", "yes", "It is ORD-12345, I paid $49.99", ""))
    .map(customer),
  fc
    .constantFrom("We will refund you $5.00 by Friday.", "Which order?", "ord_1001 has shipped [1].", "Hello")
    .map(bot),
  fc.constantFrom("I'll call you tomorrow.", "Done.", "What is your address?").map(staff),
  fc.constantFrom(handOver, { role: "note", text: "x" } as TranscriptItem),
  fc.integer({ min: 1, max: 99 }).map((n) => result("lookup_order", { id: `ord_${n}`, total: `${n}.00` })),
);

describe("the running summary", () => {
  it("is the same made in one go as bit by bit, and after it was kept as JSON", () => {
    fc.assert(
      fc.property(fc.array(anItem, { maxLength: 60 }), fc.nat(60), (items, cut) => {
        const whole = extendSummary(undefined, items);
        const first = extendSummary(undefined, items.slice(0, cut));
        const kept = JSON.parse(JSON.stringify(first)) as typeof first;
        expect(extendSummary(first, items.slice(cut))).toEqual(whole);
        expect(extendSummary(kept, items.slice(cut))).toEqual(whole);
      }),
    );
  });

  it("does not change the one that it extends", () => {
    const before = extendSummary(undefined, [customer("Where is ord_1?")]);
    const copy = structuredClone(before);
    extendSummary(before, [bot("We will refund $5.00 by Friday."), customer("And ord_2?")]);
    expect(before).toEqual(copy);
  });

  it("extends one that an older version has made", () => {
    const old = { asks: ["a"], ids: ["ord_1"], amounts: [], promises: [] } as unknown as ReturnType<
      typeof extendSummary
    >;
    expect(extendSummary(old, [customer("ord_2")]).ids).toEqual(["ord_1", "ord_2"]);
  });

  it("reads like a note for a colleague", () => {
    const summary = extendSummary(undefined, [
      customer("Hi!"),
      customer("My order ORD-12345 is late.\nI paid $49.99 for it. Where is it?"),
      result("lookup_order", {
        id: "ORD-12345",
        status: "shipped",
        total: "49.99",
        tracking: "1Z999AA10123456784",
      }),
      bot("It has shipped [1]. Which address did you give?"),
      customer("Main street 5"),
      bot("Thank you. We will send a new one by Friday. Is that all right?"),
      customer("How much is express shipping to Norway?"),
      handOver,
      bot("I have asked a colleague, ticket #12."),
    ]);
    expect(summaryText(summary).split("\n")).toEqual([
      "Earlier in this conversation:",
      "- The customer wrote: My order ORD-12345 is late. I paid $49.99 for it. Where is it? / Main street 5 / How much is express shipping to Norway?",
      "- Ids: ORD-12345, 1Z999AA10123456784, #12",
      "- Amounts: $49.99, 49.99",
      "- Promised to the customer: We will send a new one by Friday.",
      "- Not answered yet: How much is express shipping to Norway?",
      "- A person was asked for: A disputed charge.",
    ]);
  });
});

describe("the open question", () => {
  const open = (...items: TranscriptItem[]) => extendSummary(undefined, items).openQuestion;

  it("is the customer's until somebody answers it", () => {
    expect(open(customer("Where is ord_1?"))).toBe("Where is ord_1?");
    expect(open(customer("Where is ord_1?"), bot("On its way."))).toBeUndefined();
    expect(open(customer("I want a refund"))).toBe("I want a refund");
  });

  it("stays open while the bot asks back, and when the customer answers that", () => {
    const items = [customer("I want a refund"), bot("For which order?"), customer("ord_1")];
    expect(open(...items)).toBe("I want a refund");
    expect(extendSummary(undefined, items.slice(0, 2)).asked).toBe("For which order?");
    expect(extendSummary(undefined, items).asked).toBeUndefined();
    expect(open(...items, customer("And how long does it take?"))).toBe("And how long does it take?");
  });

  it("stays open when the bot hands over, until staff answer", () => {
    const items = [customer("You charged me twice"), handOver, bot("A colleague will be with you.")];
    expect(open(...items)).toBe("You charged me twice");
    expect(open(...items, staff("I have looked, it was once."))).toBeUndefined();
  });

  it("is not a greeting or a thank-you", () => {
    expect(open(customer("Hi there"), bot("Hello!"), customer("ok, thanks!"))).toBeUndefined();
  });
});

describe("at its bounds, the running summary", () => {
  const items = Array.from({ length: 10_000 }, (_, n): TranscriptItem[] => [
    customer(`Question ${n} about ord_${n}: ${"x".repeat(200)} costs $${n}.00, why?`),
    bot(`We will refund $${n}.50 for ord_${n} by Friday the ${n}th.`),
  ]).flat();
  const summary = extendSummary(undefined, items);
  const text = summaryText(summary);

  it("keeps what was spoken of last, and says how much had to go", () => {
    expect(summary.ids.at(-1)).toBe("ord_9999");
    expect(summary.gone).toEqual({ asks: 9988, ids: 9940, amounts: 19_970, promises: 9988 });
    expect(text).toContain("(and 9940 older)");
    expect(JSON.stringify(summary).length).toBeLessThan(8000);
  });

  it("shows every id, amount and promise that it has, and lets the customer's asks give way", () => {
    for (const one of [...summary.ids, ...summary.amounts, ...summary.promises]) expect(text).toContain(one);
    expect(text.length).toBeLessThan(3500);
  });

  it("is about 1,500 characters long when there is much to say", () => {
    const busy = extendSummary(
      undefined,
      Array.from({ length: 40 }, (_, n) => [
        customer(`Please tell me about ord_${n}, ${"and so on ".repeat(30)}`),
        bot(n % 8 === 0 ? `We will refund $${n}.00 by Friday.` : "It is $3.00."),
      ]).flat(),
    );
    expect(summaryText(busy).length).toBeLessThanOrEqual(1500);
    expect(summaryText(busy).length).toBeGreaterThan(1000);
    expect(summaryText(busy)).toContain("ord_39, and so on and");
  });

  it("does not let a tool's long list push out what was spoken of", () => {
    const list = Array.from({ length: 500 }, (_, n) => ({ id: `item_${n}`, price: "1.00" }));
    const kept = extendSummary(undefined, [customer("It is about ORD-7"), result("list_items", list)]);
    expect(kept.ids).toContain("ORD-7");
    expect(kept.ids.length).toBe(13);
  });

  it("takes nothing from a call that failed", () => {
    expect(extendSummary(undefined, [result("lookup_order", { id: "ord_1" }, true)]).ids).toEqual([]);
  });
});

describe("ids and amounts", () => {
  it.each([
    ["ORD-12345 and ord_1001, cust_001.", ["ORD-12345", "ord_1001", "cust_001"]],
    ["#W1234567, #12 and 1Z999AA10123456784", ["#W1234567", "#12", "1Z999AA10123456784"]],
    ["550e8400-e29b-41d4-a716-446655440000!", ["550e8400-e29b-41d4-a716-446655440000"]],
    ["my number is 9523456873", ["9523456873"]],
    ["on 2026-01-10 at 3pm, the 2nd, 256GB, 10K, 5-7 days, room 12, 2026", []],
  ])("are told from other numbers: %s", (text, ids) => expect(idsIn(text)).toEqual(ids));

  it.each([
    ["It is $49.99, or 49,99 €, or USD 5.", ["$49.99", "49,99 €", "USD 5"]],
    ["1,299.00 dollars and 20 % off", ["1,299.00 dollars", "20 %"]],
    ["5 to 7 days, 12 items, version 1.2.3", []],
  ])("of money have a currency: %s", (text, amounts) => expect(amountsIn(text)).toEqual(amounts));

  it("are found in what tools return, by the field's name, too", () => {
    expect(
      factsIn({ orders: [{ id: "ord_1", total: 49.99, items: 2 }], refunded: { amount: "5.00" } }, 9),
    ).toEqual({
      ids: ["ord_1"],
      amounts: ["49.99", "5.00"],
    });
  });
});
