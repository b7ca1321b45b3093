/** Texts that a regular expression matches, made by chance from a seed: RE2's syntax and JavaScript's, what of it formats use. */

/** A generator of numbers below `n`, the same for the same seed. */
export function chanceFrom(seed: number): (n: number) => number {
  let state = seed >>> 0 || 1;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

export interface Sample {
  text: string;
  /** What the longest group has matched: the secret itself. */
  secret: string;
}

const lower = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const wordCharacters = `${lower}${lower.toUpperCase()}${digits}_`;
const classes: Record<string, string> = {
  w: wordCharacters,
  d: digits,
  s: " ",
  S: `${wordCharacters}-+/.`,
  n: "\n",
  r: "\r",
  t: "\t",
};

export function sampleOf(source: string, chance: (n: number) => number): Sample {
  let at = 0;
  let secret = "";
  let ignoresCase = false;

  function alternatives(): string {
    const branches: string[] = [];
    const from = at;
    let depth = 0;
    let inClass = false;
    let begin = from;
    for (; at < source.length; at++) {
      const character = source[at];
      if (character === "\\") at++;
      else if (inClass) inClass = character !== "]";
      else if (character === "[") {
        inClass = true;
        if (source[at + 1] === "^") at++;
        if (source[at + 1] === "]") at++;
      } else if (character === "(") depth++;
      else if (character === ")" && depth-- === 0) break;
      else if (character === "|" && depth === 0) {
        branches.push(source.slice(begin, at));
        begin = at + 1;
      }
    }
    branches.push(source.slice(begin, at));
    const end = at;
    const chosen = chance(branches.length);
    at = from + branches.slice(0, chosen).reduce((sum, branch) => sum + branch.length + 1, 0);
    const stop = at + (branches[chosen] as string).length;
    let text = "";
    while (at < stop) text += repeated(stop);
    at = end;
    return text;
  }

  function repeated(stop: number): string {
    const from = at;
    const first = atom();
    const [least, most] = quantifier(stop);
    if (least === 1 && most === 1) return first;
    const after = at;
    let text = "";
    const count = least + chance(most - least + 1);
    for (let n = 0; n < count; n++) {
      at = from;
      text += n === 0 ? first : atom();
    }
    at = after;
    return text;
  }

  function quantifier(stop: number): [number, number] {
    if (at >= stop) return [1, 1];
    const counted = /^\{(\d+)(,?)(\d*)\}/.exec(source.slice(at));
    let range: [number, number] = [1, 1];
    if (counted) {
      at += counted[0].length;
      const least = Number(counted[1]);
      range = [least, counted[2] === "" ? least : counted[3] === "" ? least + 3 : Number(counted[3])];
    } else if ("?*+".includes(source[at] as string)) {
      const sign = source[at++];
      range = sign === "?" ? [0, 1] : sign === "*" ? [0, 4] : [1, 5];
    } else return range;
    if (source[at] === "?") at++;
    return range;
  }

  function atom(): string {
    const character = source[at++] as string;
    switch (character) {
      case "(":
        return group();
      case "[":
        return pick(characterClass());
      case "^":
      case "$":
        return "";
      case "\\":
        return escapedAtom();
      default:
        return cased(character);
    }
  }

  function group(): string {
    const before = ignoresCase;
    const opening = /^\?(?:([imsU-]*)([:)])|<?P?<[\w]+>|<?[=!])/.exec(source.slice(at));
    if (opening) at += opening[0].length;
    const flags = opening?.[1] ?? "";
    if (/i/.test(flags)) ignoresCase = !/-.*i/.test(flags);
    if (opening?.[2] === ")") return "";
    const looksAround = /^\?<?[=!]/.test(opening?.[0] ?? "");
    const captures = !opening || /^\?P?</.test(opening[0]);
    const text = alternatives();
    at++;
    ignoresCase = before;
    if (looksAround) return "";
    if (captures && text.length > secret.length) secret = text;
    return text;
  }

  function escapedAtom(): string {
    const character = source[at++] as string;
    if (character === "x") {
      at += 2;
      return String.fromCharCode(Number.parseInt(source.slice(at - 2, at), 16));
    }
    if ("bBzA".includes(character)) return "";
    return classes[character] ? pick(classes[character]) : character;
  }

  function characterClass(): string {
    let allowed = "";
    const negated = source[at] === "^";
    if (negated) at++;
    let first = true;
    while (source[at] !== "]" || first) {
      first = false;
      if (source.startsWith("[:alnum:]", at)) {
        allowed += wordCharacters.slice(0, -1);
        at += 9;
        continue;
      }
      const one = classMember();
      if (source[at] === "-" && source[at + 1] !== "]" && one.length === 1) {
        at++;
        const last = classMember();
        for (let code = one.charCodeAt(0); code <= last.charCodeAt(0); code++) {
          allowed += String.fromCharCode(code);
        }
      } else allowed += one;
    }
    at++;
    if (!negated) return allowed;
    return [...wordCharacters].filter((character) => !allowed.includes(character)).join("");
  }

  function classMember(): string {
    const character = source[at++] as string;
    if (character !== "\\") return character;
    const escaped = source[at++] as string;
    if (escaped === "x") {
      at += 2;
      return String.fromCharCode(Number.parseInt(source.slice(at - 2, at), 16));
    }
    return classes[escaped] ?? escaped;
  }

  const pick = (characters: string): string => cased(characters[chance(characters.length)] ?? "");
  const cased = (character: string): string =>
    ignoresCase && chance(4) === 0 ? character.toUpperCase() : character;

  const text = alternatives();
  return { text, secret: secret || text };
}
