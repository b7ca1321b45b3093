/** A language model that says what a test tells it to, and remembers what it was shown. */
import type { LanguageModel, ModelRequest, ModelStep } from "../../src/language-model.ts";

export type Line =
  | string
  | { calls: { name: string; arguments: unknown }[]; text?: string }
  | Error
  | ((request: ModelRequest, signal: AbortSignal, show?: (delta: string) => void) => Promise<Line> | Line);

/** A line that is not said until nobody wants to hear it any more; and when the model was asked for it. */
export function hanging(): { line: Line; asked: Promise<void> } {
  let begin = () => {};
  const asked = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const line: Line = (_request, signal) =>
    new Promise((_, reject) => {
      begin();
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  return { line, asked };
}

export interface ScriptedModel extends LanguageModel {
  /** What is said next, in order; the last line again and again. */
  script: Line[];
  requests: ModelRequest[];
}

export function createScriptedModel(...script: Line[]): ScriptedModel {
  const requests: ModelRequest[] = [];
  let calls = 0;
  const model: ScriptedModel = {
    name: "scripted",
    script,
    requests,
    async step(request, { signal, show }) {
      requests.push(structuredClone(request));
      let line: Line = model.script.length > 1 ? (model.script.shift() as Line) : (model.script[0] ?? "");
      while (typeof line === "function") line = await line(request, signal, show);
      signal.throwIfAborted();
      if (line instanceof Error) throw line;
      if (typeof line === "string") {
        show?.(line);
        return { text: line, calls: [] };
      }
      const step: ModelStep = {
        text: line.text ?? "",
        calls: line.calls.map((call) => ({
          id: `call_${++calls}`,
          name: call.name,
          arguments: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
        })),
      };
      return step;
    },
  };
  return model;
}
