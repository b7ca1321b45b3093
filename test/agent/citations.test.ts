import { describe, expect, it } from "vitest";
import { citedIn, withSources } from "../../src/agent/citations.ts";
import type { Passage } from "../../src/knowledge-base.ts";

const passages = ["returns", "shipping"].map(
  (article): Passage => ({
    id: article,
    article,
    title: article,
    headings: [],
    text: "",
    audience: "public",
  }),
);

describe("citations", () => {
  it.each([
    ["Within 30 days [1, 2].", "Within 30 days [1][2].", 2],
    ["Within 30 days [2;1].", "Within 30 days [1][2].", 2],
    ["Within 30 days【1】.", "Within 30 days[1].", 1],
    ["Within 30 days【2†source】.", "Within 30 days[1].", 1],
    ["Within 30 days [^2].", "Within 30 days [1].", 1],
  ])("are understood in the ways that models write them: %s", (draft, text, sources) => {
    expect(citedIn(draft, passages.length)).toHaveLength(sources);
    const told = withSources(draft, passages);
    expect([told.text, told.sources]).toEqual([text, expect.objectContaining({ length: sources })]);
  });

  it.each(["The sizes are [4, 5].", "Send `[1, 2]` as the list."])("leave lists alone: %s", (draft) => {
    expect(withSources(draft, passages)).toEqual({ text: draft, sources: [] });
  });

  it.each(["【1】(tel:+19005550100)", "【1†source】: //elsewhere.example"])(
    "do not become links that nobody has reviewed: %s",
    (draft) => {
      expect(withSources(draft, passages)).toEqual({ text: draft, sources: [] });
    },
  );
});
