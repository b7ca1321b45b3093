/** What customers write: real conversations where the collection is at hand, made ones otherwise. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Chance } from "./chance.ts";

export interface Load {
  /** Where the words are from. */
  source: string;
  /** The next thing this customer says. */
  next(customer: number): string;
}

/** @param folder holds `bench/load/messages.jsonl` */
export function createLoad(folder: string, chance: Chance): Load {
  const path = join(folder, "bench", "load", "messages.jsonl");
  const conversations = existsSync(path) ? realOnes(readFileSync(path, "utf8")) : madeOnes(chance);
  const start = chance.whole(0, conversations.length - 1);
  const places = new Map<number, { conversation: number; turn: number }>();
  let begun = 0;
  return {
    source: existsSync(path) ? `${conversations.length} real conversations` : "made conversations",
    next(customer) {
      const place = places.get(customer) ?? { conversation: start + begun++, turn: 0 };
      const texts = conversations[place.conversation % conversations.length] ?? [];
      const text = texts[place.turn] ?? "Hello again";
      const over = place.turn + 1 >= texts.length;
      places.set(
        customer,
        over ? { conversation: start + begun++, turn: 0 } : { ...place, turn: place.turn + 1 },
      );
      return text;
    },
  };
}

function realOnes(lines: string): string[][] {
  const byId = new Map<string, string[]>();
  for (const line of lines.split("\n")) {
    if (line === "") continue;
    const { conv, text } = JSON.parse(line) as { conv: string; text: string };
    const plain = text.trim().slice(0, 400);
    if (plain !== "") byId.set(conv, [...(byId.get(conv) ?? []), plain]);
  }
  return [...byId.values()];
}

function madeOnes(chance: Chance): string[][] {
  const openings = ["Hello", "Good morning", "hi there", "I have a question"];
  const wishes = [
    "my parcel is late",
    "how do I change my seat",
    "the app does not open",
    "what are your hours",
  ];
  const rests = ["ok", "thank you", "that did not help", "can you look again", "I want to speak to a human"];
  return Array.from({ length: 100 }, () => [
    chance.pick(openings),
    chance.pick(wishes),
    ...Array.from({ length: chance.whole(1, 6) }, () => chance.pick(rests)),
  ]);
}
