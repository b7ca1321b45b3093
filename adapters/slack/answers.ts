/**
 * Where an interaction is answered. Slack gives an address for each, good for five answers in half an hour; the core
 * only keeps a name for it. After a restart the address is forgotten, and the answer is shown as an ephemeral message.
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
}

export interface Answers {
  /** A name for the place where this interaction is answered. */
  keep(spot: Spot, address: string | undefined): string;
  /** The address, while it is good. */
  addressOf(interaction: string): string | undefined;
}

const goodMs = 29 * 60_000;
const keptMax = 5_000;

export function createAnswers(clock: Clock, mayAnswerAt: (url: URL) => boolean): Answers {
  const kept = new Map<string, { address: string; until: number }>();
  return {
    keep({ team, user, channel, thread }, address) {
      const name = [platformName, team, channel, thread ?? "", user, clock.id("i")].join(":");
      if (address !== undefined && URL.canParse(address) && mayAnswerAt(new URL(address))) {
        if (kept.size >= keptMax) kept.delete(kept.keys().next().value ?? "");
        kept.set(name, { address, until: clock.elapsed() + goodMs });
      }
      return name;
    },
    addressOf(interaction) {
      const found = kept.get(interaction);
      if (!found || found.until < clock.elapsed()) return undefined;
      return found.address;
    },
  };
}

/** Where the interaction happened; undefined when the name is not one of ours. */
export function spotNamed(interaction: string): Spot | undefined {
  const [name, team, channel, thread, user, id] = interaction.split(":");
  if (name !== platformName || !team || !channel || !user || !id) return undefined;
  return { team, channel, user, ...(thread ? { thread } : {}) };
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
export function isAnswerAddress(url: URL, apiUrl: string | undefined): boolean {
  if (url.protocol === "https:" && (url.hostname === "slack.com" || url.hostname.endsWith(".slack.com"))) {
    return true;
  }
  return apiUrl !== undefined && URL.canParse(apiUrl) && new URL(apiUrl).hostname === url.hostname;
}
