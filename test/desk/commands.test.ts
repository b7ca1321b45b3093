import { describe, expect, it } from "vitest";
import { parseCommand } from "../../src/desk/commands.ts";

describe("the words after /support", () => {
  it("mean the same in the spellings that people and platforms use", () => {
    expect(parseCommand("hand back 3")).toEqual(parseCommand("handback #3"));
    expect(parseCommand(" Open  Tickets ")).toEqual({ does: "tickets" });
    expect(parseCommand("forget me")).toEqual({ does: "forget" });
    expect(parseCommand("TAKE #12")).toEqual({ does: "press", action: "ticket.take", ticket: 12 });
  });

  it("carry a text as it was written", () => {
    expect(parseCommand("note 3 She  wrote\ntwice")).toEqual({
      does: "note",
      ticket: 3,
      text: "She  wrote\ntwice",
    });
    expect(parseCommand("transfer 3 room:t:staff-tom")).toEqual({
      does: "transfer",
      ticket: 3,
      to: "room:t:staff-tom",
    });
    expect(parseCommand("snippet greeting 4")).toEqual({ does: "snippet", name: "greeting", ticket: 4 });
  });

  it("are help when they are no command or half of one", () => {
    for (const text of [
      "",
      "?",
      "take",
      "take three",
      "note 3",
      "transfer 3",
      "snippet",
      "resolve 3 now",
      "note x y",
    ])
      expect(parseCommand(text), text).toEqual({ does: "help" });
  });
});
