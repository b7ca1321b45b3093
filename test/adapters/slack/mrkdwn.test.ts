import { describe, expect, it } from "vitest";
import { toMrkdwn } from "../../../adapters/slack/mrkdwn.ts";
import { cut, escapeText } from "../../../adapters/slack/plain-text.ts";
import { mentioned, mentions, toMarkdown } from "../../../adapters/slack/slack-markup.ts";
import { parseMarkdown } from "../../../src/markdown.ts";

const written = (markdown: string) => toMrkdwn(parseMarkdown(markdown));
const read = (markup: string) =>
  toMarkdown(markup, (id) => ({ U1: "Ana", U2: "<!channel>\nMaya" })[id], "UBOT");

describe("CommonMark as Slack's mrkdwn", () => {
  it("writes what both languages have", () => {
    expect(written("**bold** _soft_ ~~gone~~ `code`")).toBe("*bold* _soft_ ~gone~ `code`");
    expect(written("# Head\n\ntext")).toBe("*Head*\n\ntext");
    expect(written("> one\n> two")).toBe("> one\n> two");
    expect(written("a  \nb")).toBe("a\nb");
    expect(written("***both***")).toBe("_*both*_");
  });

  it("writes lists, nested and numbered from where they begin", () => {
    expect(written("- one\n- two\n  - inner\n- [x] done\n- [ ] open")).toBe(
      "• one\n• two\n    ◦ inner\n• ☑ done\n• ☐ open",
    );
    expect(written("3. three\n4. four")).toBe("3. three\n4. four");
  });

  it("keeps code as it is, and its fence closed", () => {
    expect(written("```ts\nconst a = b < c && d;\n```")).toBe("```\nconst a = b &lt; c &amp;&amp; d;\n```");
    expect(written("````\n```\n<!channel>\n````")).toBe("```\n``\u200b`\n&lt;!channel&gt;\n```");
    expect(written("`` a`b ``")).toBe("`a'b`");
  });

  it("writes a table in fixed width", () => {
    expect(written("| Order | Sum |\n|---|---|\n| ord_1 | **5** |\n| ord_1002 | 12 |")).toBe(
      "```\nOrder     Sum\n────────  ───\nord_1     5\nord_1002  12\n```",
    );
  });

  it("makes links of the document's links only, and of nothing that is not an address", () => {
    expect(written("[the docs](https://example.com/a?b=1&c=2)")).toBe(
      "<https://example.com/a?b=1&amp;c=2|the docs>",
    );
    expect(written("[x](javascript:alert(1)) [y](data:text/html,hi) [z](#here)")).toBe("x y z");
    expect(written("![logo](https://example.com/logo.png)")).toBe("<https://example.com/logo.png|logo>");
    expect(written("[here][1]\n\n[1]: https://example.com/")).toBe("<https://example.com/|here>");
    expect(written("[a|b>c](https://example.com/<|>)")).not.toMatch(/<https:[^>]*[<|].*[<|]/);
  });

  it("lets nothing in a text become a mention, a link or a channel", () => {
    for (const hostile of [
      "<!channel>",
      "<@U1>",
      "<#C1>",
      "<!subteam^S1>",
      "<https://evil.example|bank>",
      "&lt;!here&gt;",
      "[<!here>](https://example.com)",
      "`<!here>`",
      "| <!here> |\n|---|\n| <@U1> |",
      "# <!here>",
      "- <!here>",
      "> <!here>",
      "<b><!here></b>",
      "[^1]\n\n[^1]: <!here>",
      "**<!here>**",
      "![<!here>](https://example.com)",
    ]) {
      const sent = written(hostile);
      expect(sent, hostile).not.toMatch(/<[!@#]/);
      expect(sent, hostile).not.toMatch(/<https:\/\/evil/);
    }
  });

  it("does not read characters as formatting that were meant literally", () => {
    expect(written("2 * 3 * 4 = 24 and snake_case_name")).toBe("2 * 3 * 4 = 24 and snake_case_name");
    expect(written("\\*not bold\\*")).toBe("*\u2060not bold*");
    expect(written("my order is ord_1002_b")).toBe("my order is ord_1002_b");
  });

  it("drops what no text can carry, and never sends half a surrogate pair", () => {
    expect(escapeText("a\u0000b\u0007\r\nc\ud800d\ud83d\ude00")).toBe("ab\nc\ufffdd😀");
    expect(cut("ab😀cd", 4)).toBe("ab…");
    expect(cut("a &lt; b", 5)).toBe("a …");
    expect(cut("see <https://example.com|this>", 20)).toBe("see …");
    expect(cut("short", 5)).toBe("short");
  });
});

describe("Slack's markup as CommonMark", () => {
  it("reads formatting", () => {
    expect(read("*bold* _soft_ ~gone~ `code *x*`")).toBe("**bold** _soft_ ~~gone~~ `code *x*`");
    expect(read("a *b* (*c*), d*e*f 2*3*4")).toBe("a **b** (**c**), d*e*f 2*3*4");
    expect(read("• one\n• two")).toBe("- one\n- two");
    expect(read("&gt; quoted\nnot")).toBe("> quoted\nnot");
  });

  it("reads code blocks wherever they begin", () => {
    expect(read("see ```a &lt; b\nc``` there")).toBe("see \n```\na < b\nc\n```\n there");
    expect(read("```\nx\n```")).toBe("```\nx\n```");
    expect(read("`<http://example.com|example.com>`")).toBe("`example.com`");
  });

  it("turns mentions into names, the bot's own in front into nothing", () => {
    expect(read("<@UBOT> where is it?")).toBe("where is it?");
    expect(read("<@UBOT>: hi")).toBe("hi");
    expect(read("ask <@U1> or <@U9> or <@U8|bob>")).toBe("ask @Ana or @U9 or @bob");
    expect(read("<#C1|general> <#C2> <!here> <!subteam^S1|@team> <!subteam^S2>")).toBe(
      "#general #C2 @here @team @S2",
    );
    expect(read("<!date^1392734382^{date}|Feb 18>")).toBe("Feb 18");
    expect(read("hi <@U2>!")).toBe("hi @<!channel> Maya!");
  });

  it("keeps addresses as they were typed", () => {
    expect(read("<mailto:ana@example.com|ana@example.com>")).toBe("ana@example.com");
    expect(read("<http://example.com|example.com> <https://example.com/a?b=1&amp;c=2>")).toBe(
      "example.com https://example.com/a?b=1&c=2",
    );
    expect(read("<https://example.com/x|click [here]>")).toBe("[click \\[here\\]](https://example.com/x)");
  });

  it("makes no link of what only looks like one in CommonMark", () => {
    const text = read("[bank](http://evil.example)");
    expect(toMrkdwn(parseMarkdown(text))).not.toContain("|bank>");
  });

  it("survives whatever is written", () => {
    for (const odd of ["<", "<>", "<@>", "<!>", "<|>", "```", "`", "*", "<@U1", "&lt", "<!date^>", "<#>"]) {
      expect(typeof read(odd)).toBe("string");
    }
    expect(read("x".repeat(40_000))).toHaveLength(40_000);
    expect(read("<@U1> ".repeat(3_000)).length).toBeGreaterThan(10_000);
  });

  it("finds who is mentioned", () => {
    expect(mentions("hi <@UBOT>", "UBOT")).toBe(true);
    expect(mentions("hi <@UBOT|x>", "UBOT")).toBe(true);
    expect(mentions("hi <@UBOTTOM>", "UBOT")).toBe(false);
    expect(mentioned("<@U1> <@U2|x> <@U1>")).toEqual(["U1", "U2"]);
  });

  it("gives a text back as it was after going there and back", () => {
    for (const text of [
      "**bold** and `code`",
      "- one\n- two",
      "a < b & c > d",
      "order ord_1002, 49.99 USD",
      "```\nlet x;\n```",
    ]) {
      expect(read(written(text))).toBe(text);
    }
  });
});
