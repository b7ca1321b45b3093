/** Ids and amounts of money in what was said or returned. Pure, and linear in the length of the text. */

const token = /[#\p{L}\d][\p{L}\d_#-]*/gu;
/** `10K`, `2nd`, `256GB`, `3pm`: measures, not names of things. */
const measure =
  /^\d+(?:st|nd|rd|th|am|pm|k|m|kg|g|mg|l|ml|mb|gb|tb|px|cm|mm|km|h|hrs?|hours?|min|mins|ms|s|days?|weeks?|months?|years?|x|er|eur|usd|gbp|chf|d|w|y)$/i;
const date = /^\d{1,4}-\d{1,2}(?:-\d{1,4})?(?:T\d.*)?$/i;
const tokenMax = 60;

/** `ORD-12345`, `ord_1001`, `#1234`, `1Z999AA10123456784`, UUIDs, numbers of six digits and more; in order, each once. */
export function idsIn(text: string): string[] {
  const found = new Set<string>();
  for (const [match] of text.matchAll(token)) {
    const one = match.replace(/[-_#]+$/, "");
    if (isId(one)) found.add(one);
  }
  return [...found];
}

function isId(one: string): boolean {
  if (one.length < 3 || one.length > tokenMax || date.test(one) || measure.test(one)) return false;
  const digits = one.replace(/\D/g, "").length;
  if (digits === 0) return false;
  if (/^#[\p{L}]?\d+$/u.test(one)) return true;
  if (!/\p{L}/u.test(one)) return digits >= 6 && !/^[\d-]*-[\d-]*$/.test(one);
  return (
    /^\p{L}+[-_]\p{L}*\d/u.test(one) ||
    (digits >= 3 && one.length >= 5) ||
    /^[\da-f]{8}-[\da-f-]{27}$/i.test(one)
  );
}

const currency =
  "USD|EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|SGD|HKD|TRY|AED|US\\$";
const figure = "\\d[\\d.,' ]{0,20}\\d|\\d";
const money = new RegExp(
  `(?:[$€£¥₹]|(?<!\\p{L})(?:${currency})) ?(?:${figure})|(?<![\\p{L}\\d.,])(?:${figure}) ?(?:[€£¥₹$]|(?:${currency}|dollars?|euros?|pounds?|cents?)(?!\\p{L}))|(?<![\\p{L}\\d.,])\\d{1,3}(?:[.,]\\d{1,2})? ?(?:%|percent(?!\\p{L})|Prozent)`,
  "giu",
);

/** `$49.99`, `49,99 €`, `USD 5`, `20 %`, as they are written; in order, each once. */
export function amountsIn(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(money), ([match]) => match.trim().replace(/[.,']+$/, "")))];
}

const amountField = /amount|total|price|refund|charge|fee|cost|balance|credit|paid|discount|subtotal|tax/i;

/** What a tool's result holds: ids and amounts among its values, a figure in a field named for money included. */
export function factsIn(result: unknown, idsMax: number): { ids: string[]; amounts: string[] } {
  const ids = new Set<string>();
  const amounts = new Set<string>();
  const visit = (value: unknown, name: string, depth: number): void => {
    if (depth > 8) return;
    if (typeof value === "string" || typeof value === "number") {
      const text = String(value);
      if (amountField.test(name) && /^-?\d+(?:[.,]\d{1,2})?$/.test(text)) amounts.add(text);
      else {
        for (const one of idsIn(text)) ids.add(one);
        for (const one of amountsIn(text)) amounts.add(one);
      }
    } else if (Array.isArray(value)) for (const one of value) visit(one, name, depth + 1);
    else if (typeof value === "object" && value !== null)
      for (const [field, one] of Object.entries(value)) visit(one, field, depth + 1);
  };
  visit(result, "", 0);
  return { ids: [...ids].slice(0, idsMax), amounts: [...amounts].slice(0, idsMax) };
}
