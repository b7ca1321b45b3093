/** The same for structured data: the fields of a log line, a tool's result. */
import { redact } from "./redact.ts";

const depthMax = 8;
const itemsMax = 1000;
/** Fields whose whole value is a secret, whatever it looks like. */
const secretName =
  /^(?:.*[_-])?(?:password|passwd|pwd|secret|token|api[_-]?key|apikey|authorization|cookie|set-cookie|private[_-]?key|access[_-]?key|credentials?|cvv|cvc)$/i;
/** One plain word, as events, codes and states are: no format of a secret is as short as that without a digit. */
const plainWord = /^[a-z_.]{0,24}$/;
const secretCamelName = /[a-z](?:Password|Secret|Token|ApiKey|PrivateKey|AccessKey)$/;

/**
 * A copy without secrets; the very same value when there are none. What is neither an array nor a plain object is taken
 * for what it would be as JSON. What lies deeper than 8 levels or behind the 1000th item is left out.
 * @param more takes out of a text, without secrets already, what else must not be in it
 */
export function redactFields<T>(value: T, more: Texts = (text) => text): T {
  return clean(value, 0, more) as T;
}

type Texts = (text: string) => string;

function clean(value: unknown, depth: number, more: Texts): unknown {
  if (typeof value === "string") return plainWord.test(value) ? value : more(redact(value).text);
  if (typeof value === "number")
    return Number.isSafeInteger(value) && value > 1e11 ? cleanNumber(value) : value;
  if (Array.isArray(value)) return depth >= depthMax ? "[too deep]" : cleanArray(value, depth, more);
  if (typeof value !== "object" || value === null) return value;
  if (!isPlain(value)) return clean(asJson(value), depth + 1, more);
  return depth >= depthMax ? "[too deep]" : cleanObject(value as Record<string, unknown>, depth, more);
}

function cleanNumber(value: number): unknown {
  const { text, found } = redact(String(value));
  return found.length > 0 ? text : value;
}

function cleanArray(values: readonly unknown[], depth: number, more: Texts): readonly unknown[] {
  const copy = values.slice(0, itemsMax).map((value) => clean(value, depth + 1, more));
  const same = copy.length === values.length && copy.every((value, at) => Object.is(value, values[at]));
  return same ? values : copy;
}

function cleanObject(fields: Record<string, unknown>, depth: number, more: Texts): Record<string, unknown> {
  const entries = Object.entries(fields);
  let same = entries.length <= itemsMax;
  const copy: [string, unknown][] = [];
  for (const [name, value] of entries.slice(0, itemsMax)) {
    const named = secretName.test(name) || secretCamelName.test(name);
    const kept = named && isSecret(value) ? "[removed: secret]" : clean(value, depth + 1, more);
    same &&= Object.is(kept, value);
    copy.push([name, kept]);
  }
  return same ? fields : Object.fromEntries(copy);
}

function isSecret(value: unknown): boolean {
  return (
    (typeof value === "string" && value !== "" && !value.startsWith("[removed:")) || typeof value === "bigint"
  );
}

/** What would be written of an instance of some class. */
function asJson(value: object): unknown {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "[bytes]";
  if (value instanceof Error) return String(value);
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return "[unreadable]";
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
