import { describe, expect, it } from "vitest";
import { escapeText, parseText, writeCut, writePieces } from "../../../adapters/discord/outbound-text.ts";

const write = (text: string) => writePieces(parseText(text), 2000).join("\n---\n");

describe("a text for Discord", () => {
  it("keeps what Discord's markdown has", () => {
    expect(write("# Title\n\nHello **bold**, *soft*, ~~gone~~, `code`.\n\n> quote")).toBe(
      "# Title\n\nHello **bold**, *soft*, ~~gone~~, `code`.\n\n> quote",
    );
    expect(write("#### Small")).toBe("**Small**");
    expect(write("- a\n- b\n  1. c\n  2. d")).toBe("- a\n- b\n  1. c\n  2. d");
    expect(write("3. c\n4. d")).toBe("3. c\n4. d");
    expect(write("- [x] done\n- [ ] open")).toBe("- ☑ done\n- ☐ open");
    expect(write("```js\nlet a = 1;\n```")).toBe("```js\nlet a = 1;\n```");
  });

  it("leaves plain words, ids and numbers as they are", () => {
    for (const text of [
      "Your order ord_1002 and cust_ab are here: 5 < 6 [1] (see below).",
      "snake_case_name, a-b, C:\\Users\\x, 100%, me@example.test, #7",
    ]) {
      expect(write(text)).toBe(text);
    }
  });

  it("escapes what people wrote so that it shows as it was", () => {
    expect(escapeText("*a* _b_ ~~c~~ ||d|| `e` __f__")).toBe(
      "\\*a\\* _b\\_ \\~\\~c\\~\\~ \\|\\|d\\|\\| \\`e\\` \\_\\_f\\_\\_",
    );
    expect(escapeText("<@1> <#2> <@&3> </x:1> <:a:1> <t:1>")).not.toMatch(/(?<!\\)<[@#/:t]/);
    expect(escapeText("[click](https://evil.test)")).toBe("[click]\\(https\\://evil.test)");
    expect(escapeText("discord.gg/abc discord.com/invite/abc")).toBe(
      "discord\\.gg/abc discord\\.com/invite/abc",
    );
  });

  it("makes @everyone and @here inert", () => {
    expect(write("@everyone and @here")).not.toMatch(/@(everyone|here)/);
  });

  it("does not turn text into headings, lists or quotes", () => {
    expect(write("\\# no\n\\- no\n\\> no\n1\\. no")).toBe("\\# no\n\\- no\n\\> no\n1\\. no");
    expect(write("-# small")).toBe("\\-# small");
  });

  it("shows links without a preview, and only those of the web", () => {
    expect(write("[docs](https://docs.test/a)")).toBe("[docs](<https://docs.test/a>)");
    expect(write("<https://docs.test/a>")).toBe("<https://docs.test/a>");
    expect(write("https://docs.test/a")).toBe("<https://docs.test/a>");
    expect(write("[x](javascript:alert(1))")).toBe("x");
    expect(write("[https://bank.test](https://evil.test)")).toBe("https\\://bank.test <https://evil.test>");
    expect(write("[a][1]\n\n[1]: https://docs.test/r")).toBe("[a](<https://docs.test/r>)");
    expect(write("![chart](https://docs.test/c.png)")).toBe("[chart](<https://docs.test/c.png>)");
  });

  it("shows a narrow table in columns and a wide one as a list", () => {
    expect(write("| Plan | Price |\n|---|---|\n| Pro | $20 |")).toBe(
      "```\nPlan  Price\n────  ─────\nPro   $20\n```",
    );
    const wide = write(`| Plan | What you get |\n|---|---|\n| Pro | ${"words ".repeat(20)}|`);
    expect(wide).toBe(`- **Plan:** Pro · **What you get:** ${"words ".repeat(20).trim()}`);
  });

  it("shows HTML as text and drops what Discord would refuse", () => {
    expect(write("<b>hi</b>")).toBe("\\<b>hi\\</b>");
    expect(write("a\u0000b\u202ec\ud800d")).toBe("abc\uFFFDd");
  });

  it("cannot close a code block from inside", () => {
    expect(write("````\na\n```\nb\n````").match(/```/g)).toHaveLength(2);
  });

  it("splits under the limit without cutting code, and every piece closes its own block", () => {
    const text = `Intro\n\n\`\`\`ts\n${"const line = 1;\n".repeat(300)}\`\`\`\n\n${"- item\n".repeat(400)}`;
    const pieces = writePieces(parseText(text), 2000);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(2000);
      expect((piece.match(/```/g) ?? []).length % 2).toBe(0);
    }
    expect(pieces.join("\n").match(/const line/g)).toHaveLength(300);
    expect(pieces.join("\n").match(/- item/g)).toHaveLength(400);
  });

  it("says where it was cut", () => {
    expect(writeCut("short", 100)).toBe("short");
    const cut = writeCut("word ".repeat(100), 100);
    expect(cut.length).toBeLessThanOrEqual(100);
    expect(cut.endsWith("…")).toBe(true);
  });
});
