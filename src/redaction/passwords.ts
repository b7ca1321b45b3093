/**
 * Passwords that people write down: `password: …`, `my password is …`. What follows the word is a password only when it
 * looks like one: "my password is wrong" and "password: how do I reset it" stay as they are.
 */
import type { Find } from "./find.ts";
import { isOrdinary, passwordHint, passwordNames, prepositions, verbs } from "./password-words.ts";

/** `pass` alone means it only in such company; there are boarding passes, too. */
const shortName = "(?<=(?:^|[\\n,;/|&?_]|\\bmy|\\band|\\buser|\\bdb) {0,3})pass";
/** Follows the word without a space. */
const particle = "[はが是는은为]";
const name = `(?<![\\p{sc=Latin}\\p{sc=Cyrillic}\\p{sc=Greek}\\d])(?:[\\p{L}\\d]{1,30}[_-]){0,4}(?:${passwordNames}|${shortName})(?:[_.-]\\w{1,20})?(?:(?![\\p{L}\\d])|(?=${particle}))["'\`\\])]{0,2}`;
/** "for the portal", "für den Shop" */
const purpose = `(?: (?:${prepositions})(?: [\\p{L}\\d@.'-]{1,30}){0,4}?)?`;
const sign = "[ \\t]{0,3}(?::=|=>|->|→|[:=：])[ \\t]*(?:\\n[ \\t]*)?";
const says = `[ \\t]+(?:${verbs})[ \\t]*:?[ \\t]+|${particle}[ \\t]*`;
const value =
  '(?:(?:\\*\\*|["\'`“„«])(?<quoted>[^\\n"\'`“”«»*]{3,200})(?=["\'`”“»*])|(?<bare>[^\\s"“”«»<>]{3,1000}))';
const written = new RegExp(
  `${name}(?:${purpose}(?:(?<sign>${sign})|(?<says>${says}))|[ \\t]+)${value}`,
  "dgiu",
);
const camelCase =
  /(?<=[a-z])(?:Password|Passwd|Pwd)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?([^\s"'&;,<>]{4,1000})/dg;

export function findPasswords(text: string): Find[] {
  if (!passwordHint.test(text)) return [];
  const finds: Find[] = [];
  for (const match of text.matchAll(written)) {
    const find = passwordIn(text, match);
    if (find) finds.push(find);
  }
  for (const match of text.matchAll(camelCase)) {
    const [from, to] = match.indices?.[1] ?? [0, 0];
    if (!hidden(match[1] ?? "")) finds.push({ kind: "password", from, to });
  }
  return finds;
}

function passwordIn(text: string, match: RegExpExecArray): Find | undefined {
  const { sign, says, quoted, bare } = match.groups ?? {};
  const places = match.indices?.groups;
  const [from, end] = places?.quoted ?? places?.bare ?? [0, 0];
  const value = quoted ?? withoutTail(bare ?? "", sign?.includes("=") ?? false);
  if (value === "" || hidden(value)) return undefined;
  const to = quoted === undefined ? from + value.length : end;
  const clear = sign !== undefined || says !== undefined;
  if (quoted !== undefined) return clear && !isPhrase(quoted) ? { kind: "password", from, to } : undefined;
  const alone = endsThought(text, to) && !isOrdinary(value);
  const sure =
    sign !== undefined
      ? hasMark(value) || alone
      : says !== undefined
        ? value.length > 3 && (isMarked(value) || (alone && /\bis\b/i.test(says)))
        : isWordAndNumber(value);
  return sure ? { kind: "password", from, to } : undefined;
}

/** Without what belongs to the sentence; in a connection string or an address, up to the next field. */
function withoutTail(value: string, assigned: boolean): string {
  const field = assigned ? (value.split(/[;&](?=[\w%. -]{1,40}=)/)[0] ?? "") : value;
  let end = field.length;
  while (end > 0 && ".,;:)]}>'’`*".includes(field[end - 1] as string)) end -= 1;
  return field.slice(0, end);
}

/** Stars, a placeholder, or an address that speaks of passwords. */
function hidden(value: string): boolean {
  return /^(?:[*•·.xX_?\uFFFC-]+|[[({$%]\S*|https?:\/\/\S*|www\.\S*)$/.test(value);
}

function isPhrase(quoted: string): boolean {
  const words = quoted.trim().split(/\s+/);
  return words.length > 1
    ? !/\d/.test(quoted) && words.slice(0, 2).every(isOrdinary)
    : isOrdinary(quoted) && !hasMark(quoted);
}

function hasMark(value: string): boolean {
  return /[\d@#$%^&*!_+~\\|]/.test(value) || /\p{Ll}\p{Lu}/u.test(value);
}

/** Stricter, for what follows a verb: no date, no address, no exclamation. */
function isMarked(value: string): boolean {
  if (/^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(value) || /^\d{1,4}(?:[-/.]\d{1,4})+$/.test(value)) return false;
  return hasMark(value.replace(/[!?]+$/, ""));
}

/** For what follows nothing but the word: letters and digits, and no id. */
function isWordAndNumber(value: string): boolean {
  return (
    value.length > 5 && /\d/.test(value) && /\p{L}/u.test(value) && !/^[A-Za-z]{2,8}[-_]\d+$/.test(value)
  );
}

/** Nothing more follows on the line, or a new thought. */
function endsThought(text: string, at: number): boolean {
  return /^[.,;!)\]"'`]{0,3}(?:[ \t]*(?:$|\n)|[ \t]+(?:and|but|please|pls|can|could|thanks|thank|user|username|login|email|und|aber|bitte|et|y|e)\b|[,;])/.test(
    text.slice(at, at + 40),
  );
}
