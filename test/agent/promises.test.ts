import { describe, expect, it } from "vitest";
import { promisesIn } from "../../src/agent/promises.ts";

describe("a promise", () => {
  it.each([
    "I'll send you a new lamp by Friday.",
    "We will refund you $5.00 by Friday.",
    "We will look into ord_7777 by Friday.",
    "A colleague will get back to you within 24 hours.",
    "You'll receive a replacement.",
    "Our team will call you tomorrow.",
    "I promise it won't happen again.",
    "I'll check with the warehouse and get back to you.",
    "Once you send the photo, we'll replace it.",
    "You can expect it by Monday.",
    "Your parcel should arrive on Tuesday.",
    "We won't charge you for that.",
    "Wir melden uns morgen bei Ihnen.",
    "Ich schicke Ihnen einen neuen Adapter.",
    "Nous vous rembourserons sous 5 jours.",
    "Le enviaremos un reemplazo mañana.",
  ])("is what somebody will do for the customer: %s", (text) => expect(promisesIn(text)).toEqual([text]));

  it.each([
    "I'll look that up.",
    "I will pass this on.",
    "I'll be happy to help.",
    "You'll find it in settings, and you will need your order number.",
    "Returns are accepted within 30 days.",
    "Standard shipping takes 5 to 7 business days.",
    "Will it arrive tomorrow?",
    "If you'd like, I'll send you a link.",
    "Let me know and I'll cancel it.",
    "ord_1001 has shipped.",
    "Thanks for waiting.",
    // What the desk itself says while it finds out who somebody is.
    "For anything about your account, first tell me the e-mail address of the account: a code goes there, to make sure that it is you.",
  ])("is not a rule, an offer or a manner of speaking: %s", (text) => expect(promisesIn(text)).toEqual([]));

  it("is taken out of what stands around it, without citations and marks", () => {
    const text =
      "Hello Ann,\n\nyour order 3.5 is late, sorry.\n- **We'll refund you $5.00 within 3 days** [1].\n- Anything else? Our team will call you at 10 a.m. tomorrow [2][3]. Bye!";
    expect(promisesIn(text)).toEqual([
      "We'll refund you $5.00 within 3 days.",
      "Our team will call you at 10 a.m. tomorrow.",
    ]);
  });

  it("is cut when nobody would read it to its end", () => {
    const [promise = ""] = promisesIn(`We will send you ${"very ".repeat(200)}many lamps.`);
    expect(promise.length).toBe(240);
  });

  it("is looked for to the end of any text", () => {
    for (const piece of ["will ", "we'll ", "a. ", "our x ", "by ", "if you ", "1 2 "]) {
      expect(promisesIn(piece.repeat(20_000 / piece.length)).length).toBeLessThan(2);
    }
  });
});
