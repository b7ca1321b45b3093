/** A conversation with the offline model at the level of the contract: a tiny agent loop over tools that hold real data. */
import type { Passage } from "../../src/knowledge-base.ts";
import { createOfflineModel } from "../../src/language-model/offline-model.ts";
import type { ModelRequest, ToolCall, ToolSpec, TranscriptItem } from "../../src/language-model.ts";

export interface TestTool {
  spec: ToolSpec;
  run(args: Record<string, unknown>): unknown;
}

export interface Answer {
  text: string;
  calls: { name: string; arguments: Record<string, unknown> }[];
  specialist: string;
}

export interface ConversationParts {
  passages?: Passage[] | ((text: string) => Passage[]);
  /** The tools of each specialist; the first is in charge at first. */
  specialists: Record<string, TestTool[]>;
}

const stepsMax = 5;

export function createConversation(parts: ConversationParts) {
  const model = createOfflineModel();
  const transcript: TranscriptItem[] = [];
  let specialist = Object.keys(parts.specialists)[0] as string;

  async function say(text: string): Promise<Answer> {
    transcript.push({ role: "customer", text });
    const calls: Answer["calls"] = [];
    for (let step = 1; step <= stepsMax; step++) {
      const tools = parts.specialists[specialist] as TestTool[];
      const request: ModelRequest = {
        instructions: "You answer customers.",
        passages: typeof parts.passages === "function" ? parts.passages(text) : (parts.passages ?? []),
        transcript,
        tools: tools.map((tool) => tool.spec),
      };
      const said = await model.step(request, { signal: new AbortController().signal });
      if (said.calls.length === 0) {
        transcript.push({ role: "bot", text: said.text });
        return { text: said.text, calls, specialist };
      }
      transcript.push({ role: "calls", text: said.text, calls: said.calls });
      for (const call of said.calls) {
        calls.push({ name: call.name, arguments: JSON.parse(call.arguments) });
        transcript.push(carryOut(call, tools));
      }
    }
    throw new Error(`no answer within ${stepsMax} steps to: ${text}`);
  }

  function carryOut(call: ToolCall, tools: TestTool[]): TranscriptItem {
    const tool = tools.find((one) => one.spec.name === call.name);
    if (!tool) throw new Error(`called a tool that is not offered: ${call.name}`);
    if (call.name.startsWith("transfer_to_")) specialist = call.name.slice("transfer_to_".length);
    try {
      return {
        role: "result",
        id: call.id,
        name: call.name,
        failed: false,
        result: tool.run(JSON.parse(call.arguments)),
      };
    } catch (error) {
      const result = { error: "tool_failed", message: String(error), retryable: true };
      return { role: "result", id: call.id, name: call.name, failed: true, result };
    }
  }

  return { say, transcript };
}

export function tool(
  name: string,
  description: string,
  properties: Record<string, unknown>,
  run: (args: Record<string, unknown>) => unknown,
  options: { effect?: "read" | "write"; required?: string[] } = {},
): TestTool {
  return {
    spec: {
      name,
      description,
      effect: options.effect ?? "read",
      input: {
        type: "object",
        properties,
        required: options.required ?? Object.keys(properties),
        additionalProperties: false,
      },
    },
    run,
  };
}

/** The tool that is always there; hands out ticket numbers. */
export function escalation(queues = ["general", "billing", "technical"]): TestTool {
  let tickets = 0;
  return tool(
    "escalate_to_human",
    "Hand the conversation to a person.",
    {
      reason: { type: "string" },
      priority: { type: "string", enum: ["low", "normal", "high", "urgent"] },
      queue: { type: "string", enum: queues },
    },
    () => ({ ticket: ++tickets }),
    { required: ["reason", "priority"] },
  );
}

export function passage(id: string, text: string, title = id): Passage {
  return { id: `${id}#1`, article: id, title, headings: [], text, audience: "public" };
}
