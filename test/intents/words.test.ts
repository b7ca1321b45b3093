import { describe, expect, it } from "vitest";
import { inOwnWords } from "../../src/intents/own-words.ts";
import { reasonIn, wording } from "../../src/intents/wording.ts";
import { yesOrNo } from "../../src/intents/yes-no.ts";

describe("nothing but yes", () => {
  it.each([
    "yes",
    "Yes.",
    " YES!! ",
    "yes, please",
    "Ok, go ahead",
    "go ahead",
    "confirm",
    "“yes”",
    "👍",
    "👍🏽",
    "✅",
    "yes 👍",
    "ja",
    "Oui !",
    "sí",
    "si\u0301",
    "sim",
    "that’s right",
  ])("%s", (text) => {
    expect(yesOrNo(text)).toBe("yes");
  });
});

describe("nothing but no", () => {
  it.each([
    "no",
    "No!",
    "no, thanks",
    "no thank you",
    "cancel",
    "Don’t.",
    "stop",
    "👎",
    "👎🏿",
    "nein",
    "não",
    "na\u0303o",
  ])("%s", (text) => {
    expect(yesOrNo(text)).toBe("no");
  });
});

describe("neither", () => {
  it.each([
    "",
    "yes?",
    "ok?",
    "yes but only half",
    "yes and no",
    "not yes",
    "yes no",
    "no yes",
    "yes 👎",
    "I said yes to my wife",
    "yesterday",
    "oksana",
    "the answer is yes",
    "yes 2",
    "👍👎",
    "?",
    "yes ".repeat(100),
    "y e s",
    "<yes>no</yes>",
    "yes❓",
    "ok ⁉️",
    "yes؟",
    "~~yes~~",
    "> yes",
    "yes 🛑",
  ])("%s", (text) => {
    expect(yesOrNo(text)).toBeUndefined();
  });
});

describe("a reason", () => {
  it.each([
    ["The lamp arrived broken", ["Hi!", "my lamp is broken, I want my money back"]],
    ["Parcel never arrived", ["it has not arrived yet"]],
    ["Lieferung beschädigt", ["Die Lieferung kam kaputt an"]],
  ])("is the customer's when they have said it: %s", (reason, said) => {
    expect(inOwnWords(reason, said)).toBe(true);
  });

  it.each([
    ["Customer requests a refund", ["I want a refund for my order please"]],
    ["damaged in transit", ["refund ord_1002"]],
    ["ord_1002", ["refund ord_1002"]],
    ["1002", ["refund 1002"]],
    ["", ["it is broken"]],
    ["broken", []],
  ])("is not, when only the model says it: %s", (reason, said) => {
    expect(inOwnWords(reason, said)).toBe(false);
  });
});

describe("what a run says", () => {
  const preview = { ok: true as const, subject: "o", text: "Refund 1.00 USD" };

  it.each([
    [{ refunded: true, arrives_within: "3 days" }, "Done: Refund 1.00 USD. It arrives within 3 days."],
    [{ message: "A mail is on its way" }, "Done: Refund 1.00 USD. A mail is on its way."],
    ["[]", "Done: Refund 1.00 USD."],
    [null, "Done: Refund 1.00 USD."],
  ])("is told to people: %j", (result, text) => {
    expect(wording.done(preview, result)).toBe(text);
  });

  it.each([
    [{ ok: false, reason: "too late" }, "too late"],
    [{ refunded: false, reason: "too late" }, "too late"],
    [{ ok: false, error: "closed" }, "closed"],
    [{ refunded: true, reason: "it was broken" }, undefined],
    [{ ok: false }, "no reason was given."],
    [{ error: "not found" }, "not found"],
    [{ refunded: true, gift: false }, undefined],
    [{ ok: true, reason: "it was broken", whole_order: false }, undefined],
    [{ refunded: true, reason: "it was broken", restocked: false }, undefined],
    [{ expired: true, refunded: false, reason: "too late" }, "too late"],
    [{ already_refunded: true, refunded: false, reason: "paid back before" }, "paid back before"],
    [{ refunded: true, issued: false, reason: "paid back before" }, "paid back before"],
    ["no", undefined],
    [null, undefined],
  ])("is a failure only when it says so and why: %j", (result, reason) => {
    expect(reasonIn(result, "issue_refund")).toBe(reason);
  });
});
