/** Keys and tokens: by their own looks, by their maker's name, or because the text calls them so. */
import { type Find, findAll } from "./find.ts";
import { looksRandom, looksVeryRandom } from "./randomness.ts";
import { tokenFormats } from "./token-formats.ts";
import { findVendorKeys, thing } from "./vendor-keys.ts";

/** Characters of keys without a gap; no key is shorter. */
const run = /[\w!#$%&*+\-./:=?@\\^|~]{10,}/g;
const word = /^[\p{L}][\p{Ll}'-]*[.!?:]*$/u;

export function findTokens(text: string): Find[] {
  if (!hasRun(text)) return [];
  const lower = text.toLowerCase();
  const known = tokenFormats
    .filter(({ hints }) => hints.some((hint) => lower.includes(hint)))
    .flatMap(({ pattern, kind }) => findAll(text, pattern, kind));
  return [...known, ...findVendorKeys(text), ...findCalledKeys(text)];
}

/** Something in the text is long enough for a key, and no ordinary word. */
function hasRun(text: string): boolean {
  for (const [characters] of text.matchAll(run)) if (!word.test(characters)) return true;
  return false;
}

const mark = "(?:[:=?]{0,3}[:=]>?|[-=]?>|\\|\\|)";
const verb = "(?<=[ \\t])(?:is|was|ist|est|es|è|lautet)(?=[ \\t])";
const value = "([\\w.=+/~-]{10,400})";
/** `API key: …`, `client_secret=…`, `"token": "…"`, `my access token is …`. */
const called = new RegExp(
  "(?:(?<![a-z])(?:(?:api|access|auth|secret|private|client|service|signing|encryption|refresh|session|bot|app|deploy|master|shared|storage|account|sas|bearer|web|user|admin|id)[ _-]?){1,3}(?:keys?|tokens?|secrets?|signature)|secret|token|credentials?|creds)" +
    `[ \\t\\w.-]{0,20}["'\`\\])]{0,2}\\s{0,5}(?:${mark}|${verb})["'\`\\s=]{0,5}${value}`,
  "dgi",
);
/** These words alone are many things: what follows must leave no doubt. */
const hinted = new RegExp(
  `(?:access|auth|api|key|passw)[ \\t\\w.-]{0,20}["'\`\\s]{0,3}${mark}["'\`\\s=]{0,5}${value}`,
  "dgi",
);
const harmless =
  /(?:licen[sc]e|product|serial|registration|activation|tracking|public|primary|foreign|order|issue|idempotency|sort|cache)[ _-]?$/i;
/** `ORD-12345`, dates, addresses of the web. */
const plainValue = /^(?:[A-Za-z]{2,8}[-_]\d+|\d{4}-\d\d-\d\d.*|\w+(?:\.\w+){0,9}\.[a-z]{2,6}(?:\/.*)?)$/i;

function findCalledKeys(text: string): Find[] {
  const finds: Find[] = [];
  for (const match of text.matchAll(called)) {
    const [whole, secret = ""] = match;
    const label = whole.slice(0, whole.length - secret.length);
    const random = looksRandom(secret) || /[a-z][A-Z]\w*[a-z][A-Z]/.test(secret.slice(0, 80));
    if (random && !plainValue.test(secret) && !thing.test(label)) finds.push(keyIn(match));
  }
  for (const match of text.matchAll(hinted)) {
    const [whole, secret = ""] = match;
    const label = whole.slice(0, whole.length - secret.length);
    if (secret.length < 16 || !looksVeryRandom(secret) || plainValue.test(secret)) continue;
    if (thing.test(label) || harmless.test(text.slice(Math.max(0, match.index - 16), match.index))) continue;
    finds.push(keyIn(match));
  }
  return finds;
}

function keyIn(match: RegExpExecArray): Find {
  const [from, to] = match.indices?.[1] ?? [0, 0];
  return { kind: "key", from, to };
}
