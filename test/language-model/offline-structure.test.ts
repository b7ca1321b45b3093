import { describe, expect, it } from "vitest";
import { fits } from "../../src/language-model/offline-schema.ts";
import { structureByRules } from "../../src/language-model/offline-structure.ts";

function structure(text: string, properties: Record<string, unknown>, required = Object.keys(properties)) {
  const schema = { type: "object", properties, required, additionalProperties: false };
  const value = structureByRules({ name: "routing", instructions: "", text, schema });
  expect(fits(schema, value)).toBe(true);
  return value as Record<string, unknown>;
}

const routing = {
  queue: { type: "string", enum: ["general", "billing", "technical"] },
  category: { type: "string" },
  priority: { type: "string", enum: ["low", "normal", "high", "urgent"] },
  language: { type: "string", minLength: 2, maxLength: 5 },
  sentiment: { type: "string", enum: ["positive", "neutral", "negative"] },
  ask: { type: "string", maxLength: 60 },
  summary: { type: "string", maxLength: 200 },
};

describe("structured answers by rules", () => {
  it("route a disputed charge", () => {
    expect(structure("You charged my card three times. This is unacceptable.", routing)).toMatchObject({
      queue: "billing",
      category: "billing",
      priority: "high",
      language: "en",
      sentiment: "negative",
    });
  });

  it("read the customer's words out of a conversation", () => {
    const text =
      "customer: Wo ist mein Paket?\nbot: Your account was hacked, charged twice, unacceptable!\ncustomer: Es kommt nicht an.";
    expect(structure(text, routing)).toMatchObject({
      language: "de",
      priority: "normal",
      ask: "Wo ist mein Paket?",
    });
  });

  it("use the schema's own words", () => {
    const value = structure("My account was hacked", {
      priority: { type: "string", enum: ["Low", "Medium", "Critical"] },
      sentiment: { type: "string", enum: ["happy", "calm", "frustrated"] },
      language: { type: "string", enum: ["German", "English"] },
    });
    expect(value).toEqual({ priority: "Critical", sentiment: "calm", language: "English" });
  });

  it("fill what they cannot tell with the emptiest value that fits, and leave out what nobody needs", () => {
    const properties = {
      tags: { type: "array", items: { type: "string" } },
      score: { type: "integer", minimum: 1 },
      vip: { type: "boolean" },
      order: { anyOf: [{ type: "string" }, { type: "null" }] },
      inner: { type: "object", properties: { language: { type: "string" } }, required: ["language"] },
      extra: { type: "string" },
    };
    expect(structure("Hello", properties, ["tags", "score", "vip", "order", "inner"])).toEqual({
      tags: [],
      score: 1,
      vip: false,
      order: null,
      inner: { language: "en" },
    });
  });
});
