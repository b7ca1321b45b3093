import { describe, expect, it } from "vitest";
import { DeskError } from "../src/errors.ts";
import { createLog, type Fields, type LogLevel } from "../src/log.ts";

function logged(write: (log: ReturnType<typeof createLog>) => void, level: LogLevel = "info"): Fields[] {
  const lines: Fields[] = [];
  write(createLog(level, { write: (line: string) => void lines.push(JSON.parse(line) as Fields) }));
  return lines;
}

describe("a line of the log", () => {
  it("is an event with its fields, as they are", () => {
    const fields = {
      thread: "discord:1290000000000000000:1439999999999999999",
      message: "slack:T1:C1:1712345678.123456",
      turn: "t_01JD9ZK3Q8X",
      ms: 1200,
      at: 1_795_000_000_000,
      platforms: ["slack", "http"],
      nothing: undefined,
    };
    const [line] = logged((log) => log.info("turn.ended", fields));
    const { nothing: _nothing, ...kept } = fields;
    expect(line).toEqual({ level: "info", time: expect.any(String), event: "turn.ended", ...kept });
  });

  it("says of an error its code, its remedy, and what its causes say", () => {
    const cause = new Error("connect ECONNREFUSED 127.0.0.1:4444");
    const error = new DeskError("platform_unavailable", "Slack cannot be reached", { cause });
    const [line] = logged((log) => log.warn("send.retried", { error }));
    expect(line?.error).toEqual({
      code: "platform_unavailable",
      fault: "Slack cannot be reached",
      remedy: error.remedy,
      causes: ["connect ECONNREFUSED 127.0.0.1:4444"],
    });
  });

  it("keeps the stack of what nobody expected", () => {
    const [line] = logged((log) => log.error("http.broke", { error: new TypeError("x is undefined") }));
    expect(line?.error).toMatchObject({
      fault: "x is undefined",
      stack: expect.stringContaining("log.test"),
    });
    expect(JSON.stringify(line)).not.toContain("[removed");
  });
});

describe("what must not be in a log", () => {
  const card = "4111 1111 1111 1111";
  const key = ["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc"].join("_");
  const secrets = [card, key, "zoe.private@mail.example", "DE89370400440532013000"];
  const places: [string, (text: string) => Fields][] = [
    ["a field", (text) => ({ text })],
    ["a field of a field", (text) => ({ call: { arguments: [{ note: text }] } })],
    ["an error's message", (text) => ({ error: new Error(`refused: ${text}`) })],
    ["an error by another name", (text) => ({ reason: new Error(`refused: ${text}`) })],
    ["a cause", (text) => ({ error: new DeskError("tool_failed", "it broke", { cause: new Error(text) }) })],
    ["what was thrown and is no error", (text) => ({ error: `550 no such user <${text}>` })],
  ];

  it.each(places)("is taken out of %s, at every level", (_place, fieldsWith) => {
    for (const secret of secrets) {
      const lines = logged((log) => {
        log.debug("one", fieldsWith(secret));
        log.error("two", fieldsWith(secret));
        log.with(fieldsWith(secret)).info("three");
      }, "debug");
      expect(lines).toHaveLength(3);
      for (const line of lines) {
        const text = JSON.stringify(line);
        expect(text).not.toContain(secret);
        expect(text).toContain("[removed: ");
      }
    }
  });

  it("is a value under a secret's name, whatever it looks like", () => {
    const [line] = logged((log) => log.info("x", { botToken: "plain", nested: { password: "hunter" } }));
    expect(line).toMatchObject({ botToken: "[removed: secret]", nested: { password: "[removed: secret]" } });
  });

  it("is no package's version and no path in a stack", () => {
    const stack = "at f (/app/node_modules/.pnpm/hono@4.1.2/node_modules/@hono/node-server/x.js:1:2)";
    const [line] = logged((log) => log.info("x", { stack }));
    expect(line?.stack).toBe(stack);
  });
});
