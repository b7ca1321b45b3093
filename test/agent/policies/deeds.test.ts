import { describe, expect, it } from "vitest";
import { deeds } from "../../../src/agent/policies/deeds.ts";
import type { TranscriptItem } from "../../../src/language-model.ts";
import { passage } from "../../doubles/desk-in-a-room.ts";

const policy = passage(
  "Refunds",
  "You will get a full refund within 30 days. We guarantee our lamps for two years.",
);
const shipping = passage("Shipping", "Standard shipping takes 5-7 business days.");

const result = (name: string, value: unknown, failed = false): TranscriptItem => ({
  role: "result",
  id: "c1",
  name,
  failed,
  result: value,
});
const refunded = result("issue_refund", { refunded: "49.99" });

const passes = (text: string, transcript: TranscriptItem[] = []): boolean =>
  deeds.review({ text, passages: [policy, shipping], transcript, instructions: "" }).pass;

describe("what is said to have been done", () => {
  it.each([
    "I have refunded your order.",
    "I've cancelled it for you.",
    "I **have refunded** your order.",
    "- I cancelled the order",
    "No worries, I have refunded you, no fee.",
    "I have issued a full refund for ord_1.",
    "Done: Refund 49.99 USD for ord_1002.",
    "Done!",
    "Your plan has been downgraded.",
    "Your account is now on the pro plan, your plan is now pro.",
    "Not a problem: your order has been cancelled.",
    "Ich habe Ihre Bestellung storniert.",
    "Ihre Bestellung wurde storniert.",
    "J'ai annulé votre commande.",
    "He cancelado su pedido.",
  ])("goes back when no tool has said it: %s", (text) => expect(passes(text)).toBe(false));

  it.each([
    ["failed", result("issue_refund", { refunded: true }, true)],
    ["was refused", result("issue_refund", { ok: false, reason: "too old" })],
    ["says that it did nothing", result("issue_refund", { refunded: false, reason: "paid back already" })],
    ["waits for somebody", result("issue_refund", { pending: "approval", text: "Refund 49.99" })],
    ["did something else", result("report_bug", { ok: true, number: 7 })],
    ["only looked", result("lookup_refund", { refundable: true })],
    ["is the program's own", result("search_knowledge", { found: 2, passages: ["refund"] })],
  ])("goes back when the tool %s", (_, item) =>
    expect(passes("I have refunded your order.", [item])).toBe(false),
  );

  it.each([
    ["I have refunded your order.", refunded],
    ["Done! It was no trouble.", refunded],
    [
      "I have refunded your order.",
      result("issue_refund", { refunded: true, reason: "it was broken", restocked: false }),
    ],
    ["I've refunded 49.99.", { role: "bot", text: "Done: Refund 49.99 USD for ord_1002." } as const],
    ["I've changed your plan to free.", result("update_customer_plan", { plan: "free" })],
    ["Your plan has been downgraded to free.", result("update_customer_plan", { plan: "free" })],
    ["I've exchanged the items.", result("exchange_delivered_order_items", { status: "exchange requested" })],
    ["Your order has been refunded.", result("lookup_order", { status: "refunded" })],
    ["Ihre Bestellung wurde storniert.", result("lookup_order", { status: "cancelled" })],
    ["Your order has been shipped.", result("lookup_order", { status: "shipped" })],
    [
      "Your order was cancelled.",
      result("lookup_order", { status: "cancelled", reason: "out of stock", gift: false }),
    ],
    ["Your order was cancelled.", { role: "staff", name: "Maya", text: "I have cancelled it." } as const],
  ])("passes when it is so: %s", (text, item) => expect(passes(text, [item])).toBe(true));

  it("does not take a look for a deed", () => {
    const found = result("lookup_order", { status: "delivered", refundable: true, plan: "free" });
    expect(passes("Your order has been refunded.", [found])).toBe(false);
  });

  it.each([
    [{ status: "delivered", refunded: false }],
    [{ status: "delivered", refunded_minor: 0, refunded_at: null }],
    [{ orders: [{ status: "delivered", refunded: "0.00" }] }],
  ])("does not take a field's name for what it says: %j", (found) => {
    expect(passes("Your order has been refunded.", [result("lookup_order", found)])).toBe(false);
  });

  it("finds what a tool did in what it was asked for, too", () => {
    const call: TranscriptItem = {
      role: "calls",
      text: "",
      calls: [{ id: "c1", name: "change_order", arguments: '{"action":"cancel"}' }],
    };
    expect(passes("I've cancelled your order.", [call, result("change_order", { ok: true })])).toBe(true);
  });
});

describe("what is promised", () => {
  it.each([
    "We guarantee it.",
    "I promise that it arrives.",
    "I will give you a discount.",
    "I can offer you a 20% discount.",
    "I'll refund you 20 USD.",
    "We’ll waive the fee.",
    "You will receive a discount of 20 %.",
    "You'll get your money back.",
    "A colleague will refund you.",
    "It will definitely arrive tomorrow.",
    "You will receive a full refund [2].",
    "Wir werden Ihnen den Betrag erstatten.",
    "Sie erhalten eine Rückerstattung.",
    "Nous vous rembourserons.",
    "Recibirá un reembolso.",
  ])("goes back when neither tool nor cited passage says it: %s", (text) => expect(passes(text)).toBe(false));

  it.each([
    "You will get a full refund within 30 days [1].",
    "Sie erhalten eine Rückerstattung [1].",
    "We guarantee them for two years [1].",
  ])("passes when the passage it cites says so: %s", (text) => expect(passes(text)).toBe(true));

  it.each([
    ["We will refund you as soon as a colleague approves.", result("issue_refund", { pending: "approval" })],
    ["You will receive a refund of 49.99.", refunded],
    ["We will refund you.", { role: "staff", name: "Maya", text: "You get a refund." } as const],
  ])("passes when a tool or a colleague says so: %s", (text, item) =>
    expect(passes(text, [item])).toBe(true),
  );
});

describe("a draft that commits nobody", () => {
  it.each([
    "I will pass this on.",
    "I'll look that up.",
    "I have asked a colleague.",
    "I can look at your order.",
    "Would you like a refund?",
    "Has your order been cancelled?",
    "Shall I cancel ord_1?",
    "I can't refund that.",
    "I have not refunded it.",
    "Your order has not been cancelled.",
    "No refund has been issued yet.",
    "We cannot guarantee delivery dates.",
    "Once your refund has been processed, it takes 3 to 5 days [1].",
    "I will check whether your order has been refunded.",
    "I've sent your refund request to a colleague.",
    "I've updated my notes.",
    "I found your order.",
    "To get a refund, start a return at account.example.com/returns [1].",
    "You can return items within 30 days [1].",
    "You will receive an e-mail.",
    "I'm sorry that your parcel was damaged.",
  ])("passes: %s", (text) => expect(passes(text)).toBe(true));
});

describe("what goes back", () => {
  it("comes with the sentence and what to do instead", () => {
    const verdict = deeds.review({
      text: "Hello Ann. I have refunded your order. Bye.",
      passages: [],
      transcript: [],
      instructions: "",
    });
    expect(!verdict.pass && verdict.objection).toBe(
      "No tool has done what you say has been done: “I have refunded your order.”. Use the tool, or say what its result says, or ask for a person.",
    );
  });

  it("is found at the end of any text", () => {
    for (const piece of ["your order ", "I have ", "will ", "a. ", "the plan has been ", "refund "]) {
      expect(passes(`${piece.repeat(16_000 / piece.length)}. I have refunded your order.`)).toBe(false);
    }
  });
});
