/**
 * Conversations written down as support transcripts, and played against a running desk:
 *
 *   customer: Where is ORD-1002?            typed
 *        bot: … Keyboard … processing …     what the customer then reads; every part between … must be there
 *      never: USB-C … 12.99                 nothing of this may be printed
 *      staff: take                          typed with @staff before it
 *       desk: … Taken by staff …            what staff then see
 *        bot: (silence)                     the customer reads nothing
 */
import { expect } from "vitest";
import type { Terminal } from "./terminal.ts";

type Who = "customer" | "staff" | "bot" | "desk" | "never";

interface Line {
  who: Who;
  text: string;
}

/** @returns all that was printed */
export async function play(desk: Pick<Terminal, "say">, transcript: string): Promise<string> {
  let printed = "";
  let all = "";
  for (const { who, text } of linesOf(transcript)) {
    switch (who) {
      case "customer":
      case "staff":
        printed = await desk.say(who === "staff" ? `@staff ${text}` : text);
        all += printed;
        break;
      case "bot":
        holds(partOf(printed, false), text);
        break;
      case "desk":
        holds(partOf(printed, true), text);
        break;
      case "never":
        for (const part of partsOf(text)) expect(printed.toLowerCase()).not.toContain(part.toLowerCase());
        break;
    }
  }
  return all;
}

function linesOf(transcript: string): Line[] {
  return transcript
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const found = /^\s*(customer|staff|bot|desk|never): (.+)$/.exec(line);
      if (!found) throw new Error(`not a line of a transcript: ${line}`);
      return { who: found[1] as Who, text: found[2] ?? "" };
    });
}

function holds(printed: string, text: string): void {
  if (text.trim() === "(silence)") expect(printed).toBe("");
  else for (const part of partsOf(text)) expect(printed.toLowerCase()).toContain(part.toLowerCase());
}

const partsOf = (text: string): string[] =>
  text
    .split("…")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** What staff see has `[desk] ` in front; everything else is the customer's. */
function partOf(printed: string, staff: boolean): string {
  const lines = printed.split("\n").filter((line) => line.startsWith("[desk] ") === staff);
  return lines.join("\n").trim();
}
