/** What came of the calls, in honest sentences: what was found, what is not there, what was refused, what failed. Pure. */
import type { ToolSpec } from "../language-model.ts";
import { onlyList, rendered, unwrapped } from "./offline-render.ts";
import { asSchema } from "./offline-schema.ts";
import { type Slot, slotsOf, snake } from "./offline-slots.ts";
import { isAbout } from "./offline-tools.ts";
import { type Done, refusalIn } from "./offline-turn.ts";

type Came = "found" | "done" | "pending" | "missing" | "refused" | "failed";

export interface Told {
  came: Came;
  text: string;
}

const sentenceMax = 600;

/** @param named the ids in the customer's message: of a list, only these are told, where they are in it */
export function tellResult(done: Done, tool: ToolSpec | undefined, named: readonly string[] = []): Told {
  const came = cameOf(done, tool);
  switch (came) {
    case "failed":
      return { came, text: failureLine(done, tool) };
    case "missing":
      return { came, text: missingText(done, tool) };
    case "refused":
      return { came, text: refusalLine(done, tool) };
    case "pending":
      return { came, text: ownWords(done.result) ?? "This waits for a confirmation." };
    case "done":
      return { came, text: doneLine(done.result) };
    case "found":
      return tellFound(done, tool, named);
  }
}

function tellFound(done: Done, tool: ToolSpec | undefined, named: readonly string[]): Told {
  const ids = tool ? named.filter((id) => isAbout(tool, id)) : [];
  const wanted = only(done.result, ids);
  if (wanted === undefined) {
    return {
      came: "missing",
      text: `I can't find ${ids.join(" or ")} among your ${subjectOf(done.name)}.`,
    };
  }
  const text = foundLine(wanted);
  return text === "" ? { came: "missing", text: missingLine(done, tool) } : { came: "found", text };
}

function cameOf(done: Done, tool: ToolSpec | undefined): Came {
  if (done.failed) return "failed";
  const object = asSchema(done.result);
  if (object?.pending) return "pending";
  if (object?.found === false || isAbsence(object)) return "missing";
  if (refusalIn(done, tool?.effect) !== undefined) return "refused";
  if (isEmpty(unwrapped(done.result))) return "missing";
  return tool?.effect === "write" ? "done" : "found";
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  const object = asSchema(value);
  return (
    object !== undefined &&
    Object.values(object).every((one) => one === null || one === undefined || isEmptyList(one))
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** `{ error: "order not found" }`, `{ status: "not_found" }`. */
function isAbsence(object: Readonly<Record<string, unknown>> | undefined): boolean {
  if (!object) return false;
  return ["error", "reason", "code", "status", "message"].some((name) => {
    const value = object[name];
    return (
      typeof value === "string" &&
      value.length < 200 &&
      /\bnot[ _-]?found\b|\b(?:no|is no) such\b|\bdoes ?n[o']t exist\b|\bunknown (?:order|id|customer|number)\b/i.test(
        value.replaceAll("_", " "),
      )
    );
  });
}

/** A sentence that the tool itself has for the reader. */
function ownWords(result: unknown): string | undefined {
  const object = asSchema(result);
  const found =
    object &&
    [object.text, object.message, object.reason, object.summary, object.note].find(
      (one) => typeof one === "string" && one.trim() !== "",
    );
  if (typeof found !== "string") return undefined;
  const text = found.replace(/\s+/g, " ").trim().slice(0, sentenceMax);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function missingText(done: Done, tool: ToolSpec | undefined): string {
  const line = missingLine(done, tool);
  const more = isAbsence(asSchema(done.result)) ? undefined : ownWords(done.result);
  return more === undefined ? line : `${line} ${more}`;
}

function missingLine(done: Done, tool: ToolSpec | undefined): string {
  const [id, slot] = idOf(done, tool);
  if (id === undefined) return `I can't find any ${subjectOf(done.name)}.`;
  const noun = slot?.noun || subjectOf(done.name).replace(/s$/, "");
  return `I can't find ${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun} ${id}. Please check the number.`;
}

function refusalLine(done: Done, tool: ToolSpec | undefined): string {
  const [id] = idOf(done, tool);
  const object = asSchema(done.result);
  const error = typeof object?.error === "string" && object.error.includes(" ") ? object.error : undefined;
  const why = ownWords(done.result) ?? (error && ownWords({ text: error }));
  const what = tool?.effect === "write" ? "I couldn't do that" : "I couldn't look that up";
  const about = id !== undefined && !why?.includes(id) ? ` for ${id}` : "";
  return why ? `${what}${about}: ${why}` : `${what}${about}.`;
}

/** What a tool needs to know first; the desk itself says how the customer can tell. */
export const whoYouAre = "Before I can look into your account, I need to know who you are.";

function failureLine(done: Done, tool: ToolSpec | undefined): string {
  const object = asSchema(done.result);
  const told = `${typeof object?.error === "string" ? object.error : ""} ${typeof object?.message === "string" ? object.message : ""}`;
  const [id, slot] = idOf(done, tool);
  if (typeof object?.text === "string") return ownWords({ text: object.text }) as string;
  if (/verif|identity|who they are/i.test(told)) return whoYouAre;
  if (/others can read|shared|direct message/i.test(told))
    return "Others can read this thread. For account matters, please write to me in a direct message.";
  if (/limit|too many|per minute/i.test(told))
    return "That was a lot at once. Please give me a minute, then ask again.";
  if (/tool_arguments/.test(told) && id !== undefined)
    return `${id} does not look like a valid ${slot?.label ?? "number"}.`;
  if (/tool_refused/.test(told)) return "I am not allowed to do that here.";
  if (/timeout/.test(told)) return "That took too long, so I couldn't check it just now.";
  return `I couldn't ${tool?.effect === "write" ? "do" : "check"} that just now${id === undefined ? "" : ` for ${id}`}: a system of ours did not answer as it should.`;
}

/** What a write says it has done: its own words, and the figures that are not among them. */
function doneLine(result: unknown): string {
  // Its reason is why it was done.
  const words = ownWords({ ...asSchema(result), reason: undefined });
  if (words === undefined) return `Done: ${rendered(result)}`.replace(/: $/, ".");
  const object = asSchema(result) ?? {};
  const rest = Object.fromEntries(
    Object.entries(object).filter(
      ([name, value]) =>
        !["text", "message", "reason", "summary", "note"].includes(name) &&
        !(typeof value !== "object" && words.includes(String(value))),
    ),
  );
  const more = rendered(rest);
  return more === "" ? words : `${words}\n${more}`;
}

/** Of a list, the records that were named; undefined when it holds none of them. */
function only(result: unknown, named: readonly string[]): unknown {
  const value = unwrapped(result);
  const object = asSchema(value);
  const list = object ? onlyList(object)?.records : value;
  if (!Array.isArray(list) || named.length === 0) return result;
  const wanted = new Set(named.map((id) => id.toLowerCase()));
  const found = list.filter((one) =>
    Object.values(asSchema(one) ?? {}).some((inner) => wanted.has(String(inner).toLowerCase())),
  );
  if (found.length === 0) return undefined;
  return typeof object?.currency === "string" ? { currency: object.currency, records: found } : found;
}

function foundLine(result: unknown): string {
  if (typeof result === "string") return result.replace(/\s+/g, " ").trim().slice(0, sentenceMax);
  const object = asSchema(result);
  const words =
    object &&
    Object.keys(object).every((name) => ["text", "message", "ok", "found", "success"].includes(name))
      ? ownWords(result)
      : undefined;
  const text = words ?? rendered(result);
  if (!text.startsWith("- ")) return text;
  return text.includes("\n") ? `Here is what I found:\n${text}` : text.slice(2);
}

/** The identifier that a call was about. */
function idOf(done: Done, tool: ToolSpec | undefined): [string | undefined, Slot | undefined] {
  const slots = tool ? slotsOf(tool) : [];
  const slot = slots.find((one) => one.kind === "identifier" && done.arguments[one.name] !== undefined);
  const value = slot
    ? done.arguments[slot.name]
    : Object.values(done.arguments).find((one) => typeof one === "string" && /^[\w#-]*\d[\w#-]*$/.test(one));
  return [value === undefined ? undefined : String(value), slot];
}

/** `lookup_orders` is about orders. */
function subjectOf(name: string): string {
  return snake(name)
    .replace(/^(?:lookup|look_up|list|search|fetch|get|find|show|check|read)_(?:all_)?/, "")
    .replaceAll("_", " ");
}
