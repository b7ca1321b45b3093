/** Every expected failure: its code, and what its reader can do about it. docs/errors.md lists the same codes; a test compares them. */

export const errors = {
  config_invalid: "Correct the settings listed; nothing was started.",
  init_refused: "Give a new or empty folder that can be written; what was there has not been changed.",
  data_in_use:
    "Another process uses this data folder or database. Stop it, or give another one with --data or DATABASE_URL.",
  data_unusable:
    "Check the data folder (--data): that it is writable, and of this version or an older one. With DATABASE_URL: user, password and name of the database, Postgres 13 or newer, UTF8.",
  ledger_busy:
    "Another program holds the database's write lock, or DATABASE_URL does not answer. Nothing was taken; try again when it does.",
  ledger_full: "The disk is full or read-only. Nothing was taken; free space, then try again.",
  ledger_failed: "The database refused the statement. Nothing was taken; the cause says why.",
  ledger_conflict: "Somebody else changed the same thread first; this write was refused.",
  memory_failed:
    "The session memory did not answer: check KEYV_URI, or memory.sqlite in the data folder. The desk goes on without it.",

  model_unreachable: "Nothing answers at OPENAI_BASE_URL. Check the address and the network.",
  model_rate_limited: "The model's endpoint is over its rate limit or quota.",
  model_failed: "The model's endpoint answered with an error.",
  model_timeout: "The model did not answer in time.",
  model_interrupted: "The model's answer broke off before its end.",
  model_rejected:
    "The model's endpoint refused the request: check OPENAI_API_KEY, OPENAI_MODEL and OPENAI_BASE_URL.",

  tool_unknown: "Call one of the tools that exist.",
  tool_arguments: "Correct the arguments to the tool's schema and call again.",
  tool_timeout: "The tool did not answer in time.",
  tool_failed: "The tool failed; its log entry has the details.",
  identity_needed: "Verify the customer first: by the code that the desk sends, a signed token, or --as.",
  tool_refused: "This call is not allowed here.",
  tool_module_broken: "Correct the tool's file; the desk runs without it until then.",

  article_unreadable:
    "Save the article as UTF-8 Markdown with valid front matter; the others are served without it.",

  platform_rate_limited: "The platform asks to wait; it is tried again by itself.",
  platform_unavailable:
    "The platform did not answer or take it: a desk that runs tries again by itself. At a start, check the network, then start again.",
  platform_ambiguous:
    "It is not known whether the platform took it; it is looked up before it is tried again.",
  platform_unreachable: "This person or place cannot be reached any more.",
  platform_refused: "The platform will not take this content.",
  platform_unauthorized: "The platform refuses the credentials: check the tokens and reinstall the app.",

  command_failed: "The fault says what to correct.",

  thread_move: "The thread is not in a state that allows this.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof errors;

export class DeskError extends Error {
  override readonly name = "DeskError";
  readonly code: ErrorCode;
  readonly remedy: string;
  /** With a rate limit: how long nothing should be asked. */
  readonly retryAfterMs: number | undefined;

  /** @param fault what happened, without secrets and without customers' texts */
  constructor(code: ErrorCode, fault: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(fault, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = errors[code];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The code of a DeskError, undefined for anything else. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof DeskError ? error.code : undefined;
}

/** What an unknown thrown value says, on one line. */
export function faultOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").trim();
}
