/**
 * Where an interaction is answered. Slack gives an address for each, good for five answers in half an hour. It stands in
 * the name that the core keeps: whoever has the answer, perhaps another process, can give it also where the bot is no
 * member. When the address is not good any more, the answer is shown as an ephemeral message.
 */
import type { Clock } from "../../src/clock.ts";
import type { Post } from "../../src/platform.ts";
import { deskErrorFrom } from "./faults.ts";
import type { Http } from "./fetch.ts";
import { toOnePart } from "./outgoing.ts";
import { type Place, platformName } from "./thread-id.ts";
import { callTimeoutMs, type WebApi } from "./web-api.ts";

export interface Spot {
  team: string;
  user: string;
  channel: string;
  thread?: string;
  /** Slack's address for the answer. */
  address?: string;
}

/** A name for the place where an interaction is answered. */
export function nameOf({ team, user, channel, thread, address }: Spot, clock: Clock): string {
  const words = [platformName, team, channel, thread ?? "", user, clock.id("i")];
  return [...words, ...(address === undefined ? [] : [encodeURIComponent(address)])].join(":");
}

/** Where the interaction happened; undefined when the name is not one of ours. */
export function spotNamed(interaction: string): Spot | undefined {
  const [name, team, channel, thread, user, id, address] = interaction.split(":");
  if (name !== platformName || !team || !channel || !user || !id) return undefined;
  return {
    team,
    channel,
    user,
    ...(thread ? { thread } : {}),
    ...(address ? { address: decodeURIComponent(address) } : {}),
  };
}

/** As a message that only this person sees, and only while they are here. */
export async function showPrivately(api: WebApi, place: Place, user: string, post: Post): Promise<void> {
  const { team, channel, ts } = place;
  const { text, blocks } = toOnePart(post, "plain");
  const thread = ts === undefined ? {} : { thread_ts: ts };
  await api.call(team, "chat.postEphemeral", { channel, user, text, blocks, ...thread });
}

/** False when the address is not good any more. */
export async function answerAt(
  http: Http,
  address: string,
  thread: string | undefined,
  post: Post,
): Promise<boolean> {
  const { text, blocks } = toOnePart(post, "plain");
  const message = {
    response_type: "ephemeral",
    replace_original: false,
    text,
    blocks,
    ...(thread === undefined ? {} : { thread_ts: thread }),
  };
  try {
    const { statusCode, body } = await http.request(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
      timeoutMs: callTimeoutMs,
    });
    await body.dump();
    return statusCode === 200;
  } catch (error) {
    throw deskErrorFrom(error, "the answer", false);
  }
}

/** Slack's own address, or one of the machine of the Slack server that was configured. */
export function isAnswerAddress(address: string, apiUrl: string | undefined): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  if (url.protocol === "https:" && (url.hostname === "slack.com" || url.hostname.endsWith(".slack.com"))) {
    return true;
  }
  return apiUrl !== undefined && URL.canParse(apiUrl) && new URL(apiUrl).hostname === url.hostname;
}
