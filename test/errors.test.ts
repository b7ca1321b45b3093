import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DeskError, errors, faultOf } from "../src/errors.ts";

describe("the table of errors", () => {
  it("is in the docs, code by code, with the same remedies", () => {
    const docs = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
    const rows = [...docs.matchAll(/^\| `([a-z_]+)` \| (.*) \|$/gm)].map((match) => [
      match[1],
      match[2]?.replaceAll("\\|", "|"),
    ]);
    expect(rows).toEqual(Object.entries(errors));
  });

  it("gives an error its remedy and keeps its cause", () => {
    const cause = new Error("disk");
    const error = new DeskError("ledger_full", "nothing was written", { cause });
    expect(error.remedy).toBe(errors.ledger_full);
    expect(error.cause).toBe(cause);
  });

  it("puts any thrown value on one line", () => {
    expect(faultOf(new Error("a\n  b"))).toBe("a b");
    expect(faultOf("text")).toBe("text");
    expect(faultOf(undefined)).toBe("undefined");
  });
});
