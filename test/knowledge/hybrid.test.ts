import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { createMeanings, type Embedder, type VectorCache } from "../../src/knowledge/hybrid.ts";
import type { Passage } from "../../src/knowledge-base.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { createEventLog } from "./temporary-articles.ts";

/** Understands a few subjects whatever words they come in; every text gets a direction of its own as well. */
function createSubjectEmbedder(model = "subjects-1") {
  const subjects = [
    ["refund", "money back", "reimburse"],
    ["ship", "deliver", "parcel"],
    ["password", "log in", "locked out"],
  ];
  const requests: string[][] = [];
  let answer: (texts: string[], signal?: AbortSignal) => Promise<Float32Array[]> = async (texts) =>
    texts.map((text) => {
      const said = subjects.map((words) => (words.some((word) => text.toLowerCase().includes(word)) ? 3 : 0));
      return Float32Array.from([...said, 1, (text.length % 7) / 10]);
    });
  const embedder: Embedder = {
    model,
    async embed(texts, signal) {
      requests.push(texts);
      return answer(texts, signal);
    },
  };
  return {
    embedder,
    requests,
    texts: () => requests.flat(),
    answerBy(other: typeof answer) {
      answer = other;
    },
  };
}

function createMapCache(): VectorCache & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    get: async (key) => entries.get(key),
    set: async (key, value) => void entries.set(key, value),
  };
}

const passage = (article: string, text: string): Passage => ({
  id: `${article}#1`,
  article,
  title: article,
  headings: [],
  text,
  audience: "public",
});
const shop = [
  passage("a", "You get your money back in five days."),
  passage("b", "Parcels arrive on Mondays."),
  passage("c", "Choose a new password."),
];

function make(parts: { embedder?: Embedder; cache?: VectorCache; clock?: Clock } = {}) {
  const subject = createSubjectEmbedder();
  const { log, named } = createEventLog();
  const clock = parts.clock ?? createVirtualClock();
  const { embedder = subject.embedder, cache } = parts;
  const meanings = createMeanings({ embedder, ...(cache ? { cache } : {}), log, clock });
  return { ...subject, meanings, clock, failures: () => named("knowledge.embedding_failed") };
}

describe("the cosines of a question", () => {
  it("say which passage means the same, in other words", async () => {
    const { meanings } = make();
    await meanings.prepare(shop);
    const cosines = await meanings.cosines("I want to be reimbursed", shop);
    expect(cosines).toHaveLength(3);
    expect(cosines![0]).toBeGreaterThan(0.95);
    expect(cosines![1]).toBeLessThan(0.3);
    for (const cosine of cosines!) expect(Math.abs(cosine)).toBeLessThanOrEqual(1.000001);
  });

  it("are those of the passages asked about, in their order", async () => {
    const { meanings } = make();
    await meanings.prepare(shop);
    const [a, b, c] = await meanings.cosines("parcel", shop).then((all) => [...all!]);
    expect([...(await meanings.cosines("parcel", [shop[2]!, shop[1]!]))!]).toEqual([c, b]);
    expect(a).toBeLessThan(b!);
  });

  it("are not there before the vectors are, nor for no passages", async () => {
    const { meanings, requests } = make();
    expect(await meanings.cosines("refund", shop)).toBeUndefined();
    expect(await meanings.cosines("refund", [])).toBeUndefined();
    expect(requests).toEqual([]);
  });
});

describe("the vectors of passages", () => {
  const many = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => passage(`p${from + at}`, `Text number ${from + at}`));

  it("are asked for in batches", async () => {
    const { meanings, requests } = make();
    await meanings.prepare(many(150));
    expect(requests.map((texts) => texts.length)).toEqual([64, 64, 22]);
  });

  it("are made of title, headings and text", async () => {
    const { meanings, texts } = make();
    await meanings.prepare([{ ...passage("Returns", "Within 30 days."), headings: ["Europe", "Shoes"] }]);
    expect(texts()).toEqual(["Returns\nEurope\nShoes\nWithin 30 days."]);
  });

  it("are asked for once: not again for the same text, only for what is new", async () => {
    const { meanings, texts, requests } = make();
    await meanings.prepare(many(10));
    await meanings.prepare(many(12).map((one) => ({ ...one })));
    expect(texts()).toHaveLength(12);
    await meanings.prepare(many(5));
    expect(requests).toHaveLength(2);
  });

  it("are asked for once when two passages have the same text", async () => {
    const { meanings, texts } = make();
    const twins = [passage("a", "Same"), { ...passage("a", "Same"), id: "a#2" }];
    await meanings.prepare(twins);
    expect(texts()).toHaveLength(1);
    expect(await meanings.cosines("Same", twins)).toHaveLength(2);
  });

  it("survive a restart in the cache", async () => {
    const cache = createMapCache();
    const before = make({ cache });
    await before.meanings.prepare(shop);
    const cosines = await before.meanings.cosines("money back please", shop);
    const after = make({ cache });
    await after.meanings.prepare([...shop, passage("d", "New here.")]);
    expect(after.texts()).toEqual(["d\nNew here."]);
    expect(await after.meanings.cosines("money back please", shop)).toEqual(cosines);
  });

  it("are asked for anew when another model answers under the same name", async () => {
    const cache = createMapCache();
    await make({ cache }).meanings.prepare(shop);
    const clock = createVirtualClock();
    const { meanings, answerBy, texts } = make({ cache, clock });
    answerBy(async (asked) => asked.map((_, at) => Float32Array.of(1, at)));
    await meanings.prepare(shop);
    expect(await meanings.cosines("parcel", shop)).toBeUndefined();
    await clock.pass(31_000);
    expect(await meanings.cosines("parcel", shop)).toBeUndefined();
    await meanings.prepare(shop);
    expect(await meanings.cosines("parcel", shop)).toHaveLength(3);
    expect(texts()).toHaveLength(1 + 3 + 1);
  });

  it("of two models never meet, whatever the cache holds", async () => {
    const cache = createMapCache();
    await make({ cache }).meanings.prepare(shop);
    const other = createSubjectEmbedder("subjects-2");
    const { meanings } = make({ cache, embedder: other.embedder });
    await meanings.prepare(shop);
    expect(other.texts()).toHaveLength(3);
    expect(cache.entries.size).toBe(6);
  });

  it.each([
    ["forgets everything", { get: async () => undefined, set: async () => undefined }],
    [
      "fails",
      {
        get: () => Promise.reject(new Error("gone")),
        set: () => Promise.reject(new Error("gone")),
      },
    ],
    ["gives rubbish", { get: async () => "no vector!", set: async () => undefined }],
    [
      "gives numbers that are none",
      {
        get: async () => Buffer.from(Float32Array.of(Number.NaN, 1).buffer).toString("base64"),
        set: async () => undefined,
      },
    ],
  ])("are there though the cache %s", async (_, cache) => {
    const { meanings, failures } = make({ cache });
    await meanings.prepare(shop);
    expect(await meanings.cosines("parcel", shop)).toHaveLength(3);
    expect(failures()).toEqual([]);
  });

  it("of a list that is out of date are not fetched to the end", async () => {
    const { meanings, requests, texts } = make();
    const first = meanings.prepare(many(1_000));
    await meanings.prepare(many(3, 5_000));
    await first;
    expect(texts().length).toBeLessThan(100);
    expect(requests.at(-1)).toHaveLength(3);
  });

  it("are not waited for after closing", async () => {
    const { meanings, answerBy, failures } = make();
    answerBy(() => new Promise(() => {}));
    const preparing = meanings.prepare(shop);
    await new Promise((resolve) => setImmediate(resolve));
    meanings.close();
    await preparing;
    expect(failures()).toEqual([]);
  });
});

describe("an embedding model that fails", () => {
  const fail = () => Promise.reject(new Error("503 overloaded"));

  it("while passages are prepared: is told once, left alone for a while, and then asked again", async () => {
    const clock = createVirtualClock();
    const { meanings, requests, answerBy, failures } = make({ clock });
    answerBy(fail);
    await meanings.prepare(shop);
    expect(failures()).toMatchObject([{ level: "warn", model: "subjects-1" }]);
    expect(JSON.stringify(failures()[0])).toContain("503 overloaded");
    expect(await meanings.cosines("refund", shop)).toBeUndefined();
    expect(requests).toHaveLength(1);

    await clock.pass(31_000);
    expect(await meanings.cosines("refund", shop)).toBeUndefined();
    await clock.pass(0);
    expect(requests).toHaveLength(2);
    expect(failures()).toHaveLength(1);
  });

  it("and recovers: questions have cosines again, and the next failure is told again", async () => {
    const clock = createVirtualClock();
    const { meanings, answerBy, failures } = make({ clock });
    const working = createSubjectEmbedder().embedder;
    answerBy(fail);
    await meanings.prepare(shop);
    answerBy((texts) => working.embed(texts));
    await clock.pass(31_000);
    await meanings.cosines("refund", shop);
    await clock.pass(0);
    expect(await meanings.cosines("refund", shop)).toHaveLength(3);
    answerBy(fail);
    expect(await meanings.cosines("refund", shop)).toBeUndefined();
    expect(failures()).toHaveLength(2);
  });

  it("at a question: is not asked for the next ones, so that nobody waits for it each time", async () => {
    const clock = createVirtualClock();
    const { meanings, requests, answerBy } = make({ clock });
    await meanings.prepare(shop);
    answerBy(fail);
    expect(await meanings.cosines("refund", shop)).toBeUndefined();
    expect(await meanings.cosines("parcel", shop)).toBeUndefined();
    expect(requests).toHaveLength(2);
  });

  it("by never answering: is given up on after two seconds", async () => {
    const clock = createVirtualClock();
    const { meanings, answerBy, failures } = make({ clock });
    await meanings.prepare(shop);
    let aborted = false;
    answerBy((_, signal) => {
      signal?.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const asked = meanings.cosines("refund", shop);
    await clock.pass(2_000);
    expect(await asked).toBeUndefined();
    expect(aborted).toBe(true);
    expect(failures()).toHaveLength(1);
  });

  it.each([
    ["too few vectors", async () => []],
    ["a vector of another length", async () => [Float32Array.of(1, 2)]],
    ["a vector of zeros", async () => [new Float32Array(5)]],
    ["an empty vector", async () => [new Float32Array(0)]],
    ["a vector that is no number", async () => [Float32Array.of(Number.NaN, 1, 1, 1, 1)]],
  ])("by giving %s: counts as failing", async (_, answer) => {
    const { meanings, answerBy, failures } = make();
    await meanings.prepare(shop);
    answerBy(answer);
    expect(await meanings.cosines("refund", shop)).toBeUndefined();
    expect(failures()).toHaveLength(1);
  });

  it("is not to blame when the customer's turn is called off", async () => {
    const { meanings, answerBy, failures } = make();
    await meanings.prepare(shop);
    answerBy(() => new Promise(() => {}));
    const turn = new AbortController();
    const asked = meanings.cosines("refund", shop, turn.signal);
    turn.abort(new Error("a newer message"));
    await expect(asked).rejects.toThrow("a newer message");
    expect(failures()).toEqual([]);
  });
});
