import type { Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown, gfmToMarkdown } from "mdast-util-gfm";
import { toMarkdown } from "mdast-util-to-markdown";
import { gfm } from "micromark-extension-gfm";
import { describe, expect, it } from "vitest";
import { parseMarkdown, splitMarkdown } from "../src/markdown.ts";

const writeMarkdown = (root: Root): string =>
  toMarkdown(root, { extensions: [gfmToMarkdown()], bullet: "-", emphasis: "_" }).trimEnd();

const split = (text: string, max: number): string[] => splitMarkdown(parseMarkdown(text), writeMarkdown, max);

/** What the parser itself makes of a text, without places. */
const parsed = (text: string): unknown =>
  JSON.parse(
    JSON.stringify(
      fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }),
      (key, value) => (key === "position" ? undefined : value),
    ),
  );

describe("Markdown", () => {
  it("of plain sentences is what the parser makes of them", () => {
    const pieces =
      "a|ord_1001|_b|c_|Be|Ü|ы|日|9|12|1. |1) |. |, |? |! |: |; | - |-|--|---|–|…|(|)|/|#| # |%|$|€|+|=|===|'|\"|’| |  |\n|\n\n|\n\n\n|\n-|\n=|www.|www|http|https://|://|mailto:|xmpp:|a.co|@|_|*|&amp;|&|\\|[|]|<|>|~|`|\t";
    const alphabet = pieces.split("|");
    let seed = 7;
    const next = (max: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % max;
    };
    let plain = 0;
    for (let n = 0; n < 8_000; n++) {
      // Most texts are drawn from the harmless part, so that many of them are plain.
      const range = n % 4 === 0 ? alphabet.length : 44;
      const text = Array.from({ length: 1 + next(9) }, () => alphabet[next(range)]).join("");
      const root = parseMarkdown(text);
      if (root.position !== undefined) continue;
      plain += 1;
      const got = JSON.parse(JSON.stringify(root, (key, value) => (key === "position" ? undefined : value)));
      expect(got, JSON.stringify(text)).toEqual(parsed(text));
    }
    expect(plain).toBeGreaterThan(300);
  });

  it("that nobody writes does not stop the desk", () => {
    const hostile = [
      "> ".repeat(20_000),
      "- ".repeat(20_000),
      "[".repeat(20_000),
      "](".repeat(20_000),
      "*".repeat(20_000),
    ];
    for (const text of hostile) expect(parseMarkdown(text).type).toBe("root");
  });

  it("is split between blocks where that is enough", () => {
    expect(split("one one one\n\ntwo two two\n\nthree", 26)).toEqual(["one one one\n\ntwo two two", "three"]);
  });

  it("is split without cutting code, lists or tables", () => {
    const code = `\`\`\`ts\n${"let a = 1;\n".repeat(20)}\`\`\``;
    for (const piece of split(code, 80)) expect(piece).toMatch(/^```ts\n(let a = 1;\n)+```$/);
    const list = split(Array.from({ length: 9 }, (_, n) => `${n + 1}. item number ${n + 1}`).join("\n"), 60);
    expect(list.join("\n").match(/\d+\. item number/g)).toEqual(
      Array.from({ length: 9 }, (_, n) => `${n + 1}. item number`),
    );
    const table = split(`| a | b |\n|---|---|\n${"| 1 | 2 |\n".repeat(10)}`, 60);
    for (const piece of table) expect(piece).toMatch(/^\| a \| b \|\n\| - \| - \|/);
  });

  it("does not let out of code what stands in one long line of it, in a list either", () => {
    const line = "{[pay](https://evil.example)} 👍".repeat(20);
    const step = `1. Run this:\n\n   \`\`\`sh\n${"   echo hello\n".repeat(20)}   \`\`\`\n2. Then that`;
    const code = `\`${line}\``;
    const texts = [
      `\`\`\`json\n${line}\n\`\`\``,
      code,
      `**${line}**`,
      `> ${code}`,
      `# ${code}`,
      `[^1]: ${code}`,
      step,
    ];
    for (const text of texts) {
      const pieces = split(text, 100);
      expect(pieces.length).toBeGreaterThan(3);
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(100);
        expect(piece).not.toMatch(/\p{Cs}/u);
        for (const mark of [/```/g, /(?<!`)`(?!`)/g, /\*\*/g])
          expect((piece.match(mark) ?? []).length % 2).toBe(0);
      }
    }
  });

  it("is never longer than asked for, and loses nothing", () => {
    const text = `${"A sentence of words. ".repeat(40)}\n\n${"x".repeat(300)}`;
    const pieces = split(text, 100);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(100);
    expect(pieces.join(" ").replace(/\s+/g, "")).toBe(text.replace(/\s+/g, ""));
  });
});
