import { describe, expect, it } from "vitest";
import { askModal, homeView, limits, toOnePart, toParts } from "../../../adapters/slack/outgoing.ts";
import type { Post } from "../../../src/platform.ts";
import {
  elementsOf,
  faultsOfBlocks,
  faultsOfView,
  type Json,
  textsOf,
} from "../../doubles/slack-server/block-kit.ts";

const hostile = "<!channel> <@U1> <https://evil.example|bank> & ``` \u0000 \ud800 @everyone";
const huge = `${"word ".repeat(2_000)}\n\n`;

const posts: Record<string, Post> = {
  empty: { text: "" },
  plain: { text: "Hello **there**" },
  hostile: { text: hostile, as: hostile, sources: [{ title: hostile, url: "https://example.com/<|>" }] },
  "40,000 characters": { text: "x".repeat(40_000) },
  "a long story": { text: huge.repeat(4), feedback: "turn_1", sources: [{ title: "A" }] },
  "thousands of mentions": { text: "<@U1> ".repeat(6_000) },
  "a long code block": { text: `\`\`\`\n${"let x = 1 && 2;\n".repeat(800)}\`\`\`` },
  "a wide table": { text: `| a | b |\n|---|---|\n${`| ${"x".repeat(200)} | y |\n`.repeat(60)}` },
  "a long list": { text: Array.from({ length: 800 }, (_, n) => `- item ${n} with some words`).join("\n") },
  card: {
    text: "Ticket 7",
    card: {
      title: "T".repeat(400),
      facts: Array.from({ length: 60 }, (_, n) => ({
        label: `fact ${n} ${hostile}`,
        value: "v".repeat(3_000),
      })),
      sections: Array.from({ length: 30 }, (_, n) => ({ label: `part ${n}`, text: huge })),
      footer: "F".repeat(4_000),
    },
    buttons: [
      { label: "Take", action: "take", value: "7", style: "primary" },
      { label: "Take", action: "take", value: "8" },
      { label: "L".repeat(200), action: "deny", value: "7", ask: { title: "T".repeat(80), label: "Why?" } },
    ],
    menus: [
      {
        label: "Transfer",
        action: "transfer",
        options: Array.from({ length: 300 }, (_, n) => ({ label: `q${n}`, value: `${n}` })),
      },
      { label: "Nothing", action: "none", options: [] },
    ],
  },
  "many buttons": {
    text: "x",
    buttons: Array.from({ length: 60 }, (_, n) => ({ label: "", action: "a", value: `${n}` })),
  },
  "many sources": {
    text: "x",
    sources: Array.from({ length: 200 }, (_, n) => ({ title: `S${n}`, url: `https://example.com/${n}` })),
  },
  files: { text: "", files: [{ name: "a <b>.png", mediaType: "image/png", bytes: 1, path: "/x" }] },
};

describe("posts as Slack messages", () => {
  for (const [name, post] of Object.entries(posts)) {
    it(`are within Slack's limits: ${name}`, () => {
      for (const style of ["native", "plain"] as const) {
        for (const part of toParts(post, style)) {
          expect(faultsOfBlocks(part.blocks, "message")).toEqual([]);
          expect(part.text.length).toBeLessThanOrEqual(4_000);
          expect(part.text).not.toBe("");
        }
        expect(faultsOfBlocks(toOnePart(post, style).blocks, "message")).toEqual([]);
      }
    });

    it(`have nothing live in them: ${name}`, () => {
      for (const part of toParts(post, "native")) {
        for (const text of [part.text, ...textsOf(part.blocks)]) {
          expect(text).not.toMatch(/<[!@#]/);
          expect(text).not.toContain("<https://evil");
          expect(text).not.toMatch(/[\u0000\ud800](?![\udc00-\udfff])/);
        }
      }
    });

    it(`are the same every time: ${name}`, () => {
      expect(toParts(post, "native")).toEqual(toParts(structuredClone(post), "native"));
    });
  }

  it("are split between paragraphs, without cutting code", () => {
    const code = `\`\`\`\n${"line of code\n".repeat(100)}\`\`\``;
    const text = `${"before ".repeat(250)}\n\n${code}\n\n${"after ".repeat(300)}\n\n${code}`;
    const parts = toParts({ text }, "native");
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect((part.text.match(/```/g) ?? []).length % 2).toBe(0);
      expect(part.text.length).toBeLessThanOrEqual(limits.message);
    }
    expect(
      parts
        .map((part) => part.text)
        .join("")
        .match(/line of code/g),
    ).toHaveLength(200);
  });

  it("are written the same way whether they are parsed or need not be", () => {
    const parsed = (text: string) => toParts({ text: `${text}\n\n.` }, "native")[0].text.slice(0, -3);
    for (const text of [
      "Your order ord_1002 is on its way. It arrives in 3 days!",
      'Costs 49.99 USD (incl. 19% tax), a+b=c; "quoted" - dashed',
      "_not_ plain",
      "snake_case_ and _x",
      "see www.example.com",
      "see https://example.com",
      "ask a@example.com",
      "1. list",
      "- list",
      "+ list",
      "# head",
      "a\n===",
      "    code",
      "trailing  ",
      "&amp;",
      "a ~b~ c",
      "a\\*b",
      "x",
    ]) {
      expect(toParts({ text }, "native")[0].text, text).toBe(parsed(text));
    }
  });

  it("are one message where one is enough", () => {
    expect(toParts({ text: `${"a ".repeat(1_700)}\n\nb` }, "native")).toHaveLength(1);
  });

  it("carry sources, buttons and feedback below the last part", () => {
    const parts = toParts({ text: huge.repeat(2), sources: [{ title: "A" }], feedback: "t1" }, "native");
    const kinds = parts.map((part) => part.blocks.map((block) => block.type));
    expect(kinds.at(-1)?.slice(-2)).toEqual(["context", "context_actions"]);
    for (const earlier of kinds.slice(0, -1)) expect(earlier).not.toContain("context");
  });

  it("say in whose name they are", () => {
    expect(toParts({ text: "I am on it.", as: "Maya" }, "native")[0].text).toBe("*Maya:* I am on it.");
    expect(toParts({ text: "- one", as: "Maya" }, "native")[0].text).toBe("*Maya:*\n\n• one");
    expect(toParts({ text: "x", as: "*_<!here>_*" }, "native")[0].text).not.toContain("<!");
  });

  it("give feedback's turn back, with either kind of buttons", () => {
    const values = (style: "native" | "plain") =>
      toParts({ text: "x", feedback: "turn_1" }, style)[0].blocks.flatMap((block) =>
        elementsOf([block]).flatMap((element) => {
          const value = (button: unknown) => (button as Json | undefined)?.value;
          return [element.value, value(element.positive_button), value(element.negative_button)].filter(
            Boolean,
          );
        }),
      );
    expect(values("native")).toEqual(["up turn_1", "down turn_1"]);
    expect(values("plain")).toEqual(["up turn_1", "down turn_1"]);
  });

  it("make modals and home pages that Slack takes", () => {
    const returns = JSON.stringify({ name: "deny" });
    const modal = askModal({ title: "T".repeat(80), label: hostile }, returns);
    expect(faultsOfView(modal as unknown as Json)).toEqual([]);
    for (const post of Object.values(posts))
      expect(faultsOfView(homeView(post) as unknown as Json)).toEqual([]);
  });
});
