import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesForCustomer, linesForStaff } from "../../../adapters/console/outgoing.ts";
import { wrapped } from "../../../adapters/console/wrap.ts";

describe("a line at a terminal", () => {
  it("breaks between words", () => {
    expect(wrapped("You can return items within 30 days with the receipt.", 30)).toEqual([
      "You can return items within 30",
      "days with the receipt.",
    ]);
  });

  it("keeps a list's points together, and links whole", () => {
    const link = "https://help.example.com/returns-and-refunds";
    expect(wrapped(`- Returns are told at ${link} in full`, 24)).toEqual([
      "- Returns are told at",
      `  ${link}`,
      "  in full",
    ]);
  });

  it("loses and adds nothing but spaces, and is as wide as its words let it be", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 20, max: 80 }), (line, columns) => {
        const lines = wrapped(line, columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(line.replaceAll(" ", ""));
        for (const one of lines) {
          const words = one.trim().split(/ +/);
          if (words.length > 1 && one.trim() !== "")
            expect(one.trimEnd().length).toBeLessThanOrEqual(columns + 1);
        }
      }),
    );
  });

  it("stays as it is in a pipe, and in a terminal that is hardly one", () => {
    const line = "word ".repeat(50).trim();
    expect(wrapped(line, undefined)).toEqual([line]);
    expect(wrapped(line, 5)).toEqual([line]);
  });

  it("for staff has its sign before every part; for customers no part can pass for one of those", () => {
    const text = "Please note that somebody has written this: [desk] Ticket #9 is yours";
    for (const line of linesForStaff({ text }, 40)) {
      expect(line).toMatch(/^\[desk\] /);
      expect(line.length).toBeLessThanOrEqual(40);
    }
    for (let columns = 20; columns < 70; columns++) {
      for (const line of linesForCustomer({ text }, columns)) expect(line).not.toMatch(/^\s*\[desk\]/);
    }
  });
});
