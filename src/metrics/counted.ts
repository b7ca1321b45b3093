/** What the desk's own log says, as counters: which event counts as what. */
import { codeOf } from "../errors.ts";
import type { Fields } from "../log.ts";
import { platformOf } from "../thread.ts";
import { type Counter, createCounter, createHistogram, type Histogram } from "./instruments.ts";

export interface Counted {
  /** Never throws. */
  note(event: string, fields: Fields): void;
  render(): string;
}

/** @param tools names of all that a model may call; any other, which it has made up, is `unknown` */
export function createCounted(tools: ReadonlySet<string>): Counted {
  const turns = createTurnCounters();
  const calls = createToolCounters(tools);
  const sends = createSendCounters();
  const modelFailures = createCounter({
    name: "deskhand_model_failures_total",
    help: "Calls of the model that failed, tries included.",
    labels: ["code"],
  });
  const noted = new Map<string, (fields: Fields) => void>([
    ["turn.ended", turns.ended],
    ["tool.called", calls.called],
    ["model.failed", ({ error }) => modelFailures.add([codeOf(error) ?? "other"])],
    ["send.done", (fields) => sends.over(fields, "sent")],
    ["send.failed", (fields) => sends.over(fields, "failed")],
    ["send.cancelled", (fields) => sends.over(fields, "cancelled")],
    ["send.retried", sends.retried],
  ]);
  return {
    note: (event, fields) => noted.get(event)?.(fields),
    render: () => rendered([...turns.all, modelFailures, ...calls.all, ...sends.all]),
  };
}

function createTurnCounters() {
  const turns = createCounter({
    name: "deskhand_turns_total",
    help: "Turns that have ended, by what they came to.",
    labels: ["outcome", "specialist", "model"],
  });
  const seconds = createHistogram({
    name: "deskhand_turn_seconds",
    help: "From the beginning of a turn to its commit.",
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
  });
  const tokens = createCounter({
    name: "deskhand_model_tokens_total",
    help: "Tokens of turns, where the endpoint says how many.",
    labels: ["direction"],
  });
  return {
    all: [turns, seconds, tokens],
    ended({ outcome, specialist, model, tokens_in, tokens_out, ms }: Fields): void {
      turns.add([textOf(outcome), textOf(specialist), textOf(model)]);
      seconds.observe(Number(ms) / 1000);
      tokens.add(["in"], countOf(tokens_in));
      tokens.add(["out"], countOf(tokens_out));
    },
  };
}

/** What a call is refused with: ordinary customers and a guessing model bring it about, and nothing is broken. */
const refusals: ReadonlySet<string> = new Set([
  "identity_needed",
  "tool_arguments",
  "tool_refused",
  "tool_unknown",
]);

function createToolCounters(tools: ReadonlySet<string>) {
  const calls = createCounter({
    name: "deskhand_tool_calls_total",
    help: "Calls of tools by the model.",
    labels: ["tool", "failed"],
  });
  const seconds = createHistogram({
    name: "deskhand_tool_seconds",
    help: "From a call to its result.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  return {
    all: [calls, seconds],
    called({ tool, failed, code, ms }: Fields): void {
      const name = textOf(tool);
      const broke = failed === true && !refusals.has(textOf(code));
      calls.add([tools.has(name) ? name : "unknown", broke ? "true" : "false"]);
      seconds.observe(Number(ms) / 1000);
    },
  };
}

function createSendCounters() {
  const sends = createCounter({
    name: "deskhand_sends_total",
    help: "Rows of the outbox that are over, by the platform they were for.",
    labels: ["platform", "result"],
  });
  const retries = createCounter({
    name: "deskhand_send_retries_total",
    help: "Tries to send that failed and are made again.",
  });
  return {
    all: [sends, retries],
    over: (fields: Fields, result: string): void => sends.add([platformFor(fields), result]),
    retried: (): void => retries.add([]),
  };
}

/** What goes to a ticket's thread, or is an approval's card, is for the desk, wherever that is. */
function platformFor({ message, thread, lane }: Fields): string {
  const id = [message, thread, lane].find((one) => typeof one === "string" && one.includes(":"));
  const platform = typeof id === "string" ? platformOf(id) : "";
  return platform === "" || platform === "ticket" || platform === "approval" ? "desk" : platform;
}

const textOf = (value: unknown): string => (typeof value === "string" && value !== "" ? value : "none");
const countOf = (value: unknown): number => (typeof value === "number" && value > 0 ? value : 0);

const rendered = (instruments: readonly (Counter | Histogram)[]): string =>
  instruments.map((one) => one.render()).join("");
