/**
 * The model of the run: it says back the markers of what it is asked, moves money when the customer's words say so, and
 * goes wrong in every way that servers do while trouble is on.
 */
import { type Answer, createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import type { Chance } from "./chance.ts";
import { createModelFaults, type ModelFaults, retryAfterSeconds } from "./faults-of-model.ts";
import { createGates, processHeader } from "./gates.ts";
import { markersIn } from "./measures.ts";
import type { Asked, Early } from "./record.ts";

export interface Model extends Pick<ModelFaults, "trouble" | "hang" | "counts"> {
  url: string;
  readonly asked: number;
  /** Every request for an answer. */
  log: Asked[];
  /** The next answer is told to `then` when half of it has been sent. */
  atHalf(then: () => void): void;
  /** Requests inside of a Retry-After, by the same turn. */
  early: Early[];
  close(): Promise<void>;
}

interface Item {
  role: string;
  content: string | null;
  tool_calls?: unknown[];
}

const chunkMs = 8;
/** Some answers are slow enough to be seen growing everywhere. */
const slowChunkMs = 40;

export async function createModel(chance: Chance): Promise<Model> {
  const gates = createGates();
  const faults = createModelFaults(chance);
  const log: Asked[] = [];
  let half: (() => void) | undefined;

  const server: OpenAIServer = await createOpenAIServer({
    async script({ body, headers }) {
      const items = body.messages as Item[];
      const asked = latestWords(items);
      const about = asked.join("\n");
      const gate = `model ${about}`;
      const who = String(headers[processHeader] ?? "");
      gates.pass(gate, who);
      log.push({ at: Date.now(), by: who, markers: [...markersIn(about)] });
      const fault = await faults.insteadOf(about);
      if (fault) {
        if ("status" in fault && fault.status === 429) gates.close(gate, retryAfterSeconds, who);
        return fault;
      }
      const said = answerTo(items, asked, chance);
      if (half && said.text) {
        const pieces = said.text.length;
        setTimeout(half, (said.delayMs ?? 0) + (pieces / 2) * (said.chunkDelayMs ?? 0));
        half = undefined;
      }
      return said;
    },
  });
  return {
    url: server.url,
    log,
    get asked() {
      return server.requests.length;
    },
    atHalf(then) {
      half = then;
    },
    trouble: faults.trouble,
    hang: faults.hang,
    counts: faults.counts,
    early: gates.early,
    close: server.close,
  };
}

/** The customer's words that this turn is about: the last run of theirs, passages apart. */
export function latestWords(items: readonly Item[]): string[] {
  let at = items.length - 1;
  while (at >= 0 && items[at]?.role !== "user") at--;
  const words: string[] = [];
  for (; at >= 0; at--) {
    const item = items[at];
    if (item?.role === "user") words.unshift(item.content ?? "");
    else if (item?.role !== "system" || !item.content?.startsWith("Passages from")) break;
  }
  return words;
}

/** A list, so that it is streamed word by word. */
type Streamed = Answer & { text?: string[] };

function answerTo(items: readonly Item[], asked: readonly string[], chance: Chance): Streamed {
  const about = asked.join("\n");
  const markers = [...about.matchAll(/\bq\d+\b/g)].map(([marker]) => marker);
  const called = items.at(-1)?.role === "tool";
  const wish = /\b(credit|refund) (ord_\d+)/.exec(about);
  const pace = { delayMs: chance.whole(0, 60), chunkDelayMs: chance.happens(0.15) ? slowChunkMs : chunkMs };
  if (wish && !called) {
    const name = wish[1] === "credit" ? "send_credit" : "issue_refund";
    return { ...pace, calls: [{ name, arguments: { order_id: wish[2], reason: about.slice(0, 300) } }] };
  }
  const filler = "Let me know what else I can do for you and I will gladly look into it with you.".match(
    /\S+\s?/g,
  );
  const head = `About ${markers.join(" and ") || "this"}: `;
  return { ...pace, text: [head, ...Array.from({ length: chance.whole(1, 3) }, () => filler ?? []).flat()] };
}
