/** What servers of models do instead of answering: refuse, break off, talk half a sentence, call tools for ever, or hang. */
import type { Answer, Reply } from "../doubles/openai-server.ts";
import type { Chance } from "./chance.ts";

export interface ModelFaults {
  /** What is done instead of an answer to these words; undefined: it is answered. */
  insteadOf(about: string): Promise<Reply | undefined>;
  /** Of the next requests this share goes wrong. */
  trouble(share: number): void;
  /** From now on no request is answered, or only its beginning; false: whoever still hangs is cut off, or answered late. */
  hang(on: boolean): void;
  /** How often each fault was. */
  counts: Map<string, number>;
}

export const retryAfterSeconds = 1;

const beginning = ["About ", "this"];

export function createModelFaults(chance: Chance): ModelFaults {
  const counts = new Map<string, number>();
  /** Turns whose every step is one more search. */
  const endless = new Set<string>();
  let share = 0;
  let hanging: { over: Promise<void>; end(): void } | undefined;

  function counted<T>(name: string, reply: T): T {
    counts.set(`model: ${name}`, (counts.get(`model: ${name}`) ?? 0) + 1);
    return reply;
  }

  async function hung({ over }: { over: Promise<void> }): Promise<Reply | undefined> {
    if (chance.happens(0.4))
      return counted("hangs in mid-stream", { text: beginning, after: "reset", holds: over });
    const late = chance.happens(0.5);
    counted(late ? "hangs, and answers late" : "hangs, and is cut off", undefined);
    await over;
    return late ? undefined : { fault: "reset" };
  }

  const search = (about: string): Answer => ({
    calls: [{ name: "search_knowledge", arguments: { query: about.slice(0, 200) || "hours" } }],
  });
  const kinds: Readonly<Record<string, (about: string) => Reply>> = {
    429: () => ({
      status: 429,
      headers: { "retry-after": String(retryAfterSeconds) },
      body: { error: { message: "slow down", code: "rate_limit_exceeded" } },
    }),
    500: () => ({ status: 500, body: { error: { message: "internal" } } }),
    reset: () => ({ fault: "reset" }),
    "no finish reason": () => ({ text: beginning, finishReason: null }),
    "cut off": () => ({ text: beginning, after: "cut" }),
    "reset in mid-stream": () => ({ text: beginning, after: "reset" }),
    "length in a call": () => ({ calls: [halfCall], finishReason: "length" }),
    "half JSON": () => ({ calls: [halfCall] }),
    "calls for ever": (about) => {
      endless.add(about);
      return search(about);
    },
  };

  return {
    async insteadOf(about) {
      if (hanging) return hung(hanging);
      if (endless.has(about)) return counted("one more call for ever", search(about));
      if (!chance.happens(share)) return undefined;
      const [name = "", reply] = chance.pick(Object.entries(kinds));
      return counted(name, reply(about));
    },
    trouble(of) {
      share = of;
    },
    hang(on) {
      hanging?.end();
      hanging = undefined;
      if (!on) return;
      let end = () => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      hanging = { over, end };
    },
    counts,
  };
}

const halfCall = { name: "send_credit", arguments: '{"order_id": "ord_1' };
