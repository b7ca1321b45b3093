/** When a person is needed, why, and the call that asks for one. Pure. */
import type { ToolSpec } from "../language-model.ts";
import { type Concern, concernOf } from "../routing/concern.ts";
import { isAngry } from "../routing/mood.ts";
import { priorityOf, route } from "../routing/route.ts";
import { wantsPerson } from "../routing/wants-person.ts";
import type { PlannedCall } from "./offline-plan.ts";
import { choicesOf, fits, propertiesOf } from "./offline-schema.ts";
import { snake } from "./offline-slots.ts";
import type { OfflineTurn } from "./offline-turn.ts";
import { agrees } from "./offline-wishes.ts";

export interface Need {
  /** For the colleague who takes over. */
  reason: string;
  /** For the customer, before they hear that a person comes; may be empty. */
  line: string;
}

const concerns: Readonly<Record<Concern, Need>> = {
  safety: {
    reason: "Somebody may be in danger or hurt.",
    line: "I'm sorry to hear that. If somebody is in danger, please call the emergency services first.",
  },
  security: {
    reason: "The security of an account.",
    line: "I'm sorry to hear that. A colleague needs to look at this at once.",
  },
  billing: {
    reason: "A charge is disputed.",
    line: "I'm sorry about that. A colleague needs to look at this charge.",
  },
  legal: { reason: "A legal matter.", line: "This needs a colleague." },
};

/** Why this message goes to a person whatever else could be done; undefined when it need not. */
export function needOf(turn: OfflineTurn): Need | undefined {
  if (turn.objected)
    return {
      reason: "No answer from the articles passed the review.",
      line: "I'm sorry, I don't have an answer to this that I can rely on.",
    };
  if (wantsPerson(turn.message)) return { reason: "The customer asks for a person.", line: "" };
  if (
    agrees(turn.message) &&
    turn.asked !== undefined &&
    /\b(?:person|colleague|human|agent)\b/.test(turn.asked)
  ) {
    return { reason: "The customer wants a person.", line: "" };
  }
  const concern = concernOf(turn.message);
  if (concern) return concerns[concern];
  if (isAngry(turn.message)) return { reason: "The customer is upset.", line: "I'm sorry about this." };
  return undefined;
}

const reasonMax = 600;

/** The call that asks for a person, as the tool's schema wants it; undefined when the schema cannot be met. */
export function escalationCall(tool: ToolSpec, need: Need, turn: OfflineTurn): PlannedCall | undefined {
  const said = turn.wish.replace(/\s+/g, " ").trim().slice(0, 400);
  const reason = said === "" ? need.reason : `${need.reason} They wrote: “${said}”`;
  const args: Record<string, unknown> = {};
  for (const { name, schema, required } of propertiesOf(tool.input)) {
    const choices = (choicesOf(schema) ?? []).filter((one) => typeof one === "string");
    const value = valueFor(snake(name), choices, reason, turn);
    if (value !== undefined && fits(schema, value)) args[name] = value;
    else if (required && schema.type === "string" && choices.length === 0) args[name] = need.reason;
    else if (required && choices[0] !== undefined) args[name] = choices[0];
  }
  return fits(tool.input, args) ? { name: tool.name, arguments: args } : undefined;
}

function valueFor(
  name: string,
  choices: readonly string[],
  reason: string,
  turn: OfflineTurn,
): string | undefined {
  if (/priority|urgency|severity/.test(name)) return priorityAmong(priorityOf(turn.wish), choices);
  if (/queue|department|team|category/.test(name)) {
    const routed = route(turn.wish, choices);
    return routed.category === "general" ? undefined : routed.queue;
  }
  return /reason|summary|description|message|details?|note/.test(name)
    ? reason.slice(0, reasonMax)
    : undefined;
}

/** The desk's word for a priority: `medium` where it has no `normal`. */
function priorityAmong(priority: string, choices: readonly string[]): string {
  if (choices.length === 0 || choices.includes(priority)) return priority;
  const others: Record<string, string[]> = {
    urgent: ["critical", "highest", "high"],
    high: ["urgent", "critical"],
    normal: ["medium", "standard", "default", "low"],
    low: ["lowest", "minor"],
  };
  return others[priority]?.find((one) => choices.includes(one)) ?? choices[0] ?? priority;
}

/** After the tool has answered. */
export function escalatedLine(result: unknown, failed: boolean): string {
  if (failed)
    return "I tried to ask a person for help, but that did not work just now. Please try again in a few minutes.";
  const object = typeof result === "object" && result !== null ? (result as Record<string, unknown>) : {};
  const number = [object.ticket, object.ticket_number, object.ticket_id, object.number, object.id].find(
    (one) => typeof one === "number" || (typeof one === "string" && one !== ""),
  );
  const told = [object.text, object.message].find((one) => typeof one === "string" && one.trim() !== "");
  const line = `I have asked a person to help you${number === undefined ? "" : ` (ticket ${number})`}.`;
  return typeof told === "string" ? `${line} ${told.replace(/\s+/g, " ").trim().slice(0, 300)}` : line;
}
