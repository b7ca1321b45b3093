/** What Slack's and the network's errors mean for the desk: which of the six platform codes, and why. */
import { webApi } from "@slack/bolt";
import { DeskError, type ErrorCode } from "../../src/errors.ts";

const codes: Readonly<Record<string, ErrorCode>> = {
  // Refused before anything was done, and worth another try.
  accesslimited: "platform_unavailable",
  external_channel_migrating: "platform_unavailable",
  message_limit_exceeded: "platform_unavailable",
  service_unavailable: "platform_unavailable",
  request_timeout: "platform_unavailable",
  team_added_to_org: "platform_unavailable",
  // "It's possible some aspect of the operation succeeded before the error was raised."
  fatal_error: "platform_ambiguous",
  internal_error: "platform_ambiguous",
  messaging_processing_failed: "platform_ambiguous",
  update_failed: "platform_ambiguous",
  // The token, or what it is allowed to do.
  access_denied: "platform_unauthorized",
  account_inactive: "platform_unauthorized",
  ekm_access_denied: "platform_unauthorized",
  enterprise_is_restricted: "platform_unauthorized",
  invalid_auth: "platform_unauthorized",
  missing_scope: "platform_unauthorized",
  no_permission: "platform_unauthorized",
  not_allowed_token_type: "platform_unauthorized",
  not_authed: "platform_unauthorized",
  org_login_required: "platform_unauthorized",
  team_access_not_granted: "platform_unauthorized",
  token_expired: "platform_unauthorized",
  token_revoked: "platform_unauthorized",
  two_factor_setup_required: "platform_unauthorized",
  // The place or the person.
  cannot_dm_bot: "platform_unreachable",
  channel_is_limited_access: "platform_unreachable",
  channel_not_found: "platform_unreachable",
  is_archived: "platform_unreachable",
  is_inactive: "platform_unreachable",
  messages_tab_disabled: "platform_unreachable",
  missing_channel: "platform_unreachable",
  not_in_channel: "platform_unreachable",
  restricted_action: "platform_unreachable",
  restricted_action_non_threadable_channel: "platform_unreachable",
  restricted_action_read_only_channel: "platform_unreachable",
  restricted_action_thread_locked: "platform_unreachable",
  restricted_action_thread_only_channel: "platform_unreachable",
  team_not_found: "platform_unreachable",
  thread_not_found: "platform_unreachable",
  user_disabled: "platform_unreachable",
  user_not_found: "platform_unreachable",
  user_not_in_channel: "platform_unreachable",
  user_not_visible: "platform_unreachable",
};

/** Where nothing has been sent yet: no name, no connection, no trust. */
const beforeSending = new Set([
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Slack's own word for what was wrong (`channel_not_found`), undefined when the trouble was elsewhere. */
export function slackErrorOf(error: unknown): string | undefined {
  const cause = error instanceof DeskError ? error.cause : error;
  if (!(cause instanceof webApi.WebAPIPlatformError)) return undefined;
  const word = cause.data.error;
  return /^[a-z][a-z0-9_]{1,79}$/.test(word) ? word : undefined;
}

const deadTokenWords = new Set(["account_inactive", "invalid_auth", "token_expired", "token_revoked"]);

/** Whether the token itself was refused, whatever was asked with it: then certainly nothing was done. */
export function refusesToken(error: unknown): boolean {
  return deadTokenWords.has(slackErrorOf(error) ?? "");
}

/** The scope that a `missing_scope` asks for. */
export function neededScope(error: unknown): string | undefined {
  const cause = error instanceof DeskError ? error.cause : error;
  if (!(cause instanceof webApi.WebAPIPlatformError)) return undefined;
  const { needed } = cause.data as { needed?: unknown };
  return typeof needed === "string" ? needed.slice(0, 200) : undefined;
}

const unknownMethod = new Set([
  "unknown_method",
  "method_deprecated",
  "deprecated_endpoint",
  "not_implemented",
]);

/** Whether the server says that it has no such method, in Slack's words or in those of HTTP. */
export function isUnknownMethod(error: unknown): boolean {
  if (error instanceof webApi.WebAPIHTTPError) return [404, 405, 501].includes(error.statusCode);
  return unknownMethod.has(slackErrorOf(error) ?? "");
}

/**
 * @param what the method, for the reader
 * @param repeatable whether a second call does no harm: then a lost answer is as good as none
 */
export function deskErrorFrom(error: unknown, what: string, repeatable: boolean): DeskError {
  if (error instanceof DeskError) return error;
  const doubtful: ErrorCode = repeatable ? "platform_unavailable" : "platform_ambiguous";
  const fault = (code: ErrorCode, why: string, retryAfterMs?: number) =>
    new DeskError(code === "platform_ambiguous" ? doubtful : code, `${what}: ${why}`, {
      cause: error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return fault("platform_rate_limited", "Slack asks to wait", Math.max(1, error.retryAfter) * 1_000);
  }
  if (error instanceof webApi.WebAPIPlatformError) {
    const word = slackErrorOf(error);
    if (word === undefined) return fault("platform_ambiguous", "the answer was not Slack's");
    if (word === "ratelimited" || word === "rate_limited") {
      return fault("platform_rate_limited", word, 1_000);
    }
    return fault(codes[word] ?? "platform_refused", word);
  }
  if (error instanceof webApi.WebAPIHTTPError)
    return fault(codeOfStatus(error.statusCode), `HTTP ${error.statusCode}`);
  const code = networkCode(error);
  return fault(beforeSending.has(code) ? "platform_unavailable" : "platform_ambiguous", code || "no answer");
}

/** Slack itself answers 200 or 429; these come from what stands between. */
function codeOfStatus(status: number): ErrorCode {
  if (status >= 500) return "platform_ambiguous";
  if (status === 401 || status === 403) return "platform_unauthorized";
  if (status === 413) return "platform_refused";
  return "platform_unavailable";
}

/** The system's code of a network error, looked for in its causes. */
function networkCode(error: unknown): string {
  let here = error;
  for (let depth = 0; depth < 5 && here instanceof Error; depth += 1) {
    const code = (here as NodeJS.ErrnoException).code;
    if (typeof code === "string" && !code.startsWith("slack_webapi")) return code;
    if (here.name === "TimeoutError" || here.name === "AbortError") return here.name;
    here = here instanceof webApi.WebAPIRequestError ? here.original : here.cause;
  }
  return "";
}
