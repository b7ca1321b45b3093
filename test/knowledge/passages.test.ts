import { describe, expect, it } from "vitest";
import { parseArticle } from "../../src/knowledge/articles.ts";
import { tokensOf } from "../../src/knowledge/passages.ts";

const passages = (markdown: string, tokens: [number, number] = [200, 500]) =>
  parseArticle("shipping", markdown, tokens).passages;
const texts = (markdown: string, tokens?: [number, number]) =>
  passages(markdown, tokens).map(({ text }) => text);
/** So many different sentences of about ten tokens each. */
const sentences = (count: number, about = "parcel") =>
  Array.from({ length: count }, (_, at) => `Sentence ${at} tells of the ${about} number ${at}.`);

describe("passages", () => {
  it("of a short article are one, with its headings where they stood", () => {
    const [only, ...more] = passages(
      "# Shipping\n\nWe ship.\n\n## Express\n\nOne day.\n\n## Standard\n\nFive days.\n",
    );
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      id: "shipping#1",
      article: "shipping",
      title: "Shipping",
      headings: [],
      text: "We ship.\n\n## Express\n\nOne day.\n\n## Standard\n\nFive days.",
    });
  });

  it("follow the headings when sections are long enough", () => {
    const long = sentences(10).join(" ");
    const found = passages(
      `# Shipping\n\n## Europe\n\n### Express\n\n${long}\n\n### Standard\n\n${long}`,
      [20, 200],
    );
    expect(found.map(({ id, headings }) => ({ id, headings }))).toEqual([
      { id: "shipping#express-1", headings: ["Europe", "Express"] },
      { id: "shipping#standard-1", headings: ["Europe", "Standard"] },
    ]);
    expect(found[0]?.text).toBe(long);
  });

  it("join small sections with their neighbours, under what they have in common", () => {
    const markdown = "# Fees\n\n## Cards\n\n### Visa\n\nOne.\n\n### Amex\n\nTwo.";
    expect(passages(markdown)).toMatchObject([
      { id: "shipping#visa-1", headings: ["Cards"], text: "### Visa\n\nOne.\n\n### Amex\n\nTwo." },
    ]);
  });

  it("stay within the limits where the text allows it, and lose nothing", () => {
    const all = sentences(300);
    const found = texts(`# Long\n\n${all.join(" ")}`);
    expect(found.length).toBeGreaterThan(3);
    for (const text of found) {
      expect(tokensOf(text)).toBeLessThanOrEqual(500);
      expect(tokensOf(text)).toBeGreaterThanOrEqual(200);
    }
    expect(found.join(" ")).toBe(all.join(" "));
  });

  it("are divided between paragraphs before sentences", () => {
    const paragraphs = ["fox", "hen", "owl", "cat"].map((animal) => sentences(8, animal).join(" "));
    expect(texts(paragraphs.join("\n\n"), [40, 110])).toEqual(paragraphs);
  });

  it("are divided between the items of a long list", () => {
    const items = sentences(40).map(
      (sentence, at) => `${at + 1}. ${sentence}\n   - with a detail\n\n     and a paragraph`,
    );
    const found = texts(`Do this:\n\n${items.join("\n")}`, [100, 200]);
    expect(found.length).toBeGreaterThan(3);
    for (const text of found) expect(text).toMatch(/^(Do this:|\d+\. )/);
    expect(found.join("\n")).toBe(`Do this:\n\n${items.join("\n")}`);
  });

  it("keep code and tables whole", () => {
    const code = `\`\`\`js\n${sentences(60).join("\n\n")}\n\`\`\``;
    const table = `| a | b |\n|---|:-:|\n${sentences(60)
      .map((sentence) => `| ${sentence} | x |`)
      .join("\n")}`;
    const found = texts(`Before.\n\n${code}\n\nBetween.\n\n${table}\n\nAfter.`, [50, 100]);
    expect(found.some((text) => text.includes(code))).toBe(true);
    expect(found.some((text) => text.includes(table))).toBe(true);
  });

  it("divide even code when nobody could be shown it whole", () => {
    const found = texts(`\`\`\`\n${sentences(5000).join("\n")}\n\`\`\``, [50, 100]);
    expect(found.length).toBeGreaterThan(10);
    for (const text of found) expect(tokensOf(text)).toBeLessThanOrEqual(800);
  });

  it("say the names of the columns in each part of a table that is divided", () => {
    const head = "| plan | price |\n|---|---|\n";
    const rows = Array.from({ length: 2000 }, (_, row) => `| plan ${row} | $${row} |`);
    const found = texts(head + rows.join("\n"), [50, 100]);
    expect(found.length).toBeGreaterThan(10);
    for (const text of found) expect(text.startsWith(head)).toBe(true);
    for (const text of found) expect(tokensOf(text)).toBeLessThanOrEqual(800);
    expect(found.map((text) => text.slice(head.length)).join("\n")).toBe(rows.join("\n"));
  });

  it("cut a text without any joints, between whole characters", () => {
    const found = texts("🙂".repeat(3000), [50, 100]);
    expect(found.join("")).toBe("🙂".repeat(3000));
    for (const text of found) expect(tokensOf(text)).toBeLessThanOrEqual(100);
    for (const text of found) expect(text).not.toMatch(/[\uD800-\uDFFF]/u);
  });

  it("keep their ids when other sections are added or change", () => {
    const section = (name: string, count = 10) => `## ${name}\n\n${sentences(count, name).join(" ")}`;
    const before = passages(["# A", section("Express"), section("Standard")].join("\n\n"), [20, 150]);
    const after = passages(
      ["# A", section("New"), section("Express"), section("Other", 12), section("Standard")].join("\n\n"),
      [20, 150],
    );
    expect(after).toEqual(expect.arrayContaining(before));
  });

  it("number what comes twice under one heading, so that no id comes twice", () => {
    const section = (name: string) => `## ${name}\n\n${sentences(10).join(" ")}`;
    const found = passages(
      ["# Help", section("FAQ"), section("FAQ"), section("FAQ 1"), section("¿?")].join("\n\n"),
      [20, 60],
    );
    const ids = found.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(0, 3)).toEqual(["shipping#faq-1", "shipping#faq-2", "shipping#faq-3"]);
  });

  it("have slugs in the heading's own script", () => {
    expect(passages(`# x\n\n## Größe & Maße\n\nText`)[0]?.id).toBe("shipping#größe-maße-1");
    expect(passages(`# x\n\n## 配送について\n\nText`)[0]?.id).toBe("shipping#配送について-1");
  });

  it("are none for an article without text", () => {
    expect(passages("")).toEqual([]);
    expect(passages("# Only a title")).toEqual([]);
    expect(passages("\n\n<!-- nothing yet -->\n")).toEqual([]);
  });

  it("have the heading for a text when there is nothing below it", () => {
    expect(texts("# A\n\n## We do not ship to Mars")).toEqual(["We do not ship to Mars"]);
  });
});

describe("headings", () => {
  const headings = (markdown: string) =>
    passages(markdown, [0, 1]).map((passage) => [...passage.headings, passage.text].join(" > "));

  it("are not found in code", () => {
    const code = "```sh\n# not a heading\n```";
    expect(texts(`# T\n\n${code}\n\n~~~\n## nor this\n\`\`\`\n~~~\n\n    # nor this`)).toEqual([
      `${code}\n\n~~~\n## nor this\n\`\`\`\n~~~\n\n    # nor this`,
    ]);
  });

  it("are not found in code within a list", () => {
    const markdown = "1. Run\n\n   ```sh\n   # comment\n# comment\n   ```\n2. Done";
    expect(texts(`# T\n\n${markdown}`)).toEqual([markdown]);
  });

  it("may be underlined, closed, indented and marked up", () => {
    expect(headings("T\n=\n\nOne\n---\n\na\n\n  ## **Two** `x` [y](z) ##\n\nb\n\n##\tThree\n\nc")).toEqual([
      "One > a",
      "Two x y > b",
      "Three > c",
    ]);
  });

  it("need a space, and no more than six marks", () => {
    expect(texts("#1 thing\n\n####### seven")).toEqual(["#1 thing\n\n####### seven"]);
  });

  it("that say the title again are not shown twice", () => {
    const article = parseArticle("a", "---\ntitle: Returns\n---\n# Returns\n\nText", [200, 500]);
    expect(article.passages[0]).toMatchObject({ title: "Returns", headings: [], text: "Text" });
  });

  it("that say something else than the title stay", () => {
    const article = parseArticle("a", "---\ntitle: Returns\n---\n# Sending things back\n\nText", [200, 500]);
    expect(article.passages[0]).toMatchObject({ title: "Returns", headings: ["Sending things back"] });
  });
});

describe("comments", () => {
  it("are for authors, not for customers", () => {
    const markdown =
      "# T\n\nSeen <!-- not --> here.\n\n<!--\n## Draft\nDo not publish: margin is 80 %.\n-->\n\nAnd here.";
    expect(texts(markdown)).toEqual(["Seen  here.\n\nAnd here."]);
  });

  it("are text in code, and when nothing closes them", () => {
    expect(texts("```html\n<!-- shown -->\n```")).toEqual(["```html\n<!-- shown -->\n```"]);
    expect(texts("Write <!-- to begin one.\n\nMore.")).toEqual(["Write <!-- to begin one.\n\nMore."]);
  });
});

describe("hostile Markdown", () => {
  it.each([
    ["dashes", `${"-".repeat(300_000)}x`],
    ["spaces", `a${" ".repeat(300_000)}b`],
    ["pipes and dashes", `|\n${"|-".repeat(150_000)}x`],
    ["brackets in a heading", `# ${"[".repeat(300_000)}`],
    ["comments that never close", "<!--".repeat(80_000)],
    ["backticks", `${"`".repeat(300_000)} a \` b`],
    ["headings", "# a\n".repeat(80_000)],
    ["list marks", "- ".repeat(150_000)],
    ["one word", "x".repeat(300_000)],
  ])("of nothing but %s is read in time that grows with its length", { timeout: 10_000 }, (_, markdown) => {
    for (const { text } of passages(markdown)) expect(tokensOf(text)).toBeLessThanOrEqual(4_000);
  });
});

describe("tokens", () => {
  it("are estimated by script", () => {
    expect(tokensOf("")).toBe(0);
    expect(tokensOf("four chars a token")).toBe(5);
    expect(tokensOf("доставка")).toBe(4);
    expect(tokensOf("配送料金")).toBe(4);
  });
});
