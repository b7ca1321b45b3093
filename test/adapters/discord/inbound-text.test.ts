import { describe, expect, it } from "vitest";
import { oneLine, readText } from "../../../adapters/discord/inbound-text.ts";

const names = {
  user: (id: string) => ({ "1": "Deskhand", "2": "Maya", "3": "**bold** <@9> `x`" })[id],
  channel: (id: string) => (id === "5" ? "general" : undefined),
  role: (id: string) => (id === "7" ? "Support" : undefined),
};
const read = (content: string) => readText(content, "1", names);

describe("what people write on Discord", () => {
  it("is CommonMark with mentions as plain words", () => {
    expect(read("ask <@2> or <@!2> in <#5>, <@&7>")).toBe("ask @Maya or @Maya in #general, @Support");
    expect(read("<@404> <#404> <@&404>")).toBe("@someone #channel @role");
  });

  it("loses the bot's own mention at its beginning only", () => {
    expect(read("<@1> where is ord_1002?")).toBe("where is ord_1002?");
    expect(read("  <@!1>, <@1>: hi")).toBe("hi");
    expect(read("is <@1> a bot?")).toBe("is @Deskhand a bot?");
    expect(read("<@1>")).toBe("");
  });

  it("keeps emoji, times, commands and spoilers as words", () => {
    expect(read("<:party:123> <a:wave:9> </support take:12> ||secret||")).toBe(
      ":party: :wave: /support take secret",
    );
    expect(read("at <t:1700000000:R>")).toBe("at 2023-11-14 22:13 UTC");
    expect(read("at <t:9999999999999:R>")).toContain("9999999999999");
  });

  it("leaves code as it was typed", () => {
    expect(read("run `echo <@2>` and\n```\n<@2> ||x||\n```")).toBe(
      "run `echo <@2>` and\n```\n<@2> ||x||\n```",
    );
  });

  it("quotes everything after >>>", () => {
    expect(read("see\n>>> one\ntwo")).toBe("see\n> one\n> two");
  });

  it("cannot be made markup by a name", () => {
    const text = read("hi <@3>");
    expect(text).toBe("hi @\\*\\*bold\\*\\* @9 \\`x\\`");
    expect(text).not.toMatch(/<@/);
  });
});

describe("a claim on one line", () => {
  it("has no control characters, invisible ones or broken surrogates", () => {
    expect(oneLine(" a\u0000\n\tb\u202e\u200bc\ud800 ", 10)).toBe("a bc");
  });

  it("is cut between characters", () => {
    expect(oneLine("😀😀😀", 2)).toBe("😀😀");
  });
});
