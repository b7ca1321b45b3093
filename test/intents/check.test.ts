import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createClock } from "../../src/clock.ts";
import { type CheckParts, canonical, look, type Wish } from "../../src/intents/check.ts";
import { createLog } from "../../src/log.ts";
import { defineTool, type Preview, type Tool } from "../../src/tool.ts";

const parts: CheckParts = {
  ledger: {
    write: () => Promise.reject(new Error("a look writes nothing")),
    read: () => Promise.reject(new Error("a look reads no ledger")),
    close: async () => {},
  },
  ruleOf: () => ({ confirm: "customer", money: undefined, approvers: ["staff"] }),
  toolTimeoutMs: 30,
  clock: createClock(),
  log: createLog("silent"),
};

const shown: Preview = { ok: true, subject: "o", text: "Do it", facts: { a: 1, b: 2 } };

function wish(change: Partial<Wish> & { preview?: () => Preview | Promise<Preview> } = {}): Wish {
  const { preview = () => shown, ...rest } = change;
  const tool: Tool = defineTool({
    name: "act",
    description: "Acts.",
    effect: "write",
    input: z.unknown(),
    preview,
    run: () => null,
  });
  const signal = new AbortController().signal;
  return { tool, input: { x: 1, y: [1, 2] }, customer: "c", thread: "room:t:c", said: [], signal, ...rest };
}

async function hash(of: Wish): Promise<string> {
  const seen = await look(parts, of);
  if (!seen.ok) throw new Error(seen.why);
  return seen.hash;
}

describe("what is confirmed", () => {
  it("is the same whatever the order of keys", async () => {
    expect(await hash(wish({ input: { y: [1, 2], x: 1, z: undefined } }))).toBe(await hash(wish()));
    const turned: Preview = { facts: { b: 2, a: 1 }, text: "Do it", ok: true, subject: "o" };
    expect(await hash(wish({ preview: () => turned }))).toBe(await hash(wish()));
  });

  it.each([
    ["input", wish({ input: { x: 2, y: [1, 2] } })],
    ["order within the input", wish({ input: { x: 1, y: [2, 1] } })],
    ["customer", wish({ customer: "d" })],
    ["thread", wish({ thread: "room:t:d" })],
    ["words", wish({ preview: () => ({ ...shown, text: "Do that" }) })],
    ["subject", wish({ preview: () => ({ ...shown, subject: "p" }) })],
    ["amount", wish({ preview: () => ({ ...shown, amount: { minor: 1, currency: "USD" } }) })],
    ["facts", wish({ preview: () => ({ ...shown, facts: { a: 1, b: 3 } }) })],
  ])("is another with another %s", async (_what, other) => {
    expect(await hash(other)).not.toBe(await hash(wish()));
  });

  it("tells numbers from their texts", () => {
    expect(canonical({ a: 1 })).not.toBe(canonical({ a: "1" }));
    expect(canonical(["a,b"])).not.toBe(canonical(["a", "b"]));
    expect(canonical({ a: null })).not.toBe(canonical({}));
  });
});

describe("a preview", () => {
  it("that says no gives its reason", async () => {
    expect(await look(parts, wish({ preview: () => ({ ok: false, reason: "too late" }) }))).toEqual({
      ok: false,
      why: "too late",
    });
  });

  it("that hangs is given up", async () => {
    const hanging = wish({ preview: () => new Promise<Preview>(() => {}) });
    await expect(look(parts, hanging)).rejects.toMatchObject({ code: "tool_timeout" });
  });
});
