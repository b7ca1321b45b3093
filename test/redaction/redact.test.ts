import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "../../src/redaction/redact.ts";

const card = "4111 1111 1111 1111";
const gitHub = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;

describe("a text with secrets", () => {
  it("keeps everything else as it was, and says what was taken out", () => {
    const { text, found } = redact(
      `Hi,\n\nmy *card* ${card} was charged twice.\n- token: ${gitHub}\n- and ${card} again`,
    );
    expect(text).toBe(
      "Hi,\n\nmy *card* [removed: card number] was charged twice.\n- token: [removed: GitHub token]\n- and [removed: card number] again",
    );
    expect(found).toContainEqual({ kind: "card number", count: 2 });
    expect(found).toContainEqual({ kind: "GitHub token", count: 1 });
    expect(JSON.stringify(found)).not.toContain("4111");
  });

  it.each([
    ["invisible characters", `4111\u200B 1111\u2060 11\u00AD11 1\uFEFF111`],
    ["full-width digits", "４１１１ １１１１ １１１１ １１１１"],
    ["Arabic digits", "٤١١١ ١١١١ ١١١١ ١١١١"],
    ["mathematical digits", "𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏"],
    ["odd spaces", "4111\u00A01111\u20091111\u202F1111"],
    ["odd dashes", "4111–1111—1111−1111"],
    ["Markdown's escapes", "4111\\-1111\\-1111\\-1111"],
  ])("does not hide behind %s", (_, hidden) => {
    expect(redact(`It is ${hidden}, thanks`).text).toBe("It is [removed: card number], thanks");
  });

  it("finds a token with invisible characters, full-width letters or escapes in it", () => {
    const token = `${gitHub.slice(0, 9)}\u200D${gitHub.slice(9)}`;
    const wide = [...gitHub].map((one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)).join("");
    for (const one of [token, wide, gitHub.replace("_", "\\_")]) {
      expect(redact(`see ${one}!`).text).toBe("see [removed: GitHub token]!");
    }
  });

  it("leaves the characters around a find alone, emoji and all", () => {
    expect(redact(`👩‍💻 ${card} 😀é\u200B!`).text).toBe("👩‍💻 [removed: card number] 😀é\u200B!");
  });

  it("is not fooled by a mark that somebody types around a secret", () => {
    expect(redact(`[removed: 4111111111111111]`).text).not.toContain("4111");
  });
});

const pieces = [
  ..."password|password: | is |my |hunter2| |\n|[removed: password]|[removed: key]|token|=|key|cvv|123|:|\"|'".split(
    "|",
  ),
  ..."authorization:|bearer |abc123def456ghi789|pin|1234|https://|user:pw@host|api |discord|secret|12/27|-u a:b".split(
    "|",
  ),
  ...`curl |cookie: a=bcdefgh|\u200B|and|-----BEGIN PRIVATE KEY-----|x-api-key: |?token=abc123def|${card}`.split(
    "|",
  ),
];
const madeOfPieces = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((some) => some.join(""));

describe("redaction", () => {
  it("changes nothing more when it is done again", () => {
    fc.assert(
      fc.property(fc.oneof(madeOfPieces, fc.string({ unit: "binary", maxLength: 60 })), (text) => {
        const once = redact(text).text;
        expect(redact(once)).toEqual({ text: once, found: [] });
      }),
      { numRuns: 2000 },
    );
  });

  it("gives back the very same text when it has found nothing", () => {
    fc.assert(
      fc.property(fc.oneof(madeOfPieces, fc.lorem({ mode: "sentences" })), (text) => {
        const { text: clean, found } = redact(text);
        expect(clean === text).toBe(found.length === 0);
      }),
    );
  });

  it("removes a card number wherever it stands", () => {
    fc.assert(
      fc.property(fc.lorem({ mode: "sentences" }), fc.lorem(), (before, after) => {
        expect(redact(`${before} ${card} ${after}`).text).toBe(`${before} [removed: card number] ${after}`);
      }),
    );
  });

  it("ends on 100,000 hostile characters of any kind", () => {
    const hostile = [
      ..."a|1|4 1|4111 |-|=|a1|ey.|password |password:|password is |a_|a_password|https://|https://a:|?token=".split(
        "|",
      ),
      ..."authorization: |bearer |curl -u |DE89|DE89 |de 12 |cvv |card 4111111111111111 |\\_|１|api key |secret=".split(
        "|",
      ),
      ..."discord: |linear lob sumo aws |\n| |ZXlK|ZXlK-|cookie: a=|x-a-key: |postgres://u:p|3 4 5 6 7 8 9 1 2|@|`|([".split(
        "|",
      ),
      "-----BEGIN PRIVATE KEY-----",
      "PuTTY-User-Key-File-2\n",
      "kind: secret data: a:",
      "seed phrase is abc ",
      '<add key="password" value="',
      "\u200B",
      "s.",
      "eyJhbGciOi",
      "mot de passe de a b c ",
    ];
    for (const piece of hostile) {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      expect(redact(text).text.length).toBeGreaterThan(0);
    }
  });
});

const ordinary = `
My order ORD-12345 and ord_1001 of customer cust_001, invoice INV-2024-000123, has not arrived.
Tracking: 1Z999AA10123456784, JD014600003828392837, 9400 1000 0000 0000 0000 00, RX123456789DE, 784512369852
Placed 2026-01-10, eta 2026-02-18T14:30:00.000Z, that is 1767225600000; version 1.2.3-beta.4, build 20240115103000
Call me: +49 151 1234 5678, +1 (415) 555-0132, 0049 30 901820, 030 1234 5678 90, 415-555-0132 415-555-0199
Request 550e8400-e29b-41d4-a716-446655440000, commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b, API request id: req_8sd7f6a5d4f3a2s1
my discord id: 803511102246789120, snowflake 1179876543210987654, #W1234567, product 9523456873, zip 560001
IBAN-like words: GB Limited 12 people, DE 12 Monate, AT20 offers; EAN 4006381333931, ISBN 978-3-16-148410-0, IMEI 356938035643809
I forgot my password. My password is wrong. My password is not working. Is the password case-sensitive? password: how do I reset it?
Password reset link: https://account.example.com/reset?step=2 and https://help.example.com/returns
Mein Passwort ist falsch, Passwort vergessen. Mot de passe oublié. La contraseña es incorrecta. boarding pass: XY1234
The code you sent me is 482913. My verification code: 482 913. pincode 560001. Where do I find my API key? The secret: patience.
My tokens are gone, the token expired on 2026-01-10. The key: turn it off and on. A basic plan. The bearer of bad news.
30.01.2024 31.01.2024 12:30, 299.98 USD, 1,299.00, room 4111, 5 to 7 business days, iPhone 15 Pro Max 256GB
contact jane.doe@example.com or see docs.example.com/api/v2/keys/create-a-new-key-2024 and node_modules/.cache/file-2024-01-15.log`;

describe("an ordinary text", () => {
  it.each(ordinary.trim().split("\n"))("is left alone: %s", (line) => {
    expect(redact(line)).toEqual({ text: line, found: [] });
  });
});
