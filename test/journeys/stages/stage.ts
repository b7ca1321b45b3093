/** Where a story is played: the program itself behind a platform, with people on both sides. */
import type { Terminal } from "../terminal.ts";

export type Platform = "console" | "http" | "slack" | "discord";

export interface Stage {
  platform: Platform;
  /** Somebody new is the customer from now on. @param customer who they are known to be, where a platform tells that */
  enter(customer: string | undefined): Promise<void>;
  /** The platform itself tells who the customer is. */
  knows: boolean;
  says(text: string): Promise<void>;
  /** Presses a button of the store's question. */
  presses(button: string): Promise<void>;
  staffSays(text: string): Promise<void>;
  staffPresses(button: string): Promise<void>;
  /** What the customer has read in all, a message each. */
  read(): Promise<string[]>;
  /** All that staff can see since the customer has entered: what earlier ones have left is no sign of this one. */
  desk(): string;
  /** The codes of all mails to customers, oldest first. */
  mailedCodes(): string[];
  /** The process that runs now. */
  program(): Terminal;
  /** The process dies on the spot and is started again. */
  restart(): Promise<void>;
  /** Ends it as an operator does. @returns the exit code, and what the platform has to complain about */
  close(): Promise<{ code: number | null; complaints: readonly string[] }>;
}

export interface StageOptions {
  workspace: string;
  /** Of an OpenAI-compatible server; the offline model without it. */
  modelUrl: string | undefined;
}
