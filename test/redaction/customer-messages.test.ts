import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { redact } from "../../src/redaction/redact.ts";

const shared = process.env.DESKHAND_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const messages = join(shared, "bench/load/messages.jsonl");

describe.skipIf(!existsSync(messages))(`what customers write (${messages})`, () => {
  it("is hardly ever touched", () => {
    const texts = readFileSync(messages, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
    const touched = texts.map((text) => redact(text)).filter(({ found }) => found.length > 0);
    console.info(`${touched.length} of ${texts.length} messages are touched`, touched);
    expect(texts.length).toBeGreaterThan(1000);
    expect(touched.length / texts.length).toBeLessThan(0.001);
  });
});
