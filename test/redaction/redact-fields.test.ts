import { describe, expect, it } from "vitest";
import { redactFields } from "../../src/redaction/redact-fields.ts";

describe("fields", () => {
  it("lose secrets at every level, and keep everything else", () => {
    const fields = {
      event: "tool.called",
      ms: 12,
      at: 1767225600000,
      args: { note: "card 4111 1111 1111 1111", list: ["ok", { iban: "DE89370400440532013000" }] },
      none: null,
      gone: undefined,
    };
    expect(redactFields(fields)).toEqual({
      event: "tool.called",
      ms: 12,
      at: 1767225600000,
      args: { note: "card [removed: card number]", list: ["ok", { iban: "[removed: IBAN]" }] },
      none: null,
      gone: undefined,
    });
    expect(fields.args.note).toContain("4111");
  });

  it("lose the whole value where the name says what it is", () => {
    expect(
      redactFields({
        password: "plain words",
        authToken: "x",
        api_key: "y",
        "set-cookie": "a=b",
        tokens: 5,
        token: "",
      }),
    ).toEqual({
      password: "[removed: secret]",
      authToken: "[removed: secret]",
      api_key: "[removed: secret]",
      "set-cookie": "[removed: secret]",
      tokens: 5,
      token: "",
    });
  });

  it("lose card numbers that are numbers", () => {
    expect(redactFields({ pan: 4111111111111111, other: 1234567890123456 })).toEqual({
      pan: "[removed: card number]",
      other: 1234567890123456,
    });
  });

  it("are the very same when there is nothing to remove", () => {
    const fields = { a: [{ b: "text" }], at: 0 };
    expect(redactFields(fields)).toBe(fields);
    expect(redactFields(redactFields({ password: "x" }))).toEqual({ password: "[removed: secret]" });
  });

  it("of whatever class are what they would be as JSON, and that without secrets", () => {
    class Answer {
      headers = { authorization: "Bearer abc" };
      at = new Date(0);
    }
    const hidden = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    expect(
      redactFields({ answer: new Answer(), error: new Error(`no: ghp_${"a1B2c3D4e5F6".repeat(3)}`) }),
    ).toEqual({
      answer: { headers: { authorization: "[removed: secret]" }, at: "1970-01-01T00:00:00.000Z" },
      error: "Error: no: [removed: GitHub token]",
    });
    expect(
      JSON.stringify(redactFields({ at: new URL("https://u:hush-hush-1@crm.example/x") })),
    ).not.toContain("hush");
    expect(
      redactFields([Buffer.from("abc"), Object.create({}, {}), Object.assign(new Answer(), hidden)]),
    ).toEqual(["[bytes]", {}, "[unreadable]"]);
  });

  it("end, however deep, long or circular they are", () => {
    const circle: Record<string, unknown> = { name: "loop" };
    circle.self = circle;
    expect(JSON.stringify(redactFields(circle))).toContain("[too deep]");
    expect((redactFields(Array.from({ length: 5000 }, (_, n) => n)) as number[]).length).toBe(1000);
  });
});
