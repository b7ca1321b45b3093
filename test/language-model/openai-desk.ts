/** A model at a double, and the requests and passages that its tests ask with. */
import { onTestFinished } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createOpenAIModel, type OpenAIModelParts } from "../../src/language-model/openai-model.ts";
import { createUndiciFetch } from "../../src/language-model/undici-fetch.ts";
import type { LanguageModel, ModelRequest, ModelStep, ToolSpec } from "../../src/language-model.ts";
import type { Fields, Log } from "../../src/log.ts";
import { createOpenAIServer, type OpenAIServer, type OpenAIServerOptions } from "../doubles/openai-server.ts";

export const apiKey = "sk-secret-0123456789";

export interface TestDesk {
  server: OpenAIServer;
  model: LanguageModel;
  /** One step, with what was shown of it. */
  ask(request?: ModelRequest, signal?: AbortSignal): Promise<{ step: ModelStep; shown: string[] }>;
  logged: string[];
}

/** Everything ends with the test. */
export async function openDesk(
  options: OpenAIServerOptions = {},
  parts: Partial<OpenAIModelParts> = {},
): Promise<TestDesk> {
  const server = await createOpenAIServer({ apiKey, ...options });
  onTestFinished(() => server.close());
  const logged: string[] = [];
  const model = createOpenAIModel({ ...(await modelParts(server.url, logged)), ...parts });
  return {
    server,
    model,
    logged,
    async ask(request = saying("Hello"), signal = new AbortController().signal) {
      const shown: string[] = [];
      const step = await model.step(request, { signal, show: (delta) => shown.push(delta) });
      return { step, shown };
    },
  };
}

export async function modelParts(baseURL: string, logged: string[] = []): Promise<OpenAIModelParts> {
  const network = createUndiciFetch();
  onTestFinished(() => network.close());
  return {
    apiKey,
    baseURL,
    model: "test-model",
    temperature: 0.3,
    clock: createClock(),
    log: listener(logged),
    fetch: network.fetch,
  };
}

function listener(lines: string[]): Log {
  const keep = (event: string, fields?: Fields) => {
    lines.push(JSON.stringify({ event, ...fields }));
  };
  return { debug: keep, info: keep, warn: keep, error: keep, with: () => listener(lines) };
}

export const lookupOrder: ToolSpec = {
  name: "lookup_order",
  description: "Looks up an order.",
  input: { type: "object", properties: { order_id: { type: "string" } }, required: ["order_id"] },
  effect: "read",
};

export function saying(text: string, parts: Partial<ModelRequest> = {}): ModelRequest {
  return {
    instructions: "You are the support desk of a shop.",
    passages: [],
    transcript: [{ role: "customer", text }],
    tools: [lookupOrder],
    ...parts,
  };
}
