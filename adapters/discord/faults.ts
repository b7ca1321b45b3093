/** What a failed call means: Discord's answers and the network's troubles as the six codes of the platform contract. */
import { DeskError, type ErrorCode, faultOf } from "../../src/errors.ts";

/** Whether a call may have had its effect although no good answer came. */
export type Effect = "none" | "write";

export interface Answered {
  status: number;
  /** Discord's own code; 0 where there is none. */
  code: number;
  message: string;
}

/** Discord's code for a request with more bytes in its files than this place may have. */
export const tooLarge = 40005;
export const unknownChannel = 10003;
export const unknownMessage = 10008;
/** Something in the body, as the words in a thread's name. */
export const invalidForm = 50035;
/** The words in a thread's name, for the server's own rules. */
export const titleBlocked = 200001;
/** More conversations with people are begun than Discord likes. */
export const tooManyDms = 40003;

/** There is no room now. */
const full = new Set([
  tooManyDms,
  130000, // the channel is overloaded
  160006, // as many open threads as a server may have
  160007, // the same of announcements
]);

/** Discord's codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const unreachable = new Set([
  unknownChannel,
  10004, // unknown guild
  10007, // unknown member
  unknownMessage,
  10013, // unknown user
  10015, // unknown webhook
  10062, // unknown interaction
  50001, // missing access
  50007, // this user takes no DMs
  50013, // missing permissions
  50027, // the interaction's time is over
  50278, // no guild in common
  160005, // the thread is locked
]);

/** A DeskError that remembers what Discord said, for those who know better what it means. */
export class DiscordFault extends DeskError {
  readonly discordCode: number;

  constructor(code: ErrorCode, fault: string, discordCode: number) {
    super(code, fault);
    this.discordCode = discordCode;
  }
}

export const saysCode = (error: unknown, ...codes: number[]): boolean =>
  error instanceof DiscordFault && codes.includes(error.discordCode);

/** @param what the call, without tokens and texts: `POST /channels/…/messages` */
export function faultOfAnswer(
  answer: Answered,
  what: string,
  effect: Effect,
  ownToken: boolean,
): DiscordFault {
  const said = `Discord answered ${answer.status}${answer.code ? ` (${answer.code})` : ""} to ${what}: ${answer.message}`;
  const code = answer.status === 413 ? tooLarge : answer.code;
  return new DiscordFault(codeOfAnswer(answer, effect, ownToken), said, code);
}

function codeOfAnswer({ status, code }: Answered, effect: Effect, ownToken: boolean): ErrorCode {
  if (unreachable.has(code)) return "platform_unreachable";
  if (full.has(code)) return "platform_unavailable";
  if (status === 401) return ownToken ? "platform_unauthorized" : "platform_unreachable";
  if (status === 404 || status === 410) return code === 0 ? "platform_refused" : "platform_unreachable";
  if (status >= 500 || status === 408) {
    return effect === "none" ? "platform_unavailable" : "platform_ambiguous";
  }
  return "platform_refused";
}

/** Nothing can have been sent yet. */
const notConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** A call that got no answer: refused connection, reset, timeout, something that is no JSON. */
export function faultOfSilence(error: unknown, what: string, effect: Effect): DeskError {
  const code =
    effect === "none" || notConnected.has(systemCodeOf(error))
      ? "platform_unavailable"
      : "platform_ambiguous";
  const why = error instanceof Error && error.name === "AbortError" ? "no answer in time" : faultOf(error);
  return new DeskError(code, `Discord gave no answer to ${what}: ${why}`, { cause: error });
}

function systemCodeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === "string") return code;
  return cause instanceof Error ? systemCodeOf(cause) : "";
}
