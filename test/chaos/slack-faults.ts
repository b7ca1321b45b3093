/** The desk's calls to Slack as they come: seen, and made to go wrong. */
import { elementsOf, textsOf } from "../doubles/slack-server/block-kit.ts";
import type { WebFault } from "../doubles/slack-server/faults.ts";
import type { Call, SlackServer } from "../doubles/slack-server/slack-server.ts";
import { messagesIn } from "../doubles/slack-server/world.ts";
import type { Chance } from "./chance.ts";
import type { Gates } from "./gates.ts";
import type { Stroke } from "./record.ts";
import type { Stage } from "./stage.ts";

export const shows: Readonly<Record<string, Stroke["does"]>> = {
  "chat.postMessage": "post",
  "chat.startStream": "draft",
  "chat.appendStream": "more",
  "chat.stopStream": "finish",
  "chat.update": "edit",
  "chat.delete": "remove",
};

type StageFaults = Pick<Stage, "withholdPost" | "withholdDraft" | "limit" | "resetAfter" | "clearFaults">;

/** Sees every call of the desk when it comes, and decides how it goes wrong. */
export function createSlackFaults(
  slack: SlackServer,
  { chance, gates, deskChannel }: { chance: Chance; gates: Gates; deskChannel: string },
  seen: (call: Call, thread: string | undefined) => void,
  /** Something with buttons can be seen, and the desk has not been told so. */
  unanswered: (call: Call) => void,
): StageFaults {
  let withheld: { method: string; then: () => void } | undefined;
  let limited: { thread: string | undefined; share: number } | undefined;
  let resets = 0;

  slack.faults.next = (method): WebFault | undefined => {
    const call = slack.calls.at(-1) as Call;
    const thread = threadOf(slack, call);
    seen(call, thread);
    const gate = `${method} ${call.team} ${String(call.args.channel)}`;
    const who = processOf(call);
    gates.pass(gate, who);
    if (method === "chat.postMessage" && hasButtons(call) && chance.happens(unansweredShare))
      return { kind: "delay_after", ms: chance.between(100, 600), shown: () => unanswered(call) };
    const toCustomer = shows[method] !== undefined && thread !== undefined && !thread.startsWith(deskChannel);
    if (!toCustomer) return undefined;
    if (withheld?.method === method) {
      const { then } = withheld;
      withheld = undefined;
      return { kind: "hang_after", then };
    }
    if (limited?.thread === thread && chance.happens(limited.share)) {
      gates.close(gate, 1, who);
      return { kind: "rate_limited", seconds: 1 };
    }
    if (resets > 0) {
      resets -= 1;
      return { kind: "reset_after" };
    }
    return undefined;
  };
  return {
    withholdPost(then) {
      withheld = { method: "chat.postMessage", then };
    },
    withholdDraft(then) {
      withheld = { method: "chat.startStream", then };
    },
    limit(thread, share) {
      limited = share > 0 ? { thread, share } : undefined;
    },
    resetAfter(times) {
      resets = times;
    },
    clearFaults() {
      withheld = undefined;
      limited = undefined;
      resets = 0;
      slack.dropHanging();
    },
  };
}

/** People are quick. */
const unansweredShare = 0.2;

const hasButtons = ({ args }: Call) => elementsOf(args.blocks ?? []).some(({ type }) => type === "button");

/** Slack's client tells its process's title; see desk-process.ts. */
const processOf = ({ agent }: Call) => / (desk-\d+)\//.exec(agent)?.[1] ?? "";

function threadOf(slack: SlackServer, { args, team }: Call): string | undefined {
  const channel = String(args.channel ?? "");
  if (channel === "") return undefined;
  const place = (root: unknown) => `slack:${team}:${channel}${root === undefined ? "" : `:${String(root)}`}`;
  if (args.ts === undefined) return place(args.thread_ts);
  const found = messagesIn(slack.world, team, channel).findLast((one) => one.ts === String(args.ts));
  return found && place(found.threadTs);
}

export function textOf({ args }: Call): string {
  const chunks = Array.isArray(args.chunks)
    ? (args.chunks as { text?: string }[]).map((one) => one.text ?? "")
    : [];
  return [args.text, args.markdown_text, ...chunks, ...textsOf(args.blocks ?? [])]
    .filter((one) => typeof one === "string" && one !== "")
    .join("\n");
}
