/** What a workspace's tools import: `import { defineTool, z } from "deskhand"`. */
export { z } from "zod";
export type { Identity, Money, Preview, Settlement, Tool, ToolContext } from "./tool.ts";
export { defineIdentity, defineTool } from "./tool.ts";
