/** One task on a desk of its own: the customer's thread, the model's part, and what came of it. */
import type { ToolPolicy } from "../../src/config.ts";
import type { Tool } from "../../src/tool.ts";
import type { Line, ScriptedModel } from "../../test/doubles/scripted-model.ts";
import { createScriptedModel } from "../../test/doubles/scripted-model.ts";
import { type MeasuredDesk, openDesk, type TurnDone } from "../desk.ts";
import type { Step, Task } from "./data.ts";
import { customerOf } from "./people.ts";
import { createStore, type Records, type Store } from "./store.ts";
import type { Call } from "./strangers.ts";
import { createTools } from "./tools.ts";

/** Arguments as text are sent as they are. */
export interface Wish {
  name: string;
  arguments: Record<string, unknown> | string;
}

export interface Scene {
  desk: MeasuredDesk;
  store: Store;
  task: Task;
  customer: string;
  /** Intents whose own question the customer has answered with yes. */
  confirmed: ReadonlySet<string>;
  /**
   * The customer says something and the model answers, in one turn, a step for each list of calls.
   * @returns the calls with what the model was told
   */
  turn(text: string, ...steps: (readonly Wish[] | string)[]): Promise<TurnDone["calls"]>;
  /** The store's open question. */
  question(): { id: string } | undefined;
  /** The customer answers it; what follows. */
  confirms(question: { id: string }, how: "word" | "button" | "both"): Promise<TurnDone["calls"]>;
  declines(question: { id: string }, how: "word" | "button"): Promise<void>;
  close(): Promise<void>;
}

const closing = "All right.";

/** Another desk or store than the real ones: to see what is found of it. */
export interface SceneOptions {
  policies?: Record<string, ToolPolicy>;
  toolsOf?(store: Store): Tool[];
}

export async function openScene(
  task: Task,
  records: Records,
  { policies = {}, toolsOf = createTools }: SceneOptions = {},
): Promise<Scene> {
  const store = createStore(records);
  const model: ScriptedModel = createScriptedModel(closing);
  const customer = customerOf(task, records);
  const desk = await openDesk({ tools: toolsOf(store), model, policies });
  const confirmed = new Set<string>();
  let seen = 0;

  async function news(): Promise<TurnDone["calls"]> {
    model.requests.length = 0;
    const turns = await desk.turns(customer);
    const fresh = turns.slice(seen).flatMap((turn) => turn.calls);
    seen = turns.length;
    return fresh;
  }

  return {
    desk,
    store,
    task,
    customer,
    confirmed,
    async turn(text, ...steps) {
      const lines = steps.map((step): Line => (typeof step === "string" ? step : { calls: [...step] }));
      model.script = typeof steps.at(-1) === "string" ? lines : [...lines, closing];
      await desk.says(customer, text);
      return news();
    },
    question: () => desk.question(customer),
    async confirms({ id }, how) {
      confirmed.add(id);
      model.script = [closing];
      if (how !== "button") await desk.says(customer, "Yes, please.");
      if (how !== "word") await desk.presses(customer, "confirm", id, how === "both" ? 2 : 1);
      return news();
    },
    async declines({ id }, how) {
      model.script = [closing];
      if (how === "word") await desk.says(customer, "No, thanks.");
      else await desk.presses(customer, "cancel", id);
      await news();
    },
    close: desk.close,
  };
}

export function wishOf(step: Step): Call {
  return { name: step.name, arguments: step.arguments };
}

/** What a tool said, in its own words. */
export function wordsOf(result: unknown): string {
  if (typeof result === "string") return result;
  const { reason } = (result ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? reason : JSON.stringify(result);
}
