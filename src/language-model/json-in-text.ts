/**
 * The JSON in a model's answer. Asked for nothing but JSON, models still put it in a code fence, or a sentence around it.
 */

/** Values that are tried before giving up: a text full of brackets must not cost more than it is worth. */
const attemptsMax = 50;

/**
 * The whole text if it is JSON, else the first object (or array) in it that parses; undefined when there is none.
 * @param kind what to look for inside other text
 */
export function jsonInText(text: string, kind: "object" | "array"): unknown {
  const whole = parse(text.trim());
  if (whole !== undefined) return whole;
  const open = kind === "object" ? "{" : "[";
  let at = text.indexOf(open);
  for (let attempt = 0; at >= 0 && attempt < attemptsMax; attempt++) {
    const end = endOfValue(text, at);
    const value = end === undefined ? undefined : parse(text.slice(at, end));
    if (value !== undefined) return value;
    at = text.indexOf(open, at + 1);
  }
  return undefined;
}

export function isJson(text: string): boolean {
  return parse(text) !== undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Just behind the bracket that closes the one at `start`; brackets in strings do not count. */
export function endOfValue(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return undefined;
}
