import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf, faultOf } from "../../src/errors.ts";
import { articleBytesMax, listArticles, parseArticle, readArticle } from "../../src/knowledge/articles.ts";
import { createTemporaryArticles, type TemporaryArticles } from "./temporary-articles.ts";

const parse = (source: string, id = "policies/returns") => parseArticle(id, source, [200, 500]);
const fault = (source: string): string => {
  try {
    parse(source);
  } catch (error) {
    expect(codeOf(error)).toBe("article_unreadable");
    return faultOf(error);
  }
  throw new Error("it was read");
};

describe("front matter", () => {
  it("says what an article is", () => {
    const article = parse(
      "---\ntitle: Sending things back\ncategory: policy\nupdated: 2026-01-10\naudience: verified\nurl: https://example.com/returns\n---\nText\n",
    );
    expect(article).toMatchObject({
      id: "policies/returns",
      title: "Sending things back",
      audience: "verified",
    });
    expect(article.passages).toEqual([
      {
        id: "policies/returns#1",
        article: "policies/returns",
        title: "Sending things back",
        headings: [],
        text: "Text",
        category: "policy",
        updated: "2026-01-10",
        audience: "verified",
        url: "https://example.com/returns",
      },
    ]);
  });

  it("may be absent or empty: the title is then the first heading, else the file's name, and anyone may read it", () => {
    for (const start of ["", "---\n---\n", "---\n# only a comment\n---\n"]) {
      expect(parse(`${start}Intro\n\n## Sending back\n\nText`)).toMatchObject({
        title: "Sending back",
        audience: "public",
      });
      expect(parse(`${start}Text`).title).toBe("returns");
    }
    expect(parse("Text").passages[0]).not.toHaveProperty("url");
  });

  it("may have Windows line ends, a byte order mark, dots for its end and keys of other programs", () => {
    const source = "---\r\ntitle: A\r\ntags: [x, y]\r\nupdated: 2026-01-10T10:00:00Z\r\n...\r\nText\r\n";
    expect(parse(source)).toMatchObject({
      title: "A",
      passages: [{ text: "Text", updated: "2026-01-10T10:00:00Z" }],
    });
  });

  it("takes a number for a title and an empty key for none", () => {
    expect(parse("---\ntitle: 404\ncategory:\n---\nText").passages[0]).toMatchObject({ title: "404" });
    expect(parse("---\ntitle: 404\ncategory:\n---\nText").passages[0]).not.toHaveProperty("category");
  });

  it("is not what stands between two lines further down", () => {
    expect(parse("Text\n\n---\naudience: verified\n---\n")).toMatchObject({ audience: "public" });
  });

  it.each([
    ["is not YAML", "---\ntitle: [open\n---\nText", /front matter: line [23]: /],
    ["has a key twice", "---\ntitle: a\ntitle: b\n---\nText", /front matter: line 3: .*unique/i],
    ["never ends", "---\ntitle: A\n\nText", /no second ---/],
    ["is a list", "---\n- title\n---\nText", /keys and values/],
    ["is a sentence", "---\nJust a rule above and below.\n---\nText", /keys and values/],
    [
      "has an audience that there is not",
      "---\naudience: internal\n---\nText",
      /audience must be public or verified/,
    ],
    ["has a misspelt audience", "---\naudiance: verified\n---\nText", /"audiance": did you mean audience/],
    [
      "has an audience in capitals",
      "---\nAudience: verified\n---\nText",
      /"Audience": did you mean audience/,
    ],
    ["has a title that is a list", "---\ntitle: [a]\n---\nText", /title must be text/],
    ["has a date that is none", "---\nupdated: last week\n---\nText", /updated must be an ISO date/],
    ["has a day that does not exist", "---\nupdated: 2026-13-45\n---\nText", /updated must be an ISO date/],
    [
      "has an address that is no web page",
      "---\nurl: javascript:alert(1)\n---\nText",
      /url must begin with https/,
    ],
  ])("that %s is an error that says so", (_, source, says) => {
    expect(fault(source)).toMatch(says);
  });

  it("cannot blow up: aliases are limited", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (let at = 1; at < 9; at += 1) {
      const [name, below] = [String.fromCharCode(97 + at), String.fromCharCode(96 + at)];
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${below}`).join(", ")}]`);
    }
    expect(fault(`---\n${bomb.join("\n")}\n---\nText`)).toMatch(/front matter: .*alias/i);
  });
});

describe("an article's text", () => {
  it("has no control characters but line ends and tabs", () => {
    expect(parse("a\0b\x1b[31mc\td\r\ne").passages[0]?.text).toBe("ab[31mc\td\ne");
  });
});

describe("a folder of articles", () => {
  let folder: TemporaryArticles;
  beforeEach(() => {
    folder = createTemporaryArticles();
  });
  afterEach(() => folder.remove());
  const names = async () => (await listArticles(folder.path)).files.map(({ name }) => name);
  const readOnly = async () => {
    const { files } = await listArticles(folder.path);
    return readArticle(files[0]!, [200, 500]);
  };

  it("is every Markdown file below it, in order, but hidden ones", async () => {
    folder.write("b.md", "b");
    folder.write("a/deep/er.MD", "x");
    folder.write("a.md", "a");
    folder.write(".hidden.md", "x");
    folder.write(".git/x.md", "x");
    folder.write("picture.png", "x");
    folder.write("notes.md.bak", "x");
    expect(await names()).toEqual(["a/deep/er.MD", "a.md", "b.md"]);
  });

  it("may be reached by links, and a link in a circle ends it nowhere", async () => {
    folder.write("real/a.md", "a");
    mkdirSync(join(folder.path, "deep"));
    symlinkSync("..", join(folder.path, "deep", "up"));
    symlinkSync("real", join(folder.path, "same"));
    symlinkSync("real/a.md", join(folder.path, "link.md"));
    symlinkSync("self.md", join(folder.path, "self.md"));
    const { files, problems } = await listArticles(folder.path);
    expect(files.map(({ name }) => name)).toEqual(["link.md", "real/a.md"]);
    expect(problems.map(({ file }) => file)).toEqual(["self.md"]);
  });

  it("names a link that leads nowhere", async () => {
    symlinkSync("nowhere.md", join(folder.path, "lost.md"));
    expect((await listArticles(folder.path)).problems).toEqual([
      { file: "lost.md", fault: "it does not exist" },
    ]);
  });

  it("that does not exist is a problem, not an error", async () => {
    const { files, problems } = await listArticles(join(folder.path, "none"));
    expect(files).toEqual([]);
    expect(problems).toEqual([{ file: join(folder.path, "none"), fault: "it does not exist" }]);
  });

  it("that is a file is a problem, not an error", async () => {
    writeFileSync(join(folder.path, "a.md"), "x");
    expect((await listArticles(join(folder.path, "a.md"))).problems).toHaveLength(1);
  });

  it("gives each file a stamp that changes with it", async () => {
    const stamp = async () => (await listArticles(folder.path)).files[0]?.stamp;
    folder.write("a.md", "one");
    const first = await stamp();
    expect(await stamp()).toBe(first);
    folder.write("a.md", "two, which is longer");
    expect(await stamp()).not.toBe(first);
  });

  it("has articles whose byte order mark nobody sees", async () => {
    folder.write("a.md", "\ufeff---\ntitle: A\n---\nText");
    expect(await readOnly()).toMatchObject({ id: "a", title: "A" });
  });

  it.each([
    ["Latin-1", Uint8Array.from([0x47, 0x72, 0xf6, 0xdf, 0x65])],
    ["UTF-16", Uint8Array.from([0xff, 0xfe, 0x61, 0x00])],
    ["a picture", Uint8Array.from([0x89, 0x50, 0x4e, 0x47])],
  ])("refuses an article that is %s", async (_, content) => {
    folder.write("a.md", content);
    await expect(readOnly()).rejects.toMatchObject({ code: "article_unreadable", message: "not UTF-8 text" });
  });

  it("refuses an article that is too large, without reading it", async () => {
    folder.write("a.md", "x".repeat(articleBytesMax + 1));
    await expect(readOnly()).rejects.toMatchObject({
      code: "article_unreadable",
      message: "larger than 5 MB",
    });
  });

  it("takes a file that has gone meanwhile for what it is", async () => {
    folder.write("a.md", "x");
    const { files } = await listArticles(folder.path);
    folder.delete("a.md");
    expect(await readArticle(files[0]!, [200, 500])).toBeUndefined();
  });
});
