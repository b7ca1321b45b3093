import { chmodSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Embedder, VectorCache } from "../../src/knowledge/hybrid.ts";
import { createMarkdownKnowledgeBase } from "../../src/knowledge/markdown-knowledge-base.ts";
import { describeKnowledgeBase } from "../contracts/knowledge-base.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { createEventLog, createTemporaryArticles, type TemporaryArticles } from "./temporary-articles.ts";

const open: { close(): Promise<void> }[] = [];
const folders: TemporaryArticles[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((knowledge) => knowledge.close()));
  for (const folder of folders.splice(0)) folder.remove();
});

function make(
  articles: Record<string, string>,
  parts: { embedder?: Embedder; cache?: VectorCache; folder?: string } = {},
) {
  const folder = createTemporaryArticles(articles);
  folders.push(folder);
  const { log, events, named } = createEventLog();
  const clock = createVirtualClock();
  const knowledge = createMarkdownKnowledgeBase({
    folder: folder.path,
    passageTokens: [200, 500],
    log,
    clock,
    ...parts,
  });
  open.push(knowledge);
  const ask = async (question: string, audience: "public" | "verified" = "public") => {
    const { found } = await knowledge.search(question, { limit: 5, audience });
    return found.map(({ passage }) => passage.article);
  };
  return { folder, knowledge, clock, events, named, ask };
}

describeKnowledgeBase("a folder of Markdown", async () => {
  const { folder, knowledge } = make({});
  return {
    knowledge,
    put: async (id, { title, text, audience = "public" }) =>
      folder.write(
        `${id}.md`,
        `---\ntitle: ${JSON.stringify(title)}\naudience: ${audience}\n---\n\n${text}\n`,
      ),
    drop: async (id) => folder.delete(`${id}.md`),
    async spoil(id) {
      folder.write(`${id}.md`, Uint8Array.from([0xff, 0xfe, 0x41]));
      return `${id}.md`;
    },
    remove: async () => {
      await knowledge.close();
      folder.remove();
    },
  };
});

describe("a knowledge base over a folder", () => {
  it("reads the folder at the first question when nobody has refreshed it", async () => {
    const { ask } = make({ "policies/returns.md": "Return items within 30 days." });
    expect(await ask("return items")).toEqual(["policies/returns"]);
  });

  it("names every file that it leaves out, with the fault", async () => {
    const { knowledge, folder, ask } = make({
      "good.md": "Return items within 30 days.",
      "yaml.md": "---\ntitle: [\n---\nx",
      "audience.md": "---\naudience: internal\n---\nReturn to sender.",
    });
    folder.write("latin.md", Uint8Array.from([0xe4]));
    const { problems } = await knowledge.refresh();
    expect(problems.map(({ file }) => file)).toEqual(["audience.md", "latin.md", "yaml.md"]);
    expect(problems[0]?.fault).toBe("front matter: audience must be public or verified");
    expect(problems[1]?.fault).toBe("not UTF-8 text");
    expect(await ask("return")).toEqual(["good"]);
  });

  it("says so when there is no folder, and takes it up when there is one", async () => {
    const { folder, knowledge, ask } = make({ "a.md": "Purple elephants." });
    renameSync(folder.path, `${folder.path}-away`);
    expect(await knowledge.refresh()).toMatchObject({ articles: 0, problems: [{ file: folder.path }] });
    expect(await ask("elephants")).toEqual([]);
    renameSync(`${folder.path}-away`, folder.path);
    await knowledge.refresh();
    expect(await ask("elephants")).toEqual(["a"]);
  });

  it("gives a file whose name is taken already no second life", async () => {
    const { knowledge, ask } = make({ "a.MD": "Purple elephants.", "a.md": "Purple giraffes." });
    const { articles, problems } = await knowledge.refresh();
    expect({ articles, problems }).toEqual({
      articles: 1,
      problems: [{ file: "a.md", fault: "another file has the same name" }],
    });
    expect(await ask("giraffes")).toEqual([]);
  });

  it("goes on answering while it is closed and after", async () => {
    const { knowledge, ask } = make({ "a.md": "Purple elephants." });
    await knowledge.refresh();
    await Promise.all([knowledge.close(), ask("elephants")]);
    expect(await ask("elephants")).toEqual(["a"]);
  });
});

describe("files that change", () => {
  it("are noticed by a question two seconds after the last look, without a refresh", async () => {
    const { folder, knowledge, clock, ask } = make({
      "a.md": "Purple elephants.",
      "b.md": "Green tortoises.",
    });
    await knowledge.refresh();
    folder.write("a.md", "Yellow giraffes, which are longer.");
    folder.delete("b.md");
    folder.write("deep/c.md", "Blue whales.");
    expect(await ask("elephants")).toEqual(["a"]);
    await clock.pass(2_000);
    expect(await ask("elephants")).toEqual([]);
    expect(await ask("giraffes")).toEqual(["a"]);
    expect(await ask("tortoises")).toEqual([]);
    expect(await ask("whales")).toEqual(["deep/c"]);
  });

  it("are not looked for more often than that", async () => {
    const { folder, knowledge, clock, ask } = make({ "a.md": "Purple elephants." });
    await knowledge.refresh();
    await clock.pass(1_999);
    folder.write("b.md", "Blue whales.");
    expect(await ask("whales")).toEqual([]);
    await clock.pass(1);
    expect(await ask("whales")).toEqual(["b"]);
  });

  it("are noticed when only their content is another: same length, same time", async () => {
    const { folder, knowledge, ask } = make({ "a.md": "Purple elephants." });
    const path = join(folder.path, "a.md");
    utimesSync(path, 1_000, 1_000);
    await knowledge.refresh();
    writeFileSync(path, "Purple kangaroos.");
    utimesSync(path, 1_000, 1_000);
    await knowledge.refresh();
    expect(await ask("kangaroos")).toEqual(["a"]);
  });

  it("are the only ones that are read again: the others' passages are the same objects", async () => {
    const { folder, knowledge } = make({ "a.md": "Purple elephants.", "b.md": "Purple tortoises." });
    await knowledge.refresh();
    const passages = async () => {
      const { found } = await knowledge.search("purple", { limit: 5, audience: "public" });
      return new Map(found.map(({ passage }) => [passage.article, passage]));
    };
    const before = await passages();
    folder.write("b.md", "Purple whales and others.");
    await knowledge.refresh();
    const after = await passages();
    expect(after.get("a")).toBe(before.get("a"));
    expect(after.get("b")?.text).toBe("Purple whales and others.");
  });

  it("are told to nobody twice: the index once, each new problem once", async () => {
    const { folder, knowledge, clock, ask, named } = make({
      "a.md": "Purple elephants.",
      "old.md": "---\nx",
    });
    await knowledge.refresh();
    folder.write("b.md", "Blue whales.");
    folder.write("bad.md", Uint8Array.from([0xff]));
    for (let look = 0; look < 3; look += 1) {
      await clock.pass(2_000);
      await ask("whales");
    }
    expect(named("knowledge.indexed")).toMatchObject([{ articles: 2, passages: 2 }]);
    expect(named("article.unreadable")).toMatchObject([
      { file: "bad.md", fault: "not UTF-8 text", level: "warn" },
    ]);
  });

  it("and have become unreadable take their article out of service", async () => {
    const { folder, knowledge, ask } = make({ "a.md": "Purple elephants." });
    await knowledge.refresh();
    folder.write("a.md", "---\naudience: nobody\n---\nPurple elephants.");
    expect((await knowledge.refresh()).problems).toHaveLength(1);
    expect(await ask("elephants")).toEqual([]);
    folder.write("a.md", "Purple elephants again.");
    expect((await knowledge.refresh()).problems).toEqual([]);
    expect(await ask("elephants")).toEqual(["a"]);
  });

  it("from public to verified are hidden from the public at once", async () => {
    const { folder, knowledge, ask } = make({ "a.md": "Purple elephants." });
    await knowledge.refresh();
    folder.write("a.md", "---\naudience: verified\n---\nPurple elephants.");
    await knowledge.refresh();
    expect(await ask("elephants")).toEqual([]);
    expect(await ask("elephants", "verified")).toEqual(["a"]);
  });

  it.skipIf(process.getuid?.() === 0)(
    "and cannot be read for now stay as they were (root reads everything)",
    async () => {
      const { folder, knowledge, ask } = make({
        "a.md": "Purple elephants.",
        "deep/b.md": "Blue whales.",
        "c.md": "Blue tortoises.",
      });
      await knowledge.refresh();
      folder.delete("c.md");
      chmodSync(join(folder.path, "a.md"), 0);
      chmodSync(join(folder.path, "deep"), 0);
      const { articles, problems } = await knowledge.refresh();
      chmodSync(join(folder.path, "deep"), 0o755);
      expect(articles).toBe(2);
      expect(problems.map(({ file }) => file).toSorted()).toEqual(["a.md", "deep"]);
      expect((await ask("blue whales purple elephants")).toSorted()).toEqual(["a", "deep/b"]);
    },
  );

  it("are found by every one of many refreshes at once", async () => {
    const { folder, knowledge, ask } = make({ "a.md": "Purple elephants." });
    const first = knowledge.refresh();
    folder.write("b.md", "Blue whales.");
    const reports = await Promise.all([first, knowledge.refresh(), knowledge.refresh()]);
    expect(reports.slice(1).map(({ articles }) => articles)).toEqual([2, 2]);
    expect(await ask("whales")).toEqual(["b"]);
  });
});

describe("hybrid search", () => {
  /** Knows that reimbursements are refunds, and nothing else. */
  function createEmbedder(model = "reimbursing-1") {
    const texts: string[] = [];
    let fail = false;
    const embedder: Embedder = {
      model,
      async embed(batch) {
        texts.push(...batch);
        if (fail) throw new Error("no route to host");
        return batch.map((text) =>
          Float32Array.of(/reimburse|refund/i.test(text) ? 2 : 0, 1, text.length / 1e6),
        );
      },
    };
    return { embedder, texts, break: () => (fail = true) };
  }
  const articles = {
    "refunds.md": "Refunds take 3 to 5 business days.",
    "parcels.md": "Parcels are delivered on Mondays.",
    "vip.md": "---\naudience: verified\n---\nRefunds for members come at once.",
  };

  it("finds by meaning what shares no word with the question, and says so", async () => {
    const { embedder } = createEmbedder();
    const { knowledge } = make(articles, { embedder });
    await knowledge.refresh();
    await knowledge.embedded();
    const { found, coverage } = await knowledge.search("when am I reimbursed", {
      limit: 3,
      audience: "public",
    });
    expect(found[0]?.passage.article).toBe("refunds");
    expect(found[0]?.why.semantic).toBeGreaterThan(0.9);
    expect(coverage).toBeCloseTo(found[0]!.why.semantic!);
    expect(found.map(({ passage }) => passage.article)).not.toContain("vip");
  });

  it("lets words and meaning count alike", async () => {
    const { embedder } = createEmbedder();
    const { knowledge } = make(
      { ...articles, "codes.md": "E1007: the lid is open.", "both.md": "E1007 refunds." },
      { embedder },
    );
    await knowledge.refresh();
    await knowledge.embedded();
    const { found } = await knowledge.search("reimburse E1007", { limit: 3, audience: "public" });
    expect(found[0]?.passage.article).toBe("both");
    expect(new Set(found.slice(1).map(({ passage }) => passage.article))).toEqual(
      new Set(["codes", "refunds"]),
    );
    for (const { score, why } of found) {
      expect(score).toBeLessThanOrEqual(1);
      expect(why.lexical).toBeLessThanOrEqual(1);
    }
  });

  it("begins with the words alone, without waiting for vectors", async () => {
    const embedder: Embedder = { model: "slow", embed: () => new Promise(() => {}) };
    const { knowledge, ask } = make(articles, { embedder });
    await knowledge.refresh();
    expect(await ask("refunds")).toEqual(["refunds"]);
  });

  it("serves the lexical list, and tells the log once, when the model fails", async () => {
    const broken = createEmbedder();
    broken.break();
    const hybrid = make(articles, { embedder: broken.embedder });
    const lexical = make(articles);
    await hybrid.knowledge.refresh();
    await hybrid.knowledge.embedded();
    for (const question of ["business days refunds", "parcels", "reimburse"]) {
      const options = { limit: 3, audience: "public" } as const;
      expect(await hybrid.knowledge.search(question, options)).toEqual(
        await lexical.knowledge.search(question, options),
      );
    }
    expect(hybrid.named("knowledge.embedding_failed")).toHaveLength(1);
  });

  it("asks for the vectors of changed passages only, and of none that the cache has", async () => {
    const entries = new Map<string, string>();
    const cache: VectorCache = {
      get: async (key) => entries.get(key),
      set: async (key, value) => void entries.set(key, value),
    };
    const first = createEmbedder();
    const { knowledge, folder } = make(articles, { embedder: first.embedder, cache });
    await knowledge.refresh();
    await knowledge.embedded();
    expect(first.texts).toHaveLength(3);
    folder.write("parcels.md", "Parcels are delivered on Tuesdays.");
    await knowledge.refresh();
    await knowledge.embedded();
    expect(first.texts.slice(3)).toEqual(["parcels\nParcels are delivered on Tuesdays."]);

    const second = createEmbedder();
    const again = make(articles, { embedder: second.embedder, cache });
    await again.knowledge.refresh();
    await again.knowledge.embedded();
    expect(second.texts).toEqual([]);
  });

  it("does not ask the model about nothing", async () => {
    const { embedder, texts } = createEmbedder();
    const { knowledge } = make(articles, { embedder });
    await knowledge.refresh();
    await knowledge.embedded();
    const before = texts.length;
    expect(await knowledge.search(" \n ", { limit: 3, audience: "public" })).toEqual({
      found: [],
      coverage: 0,
    });
    expect(texts).toHaveLength(before);
  });
});
