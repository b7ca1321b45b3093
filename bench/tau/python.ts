/** Values as Python writes them: the recorded results are Python's, to the character. */

/** Fields that hold decimal numbers, and are written as such even when they are whole: 12.0. */
const decimals = new Set(["price", "amount", "balance", "exchange_price_difference"]);

/**
 * `json.dumps(value)`. A Map is an object whose keys keep their order, whatever they look like.
 * @param sorted as with `sort_keys=True`
 */
export function dumps(value: unknown, sorted = false, key = ""): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number")
    return decimals.has(key) || !Number.isInteger(value) ? float(value) : `${value}`;
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => dumps(item, sorted, key)).join(", ")}]`;
  const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${quoted(name)}: ${dumps(inner, sorted, name)}`).join(", ")}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `repr` of a float. */
export function float(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return Number.isInteger(value) ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

/** `round(value, 2)`: to the even neighbour when it lies exactly between two. */
export function round2(value: number): number {
  const hundredths = value * 100;
  const between = Number.isInteger(value * 8) && Math.abs(hundredths % 1) === 0.5;
  return between ? (2 * Math.round(hundredths / 2)) / 100 : Number(value.toFixed(2));
}

/** Without case and accents, as names are compared. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** An expression that has no value; the message is Python's. */
export class NoValue extends Error {
  override readonly name = "NoValue";
}

/**
 * The value of sums and products.
 * @throws NoValue
 */
export function evaluated(expression: string): number {
  const tokens = expression.match(/\d+\.?\d*|\.\d+|\*\*|\/\/|[-+*/()]/g) ?? [];
  checkBrackets(tokens);
  const malformed = `invalid syntax (<string>, line ${tokens.length === 0 ? 0 : 1})`;
  if (tokens.join("") !== expression.replaceAll(" ", "")) throw new NoValue(malformed);
  let at = 0;

  function sum(): number {
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "-")
      value = tokens[at++] === "+" ? value + product() : value - product();
    return value;
  }

  function product(): number {
    let value = signed();
    for (;;) {
      switch (tokens[at]) {
        case "*":
          at += 1;
          value *= signed();
          break;
        case "/":
          at += 1;
          value /= nonZero(signed());
          break;
        case "//":
          at += 1;
          value = Math.floor(value / nonZero(signed()));
          break;
        default:
          return value;
      }
    }
  }

  function signed(): number {
    if (tokens[at] === "-" || tokens[at] === "+") return tokens[at++] === "-" ? -signed() : signed();
    return power();
  }

  function power(): number {
    const base = unit();
    if (tokens[at] !== "**") return base;
    at += 1;
    return base ** signed();
  }

  function unit(): number {
    const token = tokens[at++];
    if (token === "(") {
      const value = sum();
      if (tokens[at++] !== ")") throw new NoValue(malformed);
      return value;
    }
    if (token === undefined || !/^[\d.]/.test(token)) throw new NoValue(malformed);
    return Number(token);
  }

  function nonZero(value: number): number {
    if (value === 0)
      throw new NoValue(expression.includes(".") ? "float division by zero" : "division by zero");
    return value;
  }

  const value = sum();
  if (at !== tokens.length || !Number.isFinite(value)) throw new NoValue(malformed);
  return value;
}

function checkBrackets(tokens: readonly string[]): void {
  let open = 0;
  for (const token of tokens) {
    if (token === "(") open += 1;
    if (token === ")") open -= 1;
    if (open < 0) throw new NoValue("unmatched ')' (<string>, line 1)");
  }
  if (open > 0) throw new NoValue("'(' was never closed (<string>, line 1)");
}
