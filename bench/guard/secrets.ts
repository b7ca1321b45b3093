/**
 * What customers paste although nobody should: tokens of every maker that a gitleaks.toml names, keys, payment cards, bank
 * accounts. Half of it is written to the bot, half to a person who has the conversation; and then it is looked for
 * wherever it could have gone.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createLog } from "../../src/log.ts";
import { createScriptedModel } from "../../test/doubles/scripted-model.ts";
import { chanceFrom } from "../../test/redaction/regex-samples.ts";
import { rulesIn, samplesOf } from "../../test/redaction/token-rules.ts";
import { openDesk } from "../desk.ts";

interface Pasted {
  kind: string;
  text: string;
  secret: string;
}

const placesOf = ["the model", "the log", "tickets", "what is stored"] as const;
type Place = (typeof placesOf)[number];

export interface PastedKind {
  kind: string;
  texts: number;
  /** In how many cases the secret was found there. */
  places: Record<Place, number>;
  /** Where to look for what was found. */
  found: string[];
}

const samplesEach = 4;
const answer = "I have it.";

/** @param folder with a gitleaks.toml; without one, cards, accounts and keys only */
export async function pasteSecrets(folder: string): Promise<PastedKind[]> {
  const rules = join(folder, "gitleaks.toml");
  const all = [...(existsSync(rules) ? tokens(rules) : []), ...cards(), ...ibans(), ...privateKeys()];
  const logged: string[] = [];
  const model = createScriptedModel(answer);
  const log = createLog("debug", { write: (line) => void logged.push(line) });
  const desk = await openDesk({ tools: [], model, log });
  try {
    for (const [place, { text }] of all.entries()) {
      const customer = `customer ${place}`;
      if (place % 2 === 1) await desk.says(customer, "I want to speak to a human");
      await desk.says(customer, `Hello, please look at this: ${text} thanks`);
    }
    const hay: Record<Place, string> = {
      "the model": JSON.stringify(model.requests),
      "the log": logged.join(""),
      tickets: JSON.stringify(desk.room.shown),
      "what is stored": desk.stored(),
    };
    return counted(all, hay);
  } finally {
    await desk.close();
  }
}

export function tableOfPasted(kinds: readonly PastedKind[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |\n`;
  const head = ["pasted", "texts", ...placesOf.map((place) => `in ${place}`)];
  const rows = kinds.map(({ kind, texts, places }) => [kind, texts, ...placesOf.map((one) => places[one])]);
  const found = kinds.flatMap((one) => one.found.map((what) => `found: ${what}\n`));
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("") + found.join("");
}

function counted(all: readonly Pasted[], hay: Record<Place, string>): PastedKind[] {
  const kinds = [...new Set(all.map(({ kind }) => groupOf(kind)))];
  return kinds.map((kind) => {
    const of = all.filter((one) => groupOf(one.kind) === kind);
    const hits = (place: Place) => of.filter(({ secret }) => holds(hay[place], secret));
    const places = Object.fromEntries(placesOf.map((place) => [place, hits(place).length]));
    const found = placesOf.flatMap((place) =>
      hits(place).map((one) => `${one.kind} in ${place}: ${one.text}`),
    );
    return { kind, texts: of.length, places: places as Record<Place, number>, found };
  });
}

const groupOf = (kind: string): string => kind.split(": ")[0] ?? kind;

/** As it was written, or as JSON writes it. */
function holds(text: string, secret: string): boolean {
  return text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1));
}

function tokens(file: string): Pasted[] {
  return rulesIn(file).flatMap((rule) =>
    samplesOf(rule, samplesEach).map((sample) => ({ kind: `tokens: ${rule.id}`, ...sample })),
  );
}

/** Prefixes of networks, with the length of their numbers. */
const networks = [
  ["4", 16],
  ["4", 13],
  ["4", 19],
  ["51", 16],
  ["2221", 16],
  ["34", 15],
  ["37", 15],
  ["6011", 16],
  ["65", 16],
  ["3528", 16],
  ["36", 14],
  ["62", 16],
  ["5018", 16],
] as const;

function cards(): Pasted[] {
  const chance = chanceFrom(11);
  return networks.flatMap(([prefix, length]) =>
    [/(?!)/g, /(\d{4})(?=\d)/g].map((gap, way) => {
      let digits: string = prefix;
      while (digits.length < length - 1) digits += chance(10);
      const secret = (digits + checkDigit(digits)).replace(gap, way === 0 ? "" : "$1 ");
      return { kind: "payment cards", text: `my card is ${secret}`, secret };
    }),
  );
}

function checkDigit(digits: string): number {
  const sum = [...digits].reverse().reduce((all, digit, place) => {
    const twice = Number(digit) * (place % 2 === 0 ? 2 : 1);
    return all + (twice > 9 ? twice - 9 : twice);
  }, 0);
  return (10 - (sum % 10)) % 10;
}

/** Countries, with the form of what follows the check digits: n digits, a capital letters, c either. */
const accounts = {
  DE: "n18",
  FR: "n10c11n2",
  GB: "a4n14",
  NL: "a4n10",
  ES: "n20",
  IT: "a1n10c12",
  CH: "n5c12",
  NO: "n11",
  MT: "a4n5c18",
  PL: "n24",
} as const;

function ibans(): Pasted[] {
  const chance = chanceFrom(13);
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return Object.entries(accounts).flatMap(([country, form]) =>
    [false, true].map((spaced) => {
      let rest = "";
      for (const [, kind = "n", count] of form.matchAll(/([nac])(\d+)/g)) {
        const of = { n: "0123456789", a: letters, c: `${letters}0123456789` }[kind] ?? "";
        for (let n = 0; n < Number(count); n++) rest += of[chance(of.length)];
      }
      const iban = `${country}${ibanCheck(country, rest)}${rest}`;
      const secret = spaced ? iban.replace(/(.{4})(?=.)/g, "$1 ") : iban;
      return { kind: "bank accounts", text: `pay it to ${secret}`, secret };
    }),
  );
}

function ibanCheck(country: string, rest: string): string {
  const digits = `${rest}${country}00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  const remainder = [...digits].reduce((all, digit) => (all * 10 + Number(digit)) % 97, 0);
  return String(98 - remainder).padStart(2, "0");
}

function privateKeys(): Pasted[] {
  const chance = chanceFrom(17);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return [
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "EC PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
  ].map((kind) => {
    const line = () => Array.from({ length: 64 }, () => alphabet[chance(64)]).join("");
    const secret = line();
    const text = `-----BEGIN ${kind}-----\n${line()}\n${secret}\n${line()}\n-----END ${kind}-----`;
    return { kind: "private keys", text, secret };
  });
}
