/** The contract of a specialist: an agent with its own instructions and tools, written as `agents/NAME.md`. */
export interface Specialist {
  name: string;
  /** What it is for, in one line: other specialists choose by it. */
  description: string;
  /** Names of the workspace's tools it may call. */
  tools: readonly string[];
  /** The specialists it may pass the conversation to. */
  passesTo: readonly string[];
  /** Prose. */
  instructions: string;
}
