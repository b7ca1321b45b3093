/**
 * The language model that needs no network: the same contract, by rules. It quotes the articles, calls the tools whose
 * arguments it can read, asks for the one missing thing, and asks for a person when it cannot help. It makes nothing up:
 * every fact it says is a sentence of a passage or a field of a tool's result. The same request gives the same step.
 */
import { createHash } from "node:crypto";
import type { LanguageModel, ModelRequest, ModelStep } from "../language-model.ts";
import { decide } from "./offline-decide.ts";
import { structureByRules } from "./offline-structure.ts";

export function createOfflineModel(): LanguageModel {
  return {
    name: "offline",
    async step(request, { signal, show }): Promise<ModelStep> {
      signal.throwIfAborted();
      const { text, calls } = decide(request);
      if (show) {
        for (const piece of piecesOf(text)) {
          signal.throwIfAborted();
          show(piece);
        }
      }
      signal.throwIfAborted();
      const mark = calls.length > 0 ? markOf(request) : "";
      return {
        text,
        calls: calls.map((call, place) => ({
          id: `offline_${mark}_${place}`,
          name: call.name,
          arguments: JSON.stringify(call.arguments),
        })),
      };
    },
    async structure(request, { signal }): Promise<unknown> {
      signal.throwIfAborted();
      return structureByRules(request);
    },
    async examine({ signal }): Promise<void> {
      signal.throwIfAborted();
    },
  };
}

/** Ids differ from step to step without any state or chance: they come from the conversation. */
function markOf(request: ModelRequest): string {
  return createHash("sha256").update(JSON.stringify(request.transcript)).digest("hex").slice(0, 16);
}

/** A few words each, as if written. */
function piecesOf(text: string): string[] {
  return text.match(/(?:\S+\s*){1,4}|\s+/g) ?? [];
}
