/** The tools that are always there: asking for a person, searching again, passing on. The agent carries them out itself. */
import { z } from "zod";
import { type Escalation, priorities } from "../escalation.ts";
import type { ToolCall, ToolSpec } from "../language-model.ts";
import type { Specialist } from "../specialist.ts";

export const escalateName = "escalate_to_human";
export const searchName = "search_knowledge";
export const transferPrefix = "transfer_to_";

export function builtInTools(
  specialist: Specialist,
  others: readonly Specialist[],
  queues: readonly string[],
): ToolSpec[] {
  return [
    {
      name: escalateName,
      description:
        "Hand the conversation to a person: when the customer asks for one, is angry, disputes a charge, has a security or legal matter, or when you cannot help with confidence.",
      effect: "read",
      input: {
        type: "object",
        properties: {
          reason: {
            type: "string",
            description: "Why a person is needed, for the colleague who takes over.",
          },
          priority: { type: "string", enum: [...priorities] },
          queue: { type: "string", enum: [...queues] },
        },
        required: ["reason", "priority"],
        additionalProperties: false,
      },
    },
    {
      name: searchName,
      description: "Search the company's articles again, with other words than the customer's.",
      effect: "read",
      input: {
        type: "object",
        properties: { query: { type: "string" } },
        required: ["query"],
        additionalProperties: false,
      },
    },
    ...others
      .filter((other) => specialist.passesTo.includes(other.name))
      .map(
        (other): ToolSpec => ({
          name: `${transferPrefix}${other.name}`,
          description: `Pass the conversation to ${other.name}: ${other.description}`,
          effect: "read",
          input: {
            type: "object",
            properties: { reason: { type: "string" } },
            required: ["reason"],
            additionalProperties: false,
          },
        }),
      ),
  ];
}

const escalateInput = z.object({
  reason: z.string().trim().min(1).max(2000).catch("The assistant asked for a person."),
  priority: z.enum(priorities).catch("normal"),
  queue: z.string().trim().min(1).max(60).optional().catch(undefined),
});

/** What a call for a person asks for. Forgiving: a person who is asked for comes, however badly the model words it. */
export function escalationIn(call: ToolCall, queues: readonly string[]): Escalation {
  const { reason, priority, queue } = escalateInput.parse(objectOf(call.arguments));
  return { reason, priority, ...(queue !== undefined && queues.includes(queue) ? { queue } : {}) };
}

const searchInput = z.object({ query: z.string().trim().min(1).max(1000) });

/** What a call for articles looks for; undefined: nothing that can be looked for. */
export function searchedFor(call: ToolCall): string | undefined {
  return searchInput.safeParse(objectOf(call.arguments)).data?.query;
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
