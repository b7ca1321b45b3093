/**
 * How a call fails, as DeskErrors. A fault carries the status and the server's error code, never its sentences: those
 * may repeat the key or a customer's words. No error of the SDK or the network is kept as a cause, for the same reason.
 *
 *   nothing answers (refused, DNS, no route, TLS, connect timeout)                model_unreachable
 *   429, or a rate-limit or quota code inside a stream                            model_rate_limited
 *   408                                                                           model_timeout
 *   409, 5xx, a connection that breaks, what cannot be read                       model_failed
 *   any other status: the request, the key, the model or the address is wrong     model_rejected
 */
import type { Clock } from "../clock.ts";
import { DeskError, type ErrorCode } from "../errors.ts";
import type { Refusal } from "./openai-dialect.ts";

/** A status other than 2xx. What the server said stays inside: it can be searched, not printed. */
export class RefusedError extends DeskError implements Refusal {
  readonly status: number;
  readonly #said: string;

  constructor(code: ErrorCode, fault: string, status: number, said: string, retryAfterMs?: number) {
    super(code, fault, retryAfterMs === undefined ? {} : { retryAfterMs });
    this.status = status;
    this.#said = said;
  }

  mentions(pattern: RegExp): boolean {
    return pattern.test(this.#said);
  }
}

export interface Answered {
  status: number;
  headers: Headers;
  /** The parsed body, or its text. */
  body: unknown;
}

/** @param isSecret true for texts that must not be shown, whoever says them */
export function statusError(
  answered: Answered,
  clock: Clock,
  isSecret: (text: string) => boolean,
): RefusedError {
  const { status } = answered;
  const body: unknown = Array.isArray(answered.body) ? answered.body[0] : answered.body; // Gemini's are in a list
  const code = serverCode(body, isSecret);
  const fault = `the endpoint answered ${status}${code ? ` (${code})` : ""}`;
  const wait = retryAfter(answered.headers, clock);
  return new RefusedError(codeOfStatus(status), fault, status, sentences(body), wait);
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return "model_rate_limited";
  if (status === 408) return "model_timeout";
  if (status === 409 || status === 425 || status >= 500) return "model_failed";
  return "model_rejected";
}

/** An error object in the place of an answer, after a status of 200. */
export function errorInAnswer(error: unknown, isSecret: (text: string) => boolean): DeskError {
  const code = serverCode(error, isSecret);
  const status = [field(error, "code"), field(error, "status")].map(Number).find((n) => n >= 400 && n < 600);
  const limited = code !== undefined && /rate.?limit|quota|too_many|exhausted/i.test(code);
  const as = limited ? "model_rate_limited" : status === undefined ? "model_failed" : codeOfStatus(status);
  return new DeskError(as, `the endpoint broke off with an error${code ? ` (${code})` : ""}`);
}

const nothingThere =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EPROTO|ERR_SSL_\w+|ERR_TLS_\w+|CERT_\w+|\w+_CERT(IFICATE)?(_\w+)?|UNABLE_TO_\w+)$/;

/** What broke before there was a status. */
export function networkError(error: unknown): DeskError {
  const code = networkCode(error);
  if (code && nothingThere.test(code)) return new DeskError("model_unreachable", `no connection (${code})`);
  return new DeskError(
    "model_failed",
    `the connection broke before an answer came${code ? ` (${code})` : ""}`,
  );
}

/** What broke while the answer was being read. */
export function brokenAnswer(error: unknown): DeskError {
  const code = networkCode(error);
  return new DeskError(
    "model_failed",
    `the connection broke in the middle of the answer${code ? ` (${code})` : ""}`,
  );
}

/** The system's or undici's code, wherever in the chain of causes it stands. */
function networkCode(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 6 && at instanceof Error; depth++) {
    const { code } = at as { code?: unknown };
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(code)) return code;
    at = at instanceof AggregateError && at.errors.length > 0 ? at.errors[0] : at.cause;
  }
  return undefined;
}

/** The server's own word for the error: its code, type or status; a number only where there is no word. */
function serverCode(body: unknown, isSecret: (text: string) => boolean): string | undefined {
  const error = field(body, "error") ?? body;
  const words = ["code", "type", "status"]
    .map((name) => field(error, name))
    .map((value) => (typeof value === "number" ? String(value) : value))
    .filter(
      (value) => typeof value === "string" && /^[\w.-]{1,60}$/.test(value) && !isSecret(value),
    ) as string[];
  return words.find((word) => /\D/.test(word)) ?? words[0];
}

/** What the server says is wrong, without what it may have copied from the request. */
function sentences(body: unknown): string {
  if (typeof body === "string") return body.slice(0, 4_000);
  const error = field(body, "error") ?? body;
  if (typeof error === "string") return error.slice(0, 4_000);
  const parts = ["code", "type", "param", "message"].map((name) => field(error, name));
  parts.push(field(field(error, "metadata"), "raw")); // a gateway's: what the server behind it said
  const detail = field(body, "detail");
  // FastAPI: { detail: [{ loc, msg, input }] }
  for (const entry of Array.isArray(detail) ? detail.slice(0, 20) : [detail]) {
    parts.push(
      typeof entry === "string" ? entry : JSON.stringify([field(entry, "loc"), field(entry, "msg")]),
    );
  }
  return parts
    .map((part) => (typeof part === "string" ? part : part === undefined ? "" : JSON.stringify(part)))
    .join(" ")
    .slice(0, 4_000);
}

function field(value: unknown, name: string): unknown {
  return value && typeof value === "object" ? (value as Record<string, unknown>)[name] : undefined;
}

/** Milliseconds: `retry-after-ms`, else `retry-after` in seconds or as a date by the server's own clock. */
function retryAfter(headers: Headers, clock: Clock): number | undefined {
  const exact = amount(headers.get("retry-after-ms"));
  if (exact !== undefined) return exact;
  const header = headers.get("retry-after");
  const seconds = amount(header);
  if (seconds !== undefined) return seconds * 1000;
  const until = Date.parse(header ?? "");
  if (Number.isNaN(until)) return undefined;
  const date = Date.parse(headers.get("date") ?? "");
  return Math.max(0, until - (Number.isNaN(date) ? clock.now() : date));
}

function amount(header: string | null): number | undefined {
  const text = header?.trim() ?? "";
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
