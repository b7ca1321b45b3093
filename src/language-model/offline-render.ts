/** What a tool said, as people write it: `ORD-12345 — status: shipped · items: Headphones × 1 (59.00)`. Pure. */
import { exponentOf } from "../money.ts";
import { asSchema, type Schema } from "./offline-schema.ts";
import { snake } from "./offline-slots.ts";

const recordsMax = 10;
const fieldsMax = 16;
const itemsMax = 12;
const valueMax = 300;
const textMax = 1500;

const heads = /^(?:id|number|code|reference|name|title)$|_(?:id|number)$/;
/** Switches that say only that there is something, and what is not for reading. */
const hidden =
  /^(?:found|ok|success|cut|note|retryable)$|^_|^(?:customer|user|owner|tenant)(?:_id)?$|token|secret|password|hash|api_key|idempotency/;
const amountLike = /amount|total|price|refund|balance|value|cost|fee|paid|charged/;
const counts = /^(?:quantity|qty|count|amount_of)$/;
const names = /^(?:product|name|title|item|description|label|sku)(?:_name)?$/;
const prices = /^(?:price|unit_price|amount|total|cost)$/;

/** A whole result: one record on a line, several as a list. */
export function rendered(result: unknown): string {
  return cut(lines(unwrapped(result)), textMax);
}

function lines(value: unknown): string {
  if (Array.isArray(value)) return list(value, undefined);
  const object = asSchema(value);
  const inner = object && onlyList(object);
  if (!inner) return record(value, undefined);
  // `{ currency: "USD", orders: […] }`: the list, with what stands beside it.
  const currency = typeof object.currency === "string" ? object.currency : undefined;
  const beside = Object.fromEntries(
    Object.entries(object).filter(([name]) => name !== inner.name && name !== "currency"),
  );
  return [list(inner.records, currency), record(beside, currency)].filter(Boolean).join("\n");
}

function list(records: readonly unknown[], currency: string | undefined): string {
  const shown = records.slice(0, recordsMax).map((one) => `- ${record(one, currency)}`);
  if (records.length > recordsMax) shown.push(`- and ${records.length - recordsMax} more`);
  return shown.join("\n");
}

/** The list of records that is the whole content of an object; undefined when it is a record itself. */
export function onlyList(object: Schema): { name: string; records: readonly unknown[] } | undefined {
  const lists = fieldsOf(object).filter(
    ([, one]) => Array.isArray(one) && one.some((inner) => asSchema(inner)),
  );
  const [first] = lists;
  return lists.length === 1 && first && !headOf(object) && fieldsOf(object).length <= 4
    ? { name: first[0], records: first[1] as unknown[] }
    : undefined;
}

/** Without the wrapping around the one thing that was found: `{ found: true, order: {…} }`. */
export function unwrapped(result: unknown): unknown {
  let value = result;
  for (let depth = 0; depth < 4; depth++) {
    const object = asSchema(value);
    if (!object) return value;
    const entries = fieldsOf(object);
    const only = entries.length === 1 ? entries[0]?.[1] : undefined;
    if (typeof only !== "object" || only === null || moneyOf(only) !== undefined) return value;
    value = only;
  }
  return value;
}

function record(value: unknown, outer: string | undefined): string {
  const object = asSchema(value);
  if (!object) return inline(value, 0);
  const head = headOf(object);
  const currency = typeof object.currency === "string" ? object.currency : outer;
  const fields = fieldsOf(object)
    .filter(([name]) => name !== head?.name && !(name === "currency" && currency !== undefined))
    .slice(0, fieldsMax)
    .map(([name, one]) => field(name, one, currency));
  const rest = fields.filter((text) => text !== "").join(" · ");
  if (!head) return rest;
  return rest === "" ? head.value : `${head.value} — ${rest}`;
}

function headOf(object: Schema): { name: string; value: string } | undefined {
  const found = fieldsOf(object).find(
    ([name, value]) => heads.test(snake(name)) && (typeof value === "string" || typeof value === "number"),
  );
  return found && { name: found[0], value: plain(found[1]) };
}

function field(name: string, value: unknown, currency: string | undefined): string {
  const text = inline(value, 0);
  if (text === "") return "";
  const money =
    currency !== undefined && amountLike.test(snake(name)) && /^\d+(?:\.\d+)?$/.test(text)
      ? ` ${currency}`
      : "";
  return `${snake(name).replaceAll("_", " ")}: ${text}${money}`;
}

function inline(value: unknown, depth: number): string {
  const money = moneyOf(value);
  if (money !== undefined) return money;
  if (Array.isArray(value)) {
    const shown = value.slice(0, itemsMax).map((one) => item(one, depth + 1));
    if (value.length > itemsMax) shown.push(`and ${value.length - itemsMax} more`);
    return shown.filter((text) => text !== "").join(", ");
  }
  const object = asSchema(value);
  if (object) return depth > 2 ? "" : nested(object, depth);
  return plain(value);
}

/** One of a list inside a record: `Headphones × 1 (59.00)`. */
function item(value: unknown, depth: number): string {
  const object = asSchema(value);
  if (!object) return inline(value, depth);
  const entries = fieldsOf(object);
  const find = (pattern: RegExp) =>
    entries.find(([name, one]) => pattern.test(snake(name)) && typeof one !== "object");
  const name = find(names);
  if (!name) return nested(object, depth);
  const count = find(counts);
  const price = find(prices);
  return `${plain(name[1])}${count ? ` × ${plain(count[1])}` : ""}${price ? ` (${plain(price[1])})` : ""}`;
}

function nested(object: Schema, depth: number): string {
  return fieldsOf(object)
    .slice(0, fieldsMax)
    .map(([name, one]) => [snake(name).replaceAll("_", " "), inline(one, depth + 1)] as const)
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `${name} ${text}`)
    .join(", ");
}

function fieldsOf(object: Schema): [string, unknown][] {
  return Object.entries(object).filter(
    ([name, value]) => !hidden.test(snake(name)) && value !== null && value !== undefined && value !== "",
  );
}

/** Integer minor units with an ISO 4217 code. */
function moneyOf(value: unknown): string | undefined {
  const object = asSchema(value);
  if (!object || typeof object.currency !== "string" || !Number.isSafeInteger(object.minor)) return undefined;
  const digits = exponentOf(object.currency);
  return `${((object.minor as number) / 10 ** digits).toFixed(digits)} ${object.currency}`;
}

function plain(value: unknown): string {
  switch (typeof value) {
    case "string":
      return cut(value.replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim(), valueMax);
    case "number":
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "yes" : "no";
    case "undefined":
    case "object":
    case "symbol":
    case "function":
      return "";
  }
}

/** Never inside a surrogate pair. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
