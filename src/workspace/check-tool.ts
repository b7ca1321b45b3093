/** What makes a tool's module fit to be offered to a model. */
import { z } from "zod";
import { faultOf } from "../errors.ts";
import type { Tool } from "../tool.ts";

/** Names the desk uses itself. */
export const isReserved = (name: string) =>
  name === "escalate_to_human" || name === "search_knowledge" || name.startsWith("transfer_to_");

/** The tool, or why it is none. */
export function checkTool(exported: unknown): { tool: Tool } | { fault: string } {
  if (exported === undefined)
    return { fault: "has no default export; write: export default defineTool({ … })" };
  if (typeof exported !== "object" || exported === null) return { fault: "exports no tool by default" };
  const tool = exported as Tool;
  const fault = faultOfName(tool.name) ?? faultOfParts(tool) ?? faultOfSchema(tool.input);
  return fault === undefined ? { tool } : { fault };
}

function faultOfName(name: unknown): string | undefined {
  if (typeof name !== "string" || !/^[a-z0-9_]{1,64}$/.test(name))
    return "its name must be 1 to 64 small letters, digits and _";
  return isReserved(name) ? `its name, ${name}, is one of the desk's own` : undefined;
}

function faultOfParts(tool: Tool): string | undefined {
  if (typeof tool.description !== "string" || tool.description.trim() === "")
    return "it has no description; the model chooses by it";
  if (tool.effect !== "read" && tool.effect !== "write") return 'its effect must be "read" or "write"';
  if (tool.account !== undefined && typeof tool.account !== "boolean")
    return "its account must be true or false";
  if (typeof tool.run !== "function") return "it has no run function";
  for (const part of ["preview", "settle"] as const) {
    if (tool[part] === undefined) continue;
    if (typeof tool[part] !== "function") return `its ${part} is not a function`;
    if (tool.effect === "read") return `it has a ${part}, which only writes have, but its effect is "read"`;
  }
  if (tool.effect === "write" && !tool.preview)
    return "it writes, but has no preview that says what would happen";
  return undefined;
}

function faultOfSchema(input: unknown): string | undefined {
  const wanted = "its input must be a z.object({ … }), with z from deskhand";
  if (typeof (input as Partial<z.ZodType> | undefined)?.safeParse !== "function") return wanted;
  try {
    const schema = z.toJSONSchema(input as z.ZodType, { io: "input" });
    return schema.type === "object" ? undefined : wanted;
  } catch (error) {
    return `its input cannot be told to a model as a JSON schema: ${faultOf(error)}`;
  }
}
