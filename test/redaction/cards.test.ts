import { describe, expect, it } from "vitest";
import { luhn } from "../../src/redaction/cards.ts";
import { redact } from "../../src/redaction/redact.ts";

/** Test numbers that the networks and their processors publish. */
const numbers =
  `4111111111111111 4012888888881881 4222222222222 4917610000000000003 5555555555554444 5105105105105100
2223003122003222 2720990000000007 378282246310005 371449635398431 6011111111111117 6011000990139424 3056930009020004
30569309025904 38520000023237 36227206271667 3530111333300000 3566002020360505 6200000000000005 6205500000000000004
6759649826438453 6304000000000000 5066991111111118 2200000000000053`.split(/\s+/);

describe("a card number", () => {
  it.each(numbers)("of any network is removed: %s", (number) => {
    expect(redact(`my card ${number} please`).text).toBe("my card [removed: card number] please");
  });

  it.each([
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111  1111  1111  1111",
    "4111 11111111 1111",
    "3782 822463 10005",
    "3056 930902 5904",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "41 11 11 11 11 11 11 11",
    "411111 1111111111",
    "4111\t1111\t1111\t1111",
    "4111   1111   1111   1111",
    "4111 - 1111 - 1111 - 1111",
    "4111_1111_1111_1111",
    "4111/1111/1111/1111",
    "4111 | 1111 | 1111 | 1111",
    "4111·1111·1111·1111",
    "3782/822463/10005",
  ])("is found however it is grouped: %s", (written) => {
    expect(redact(`It is ${written}.`).text).toBe("It is [removed: card number].");
  });

  it.each([
    ["card:4111111111111111", "card:[removed: card number]"],
    ["card4111111111111111", "card[removed: card number]"],
    ["(4111111111111111)", "([removed: card number])"],
    ['{"pan":"4111111111111111"}', '{"pan":"[removed: card number]"}'],
    ["12 4111 1111 1111 1111 99", "12 [removed: card number] 99"],
    ["[4111111111111111](tel:4111111111111111)", "[[removed: card number]](tel:[removed: card number])"],
    ["my card number is 4111 1111 1111 1112", "my card number is [removed: card number]"],
  ])("is found in the middle of things: %s", (text, clean) => expect(redact(text).text).toBe(clean));

  it.each([
    ["a wrong check digit", "4111 1111 1111 1112"],
    ["no issuer", "1234 5678 9012 3452"],
    ["a telephone's plus", "+4915112345672"],
    ["a barcode", "4006381333931"],
    ["letters around it", "order_4111111111111111"],
    ["a hash", "af4111111111111111c3"],
    ["the length of an account's number", "discord:0:620000000000000047, 620000000000000047"],
    ["too many digits", "41111111111111114111"],
    ["more groups around it", "2001/4111/1111/1111/1111"],
    ["signs of more than one kind between its groups", "4111/1111_1111/1111"],
    ["lines of their own", "4111\n1111\n1111\n1111"],
  ])("is none with %s", (_, text) => expect(redact(text).text).toBe(text));
});

describe("the code from the back of a card", () => {
  it.each([
    ["4111 1111 1111 1111 12/27 123", "[removed: card number] 12/27 [removed: card security code]"],
    ["4111111111111111, 12/2027, 123", "[removed: card number], 12/2027, [removed: card security code]"],
    ["4111111111111111|0427|123", "[removed: card number]|0427|[removed: card security code]"],
    [
      "4111111111111111 exp 04/27 cvv: 123",
      "[removed: card number] exp 04/27 cvv: [removed: card security code]",
    ],
    ["378282246310005 1234", "[removed: card number] [removed: card security code]"],
    ["the CVV is 123", "the CVV is [removed: card security code]"],
    ["cvc2 = 9876", "cvc2 = [removed: card security code]"],
    ["Visa-Karte, Prüfnummer 123", "Visa-Karte, Prüfnummer [removed: card security code]"],
    ["card security code: 123", "card security code: [removed: card security code]"],
  ])("goes with it: %s", (text, clean) => expect(redact(text).text).toBe(clean));

  it("is not any security code", () => {
    const text = "Error: security code 403. My CID: 1234.";
    expect(redact(text).text).toBe(text);
  });
});

describe("the check digit", () => {
  it("catches every single wrong digit", () => {
    const right = "4111111111111111";
    expect(luhn(right)).toBe(true);
    for (let at = 0; at < right.length; at++) {
      for (let digit = 0; digit < 10; digit++) {
        const other = right.slice(0, at) + digit + right.slice(at + 1);
        expect(luhn(other)).toBe(other === right);
      }
    }
  });
});
