/** Other people's words: customers of shops this program has never heard of. Read from DESKHAND_SHARED or ../shared. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createConversation, escalation, tool } from "./offline-conversation.ts";

const file = join(
  process.env.DESKHAND_SHARED ?? join(import.meta.dirname, "../../../shared"),
  "bench/load/messages.jsonl",
);
const absent = !existsSync(file);

/** Everything that may be said when there is nothing to say it from. */
const lines = [
  "Hello! How can I help you?",
  "You're welcome! Just write here if there is anything else.",
  "Thank you for writing. Have a good day!",
  "All right. Just write here if there is anything else.",
  "Of course! What is it about?",
  "I am an automated assistant, not a person. If you would like a person, just say so.",
  "I answer questions from our articles, and I can ask a person to help you. What would you like to know?",
  "I can only read text. Could you tell me in words what you need?",
  "I'm not sure I understand. Could you tell me in a sentence or two what you need?",
  "I couldn't find that in our articles. Could you tell me a little more about what you need?",
  "What is your order number?",
];

describe.skipIf(absent)(
  absent ? `strangers' messages (skipped: ${file} is not there)` : "strangers' messages",
  () => {
    const texts = absent
      ? []
      : readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .map((line) => (JSON.parse(line) as { text: string }).text);

    it("get no invented fact: without articles only known lines, lookups of what was named, and a person", async () => {
      const lookup = tool(
        "lookup_order",
        "Look up one order.",
        { order_id: { type: "string", pattern: "^ORD-\\d+$" } },
        () => ({ found: false }),
      );
      const kinds = { line: 0, person: 0, lookup: 0 };
      for (const text of texts) {
        const conversation = createConversation({ specialists: { main: [lookup, escalation()] } });
        const answer = await conversation.say(text);
        const said = answer.text
          .replace("(I'm answering without a language model, straight from our articles.)", "")
          .trim();
        if (answer.calls.some((call) => call.name === "escalate_to_human")) {
          kinds.person += 1;
          expect(said).toBe("I have asked a person to help you (ticket 1).");
        } else if (answer.calls.length > 0) {
          kinds.lookup += 1;
          expect(text).toMatch(/\d{3}/);
        } else {
          kinds.line += 1;
          expect(lines).toContain(said);
        }
      }
      expect(kinds.line).toBeGreaterThan(kinds.person);
    });
  },
);
