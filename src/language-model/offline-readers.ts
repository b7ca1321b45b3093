/** Values that stand in a text, for a tool's slot. Pure; what is not certain is not read. */
import { choicesOf, fits } from "./offline-schema.ts";
import { prefixOf, type Slot } from "./offline-slots.ts";
import { plainWords } from "./offline-words.ts";

const tokensMax = 400;
const tokenMax = 80;

/** @param asked the text answers the question for this slot */
export function valuesIn(slot: Slot, text: string, asked: boolean): unknown[] {
  return unique(candidates(slot, text, asked).filter((value) => fits(slot.schema, value)));
}

function candidates(slot: Slot, text: string, asked: boolean): unknown[] {
  switch (slot.kind) {
    case "choice":
      return choicesIn(slot, text);
    case "identifier":
      return identifiersIn(slot, text, asked).map((id) => (slot.schema.type === "string" ? id : Number(id)));
    case "email":
      return text.match(/(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}/g) ?? [];
    case "date":
      return text.match(/\b\d{4}-\d{2}-\d{2}\b/g) ?? [];
    case "number":
      return numbersIn(text, asked);
    case "target":
      return targetsIn(text, asked);
    case "text":
      return asked && text.trim().length <= 200 ? [text.trim()] : [];
    case "words":
    case "unreadable":
      return [];
  }
}

function choicesIn(slot: Slot, text: string): unknown[] {
  const choices = choicesOf(slot.schema) ?? [];
  if (choices.length === 1 && "const" in slot.schema) return [...choices];
  const plain = ` ${plainWords(text).replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  return choices.filter(
    (choice) =>
      typeof choice === "string" &&
      choice !== "" &&
      plain.includes(
        ` ${plainWords(choice)
          .replace(/[^\p{L}\p{N}]+/gu, " ")
          .trim()} `,
      ),
  );
}

function identifiersIn(slot: Slot, text: string, asked: boolean): string[] {
  const tokens = tokensOf(text);
  const found: string[] = [];
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    const value = slot.shape ? shaped(slot.shape, token, next) : generic(slot, token, asked);
    if (value !== undefined) found.push(value);
  });
  return found.length > 0 ? found : numbered(slot, text, tokens, asked);
}

function shaped(shape: RegExp, token: string, next: string | undefined): string | undefined {
  const pair =
    next !== undefined && /^[A-Za-z#]{1,8}$/.test(token) && /^\d{2,}$/.test(next)
      ? [`${token}-${next}`, `${token}_${next}`, `${token}${next}`]
      : [];
  return [token, ...pair]
    .flatMap((one) => [one, one.replace(/^#/, ""), `#${one}`])
    .flatMap((one) => [one, one.toUpperCase(), one.toLowerCase()])
    .find((one) => /\d/.test(one) && shape.test(one));
}

/** Without a pattern: letters and digits that look like the id of the slot's thing. */
function generic(slot: Slot, token: string, asked: boolean): string | undefined {
  if (/^#\d{3,}$/.test(token)) return token;
  const letters = /^#?([A-Za-z]{1,10})[-_]?\d[\w-]*$/.exec(token)?.[1]?.toLowerCase();
  if (letters === undefined || (token.match(/\d/g)?.length ?? 0) < 2) return undefined;
  const noun = slot.noun;
  const alike =
    noun.startsWith(letters) ||
    letters.startsWith(noun.slice(0, 3)) ||
    (letters.length <= 3 && letters[0] === noun[0]);
  return alike || asked ? token : undefined;
}

/** "Order number 1002", or just "1002" when that was asked for. */
function numbered(slot: Slot, text: string, tokens: readonly string[], asked: boolean): string[] {
  const named = new RegExp(
    `\\b${escaped(slot.noun)}s?(?: (?:number|no\\.?|nr\\.?|id|num|code))?(?: is| was)?:? ?#?(\\d{3,20})(?![\\w-])`,
    "gi",
  );
  const digits = slot.noun === "" ? [] : [...text.matchAll(named)].map((match) => match[1] as string);
  if (asked && digits.length === 0)
    digits.push(
      ...tokens.map((token) => token.replace(/^#/, "")).filter((token) => /^\d{3,20}$/.test(token)),
    );
  if (!slot.shape) return digits;
  const shape = slot.shape;
  return digits.map((number) => `${prefixOf(shape)}${number}`).filter((one) => shape.test(one));
}

function numbersIn(text: string, asked: boolean): number[] {
  const found = [...text.matchAll(/(?<![\w.#-])[$€£]?(\d{1,9}(?:[.,]\d{1,2})?)(?![\w-]|[.,]\d)/g)].map(
    (match) => Number((match[1] as string).replace(",", ".")),
  );
  return asked || found.length === 1 ? found.slice(0, 1) : [];
}

/** "Downgrade my plan to free": what stands after the last "to". */
function targetsIn(text: string, asked: boolean): string[] {
  const words = [
    ...text.matchAll(
      /\b(?:to|into|zu|auf|a|vers) (?:the |a |your |be )?["'“]?([\p{L}\p{N}][\p{L}\p{N}_-]{1,40})/giu,
    ),
  ].map((match) => match[1] as string);
  const last = words.at(-1);
  if (last !== undefined) return [last.toLowerCase(), last];
  const only = text.trim();
  return asked && /^[\p{L}\p{N}_ -]{2,40}$/u.test(only) ? [only.toLowerCase(), only] : [];
}

/**
 * The words of a text that may be values: without the punctuation of the sentence. A word with anything else about it,
 * like `ORD-1';`, is no clean value and is left out.
 */
export function tokensOf(text: string): string[] {
  return text
    .split(/\s+/)
    .slice(0, tokensMax)
    .map((raw) => {
      const word = raw.replace(/['’]s(?=\W*$)/, "");
      const inner = /^([("'“‘[<*`]*)(.*?)([)"'”’\]>*`]*[.,!?:;…]*[)"'”’\]>*`]*)$/u.exec(word);
      if (!inner) return "";
      const [, before = "", token = "", after = ""] = inner;
      const strayQuote = /['"”’`]/.test(after) && !/['"“‘`]/.test(before);
      return strayQuote || token.length > tokenMax || !/^[#\p{L}\p{N}][\p{L}\p{N}_.@/+#-]*$/u.test(token)
        ? ""
        : token;
    })
    .filter((token) => token !== "");
}

/** What a message names like an id: letters and digits with a joint, `ord_1001`, `#W123`. */
export function namedIn(text: string): string[] {
  return tokensOf(text).filter((token) => /^(?:[A-Za-z]{1,10}[-_]\d[\w-]*|#[A-Za-z]?\d{3,})$/.test(token));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function unique(values: readonly unknown[]): unknown[] {
  return [...new Set(values)];
}
