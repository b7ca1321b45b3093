import { describe, expect, it } from "vitest";
import { readCustomId, tagIn, tagOf } from "../../../adapters/discord/components.ts";
import { messagesOf } from "../../../adapters/discord/outgoing.ts";
import { codeOf } from "../../../src/errors.ts";
import type { Button, Card, Post } from "../../../src/platform.ts";

const only = (post: Post) => {
  const all = messagesOf(post, "o_1");
  expect(all).toHaveLength(1);
  return all[0]!.payload;
};
const hostile = "@everyone <@1> [x](https://evil.test) *b* `c` ".repeat(40);
const charactersOf = (embed: object) =>
  [...JSON.stringify(embed).matchAll(/"(?:title|description|name|value|text)":"((?:[^"\\]|\\.)*)"/g)]
    .map((match) => (JSON.parse(`"${match[1]}"`) as string).length)
    .reduce((sum, length) => sum + length, 0);

describe("a post as Discord's messages", () => {
  it("pings nobody and grows no preview, whatever it says", () => {
    const payload = only({ text: "hello @everyone <@80351110224678912>" });
    expect(payload.allowed_mentions).toEqual({ parse: [], replied_user: false });
    expect(payload.flags & 4).toBe(4);
  });

  it("names the person whose words it carries", () => {
    expect(only({ text: "Hello!", as: "Maya *x*" }).content).toBe("**Maya \\*x\\*:** Hello!");
    expect(only({ text: "- a\n- b", as: "Maya" }).content).toBe("**Maya:**\n\n- a\n- b");
  });

  it("shows sources as one small line", () => {
    const post = {
      text: "Ten days.",
      sources: [{ title: "Refunds", url: "https://docs.test/refunds" }, { title: "Terms_" }],
    };
    expect(only(post).content).toBe("Ten days.\n-# [Refunds](<https://docs.test/refunds>) · Terms\\_");
    const many = only({
      text: "x",
      sources: Array.from({ length: 200 }, (_, n) => ({ title: `Source ${n}` })),
    });
    expect(many.content).toMatch(/ \+\d+$/);
  });

  it("puts what is below a long text on its last message", () => {
    const text = Array.from({ length: 50 }, (_, n) => `Paragraph ${n} ${"word ".repeat(20)}`).join("\n\n");
    const all = messagesOf({ text, sources: [{ title: "S" }], feedback: "t_1" }, "o_1");
    expect(all.length).toBeGreaterThan(1);
    for (const { payload } of all) expect(payload.content.length).toBeLessThanOrEqual(2000);
    expect(all.map(({ payload }) => payload.components.length > 0)).toEqual(
      all.map((_, n) => n === all.length - 1),
    );
    expect(all.at(-1)?.payload.content).toContain("-# S");
  });

  it("is never empty", () => {
    expect(only({ text: "" }).content).toBe("\u200B");
    expect(only({ text: "<!-- -->", card: { title: "", facts: [], sections: [] } }).embeds).toHaveLength(1);
  });

  it("spreads files over messages of ten", () => {
    const files = Array.from({ length: 23 }, (_, n) => ({
      name: `${n}`,
      mediaType: "text/plain",
      bytes: 1,
      path: "/x",
    }));
    expect(messagesOf({ text: "see", files }, "o_1").map((one) => one.files.length)).toEqual([3, 10, 10]);
    expect(
      messagesOf({ text: "see", files: files.slice(0, 2) }, "o_1").map((one) => one.files.length),
    ).toEqual([2]);
  });
});

describe("a card", () => {
  it("shows its facts, sections and last line", () => {
    const payload = only({
      text: "Ticket #7: refund",
      card: {
        title: "Ticket #7",
        facts: [{ label: "Priority", value: "high" }],
        sections: [{ label: "Last words", text: "> I want my money **back**" }],
        footer: "Taken by Maya",
      },
    });
    expect(payload.content).toBe("Ticket #7: refund");
    expect(payload.flags).toBe(0);
    expect(payload.embeds).toEqual([
      {
        title: "Ticket #7",
        description: "**Last words**\n> I want my money **back**",
        fields: [{ name: "Priority", value: "high", inline: true }],
        footer: { text: "Taken by Maya" },
      },
    ]);
  });

  it("stays within the limits of an embed, however much is in it", () => {
    const card: Card = {
      title: hostile,
      facts: Array.from({ length: 40 }, () => ({ label: hostile, value: hostile })),
      sections: Array.from({ length: 30 }, () => ({ label: hostile, text: hostile })),
      footer: hostile,
    };
    const [embed] = only({ text: hostile, card }).embeds;
    expect(embed?.title?.length).toBeLessThanOrEqual(256);
    expect(embed?.description?.length).toBeLessThanOrEqual(4096);
    expect(embed?.fields?.length).toBeLessThanOrEqual(25);
    expect(charactersOf(embed as object)).toBeLessThanOrEqual(6000);
    expect(JSON.stringify(embed)).not.toMatch(/@everyone/);
  });
});

describe("buttons", () => {
  const button: Button = { label: "Take", action: "ticket.take", value: "7", style: "primary" };

  it("carry what a press needs in their custom id", () => {
    const payload = only({
      text: "x",
      buttons: [button, { ...button, label: "Deny", action: "deny", ask: { title: "t", label: "l" } }],
      feedback: "t_1",
    });
    const ids = payload.components[0]?.components.map((one) => ("custom_id" in one ? one.custom_id : ""));
    expect(ids?.map(readCustomId)).toEqual([
      { name: "ticket.take", value: "7", asks: false },
      { name: "deny", value: "7", asks: true },
      { name: "feedback", value: "up t_1", asks: false },
      { name: "feedback", value: "down t_1", asks: false },
    ]);
  });

  it("tell by which post they were made", () => {
    expect(tagIn(only({ text: "x", buttons: [button] }).components)).toBe(tagOf("o_1"));
    expect(tagIn(only({ text: "x" }).components)).toBeUndefined();
    expect(tagIn(undefined)).toBeUndefined();
  });

  it("hold 90 characters of action and value in Discord's 100", () => {
    const full = { label: "x", action: "a".repeat(20), value: "v|~".repeat(24).slice(0, 70) };
    const [row] = only({ text: "x", buttons: [full] }).components;
    const id = (row!.components[0] as { custom_id: string }).custom_id;
    expect(id.length).toBeLessThanOrEqual(100);
    expect(readCustomId(id)).toEqual({ name: full.action, value: full.value, asks: false });
  });

  it("are refused where they would not all be shown", () => {
    const many = Array.from({ length: 26 }, (_, n) => ({ ...button, value: String(n) }));
    for (const buttons of [many, [{ ...button, value: "x".repeat(95) }]]) {
      let code: unknown;
      try {
        messagesOf({ text: "x", buttons }, "o_1");
      } catch (error) {
        code = codeOf(error);
      }
      expect(code).toBe("platform_refused");
    }
  });

  it("become several lists where a menu has more than 25 options", () => {
    const options = Array.from({ length: 30 }, (_, n) => ({ label: `Person ${n}`, value: `p${n}` }));
    const { components } = only({ text: "x", menus: [{ label: "Transfer", action: "transfer", options }] });
    expect(components.map((row) => (row.components[0] as { options: unknown[] }).options.length)).toEqual([
      25, 5,
    ]);
    const ids = components.map((row) => (row.components[0] as { custom_id: string }).custom_id);
    expect(new Set(ids).size).toBe(2);
    expect(ids.map((id) => readCustomId(id)?.name)).toEqual(["transfer", "transfer"]);
  });

  it("are all shown where a menu is longer than a message can hold", () => {
    const options = Array.from({ length: 130 }, (_, n) => ({ label: `Queue ${n}`, value: `q${n}` }));
    const menus = [{ label: "Transfer", action: "transfer", options }];
    const { components } = only({ text: "x", menus, buttons: [button] });
    expect(components).toHaveLength(5);
    expect(components.at(-1)?.components[0]).toMatchObject({ label: button.label });
  });

  it("does not take another program's custom id for its own", () => {
    for (const id of ["", "take", "bx", "x|y~abcdef", "btake|7~abc"])
      expect(readCustomId(id)).toBeUndefined();
  });
});
