import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { redact } from "../../src/redaction/redact.ts";
import { tokenFormats } from "../../src/redaction/token-formats.ts";
import { chanceFrom, sampleOf } from "./regex-samples.ts";
import { type Rule, rulesIn, samplesOf } from "./token-rules.ts";

const shared = process.env.DESKHAND_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const rulesFile = join(shared, "bench/guard/gitleaks.toml");
const samplesEach = 25;

/** What is left of a secret when a text with it has been redacted: nothing, if all is well. */
const leaks = (text: string, secret: string) =>
  redact(`Hello, here it is: ${text} thanks`).text.includes(secret);

describe("a token that can be told by its looks", () => {
  it.each(tokenFormats.map((format, row) => ({ ...format, row })))(
    "is removed whatever stands around it: $kind, row $row",
    ({ pattern, row, hints }) => {
      const chance = chanceFrom(row + 1);
      const alone = new RegExp(pattern.source, pattern.flags.replace("g", ""));
      let samples = 0;
      for (let tries = 0; tries < 2000 && samples < samplesEach; tries++) {
        const { text } = sampleOf(pattern.source, chance);
        const secret = alone.exec(text)?.[1] ?? alone.exec(text)?.[0];
        if (secret === undefined) continue;
        samples++;
        const context = hints.some((hint) => text.toLowerCase().includes(hint)) ? "" : `${hints[0]} `;
        expect(leaks(context + text, secret), text).toBe(false);
        expect(leaks(`${context}(${text}).`, secret), text).toBe(false);
      }
      expect(samples).toBeGreaterThan(5);
    },
  );
});

const hex = (length: number) =>
  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".slice(0, length);

describe("a key that is told by what it is called", () => {
  it.each([
    [`DATADOG_API_KEY=${hex(40)}`, "DATADOG_API_KEY=[removed: Datadog key]"],
    [`our mailgun api key is ${hex(32)}`, "our mailgun api key is [removed: Mailgun key]"],
    [`"discord_client_id": "599220612596700364"`, `"discord_client_id": "[removed: Discord key]"`],
    [`asana client id: 6921647925455690`, "asana client id: [removed: Asana key]"],
    [`API key: ${hex(16)}`, "API key: [removed: key]"],
    [`my access token is ${hex(24)} ok`, "my access token is [removed: key] ok"],
    [`client_secret="${hex(20)}"`, `client_secret="[removed: key]"`],
    [`"secret_key" => "sk_${hex(29)}"`, `"secret_key" => "[removed: key]"`],
    [
      `aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`,
      "aws_secret_access_key = [removed: AWS key]",
    ],
    [`API key:\n${hex(32)}`, "API key:\n[removed: key]"],
  ])("is removed, and its name stays: %s", (text, clean) => expect(redact(text).text).toBe(clean));

  it.each([
    "on discord: 803511102246789120",
    "facebook: john.smith.1985 or jane_doe_12345",
    "twitter, linkedin: johnsmith12345",
    "dropbox: Screenshot_2024-01-15_at_10.32.11.png",
    "heroku app id: 550e8400-e29b-41d4-a716-446655440000",
    `api request id: ${hex(32)}`,
    `trace id: ${hex(32)}, idempotency key: ${hex(16)}`,
    "license key: ABCD-1234-EFGH-5678",
    "tracking key: 1Z999AA10123456784",
    "the token is ORD-12345, the secret is out since 2024-01-15",
    "keyboard: Mechanical2024edition, monkey: banana",
  ])("is not taken for one when it is a name or an id: %s", (text) => expect(redact(text).text).toBe(text));
});

/** How many of the samples of a rule are removed. */
function coverage(rule: Rule): number {
  const samples = samplesOf(rule, samplesEach);
  const removed = samples.filter(({ text, secret }) => !leaks(text, secret)).length;
  return (removed / samples.length) * samplesEach;
}

describe.skipIf(!existsSync(rulesFile))(`the rules of gitleaks (${rulesFile})`, () => {
  it("are covered, but for those that name no text", () => {
    const rules = rulesIn(rulesFile);
    const removed = rules.map((rule) => ({ id: rule.id, removed: coverage(rule) }));
    // What is left are samples without a single digit, which look like names.
    const covered = removed.filter((one) => one.removed >= samplesEach * 0.7);
    const partly = removed.filter((one) => one.removed < samplesEach);
    console.info(
      `gitleaks: ${covered.length} of ${rules.length} rules are covered; of ${samplesEach} samples each, fewer are removed of:`,
      partly.map((one) => `${one.id} ${one.removed}`).join(", "),
    );
    expect(rules.length).toBeGreaterThan(150);
    expect(removed.filter((one) => !covered.includes(one))).toEqual([]);
  });
});

describe("a private key", () => {
  const body = `${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n".repeat(4)}`;

  it.each([
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
  ])("goes as a block, whatever its kind: %s", (kind) => {
    const text = `Here:\n-----BEGIN ${kind}-----\n${body}-----END ${kind}-----\nThanks`;
    expect(redact(text).text).toBe("Here:\n[removed: private key]\nThanks");
  });

  it("goes as far as it reaches when its end is missing", () => {
    const text = `Here:\n-----BEGIN RSA PRIVATE KEY-----\n${body}`;
    expect(redact(text).text).not.toContain("MIIE");
  });

  it("goes on one line with escaped line ends, too", () => {
    const line = `-----BEGIN PRIVATE KEY-----\\n${body.replaceAll("\n", "\\n")}-----END PRIVATE KEY-----\\n`;
    expect(redact(JSON.stringify({ private_key: line })).text).not.toContain("MIIE");
  });

  it("of PuTTY goes up to its check sum", () => {
    const text = `PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPrivate-Lines: 8\n${body}Private-MAC: 0a1b2c\nThanks`;
    expect(redact(text).text).toBe("[removed: private key]\nThanks");
  });

  it("is not a public one", () => {
    const text = `-----BEGIN PUBLIC KEY-----\nMFww\n-----END PUBLIC KEY-----`;
    expect(redact(text).text).toBe(text);
  });
});
