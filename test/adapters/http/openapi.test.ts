import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { operations } from "../../../adapters/http/operations.ts";
import { problems } from "../../../adapters/http/problems.ts";
import { ask, openDesk, type Reply, say, type TestDesk } from "./desk.ts";

type Json = Record<string, unknown>;

interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Json>; securitySchemes: Json };
}

interface Described {
  operationId: string;
  security: Json[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { description: string; content: Record<string, { schema?: Json }> }>;
}

let desk: TestDesk;
let document: Document;
beforeAll(async () => {
  desk = await openDesk({ limits: { closeGraceMs: 50 } });
  document = (await ask(desk, "/openapi.json")).body as unknown as Document;
});
afterAll(() => desk.close());

/** What the document says of a member, with its references resolved. */
function resolved(schema: Json): Json {
  const name = /^#\/components\/schemas\/(.+)$/.exec(String(schema.$ref))?.[1];
  return name ? (document.components.schemas[name] as Json) : schema;
}

/** As a schema of zod, made from the document alone. */
function readerOf(schema: Json): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")));
}

/** Members of an answer that the document does not name, as paths. */
function unnamed(value: unknown, schema: Json, path = ""): string[] {
  const { properties, items, additionalProperties } = resolved(schema) as {
    properties?: Record<string, Json>;
    items?: Json;
    additionalProperties?: Json;
  };
  if (Array.isArray(value)) return value.flatMap((one) => (items ? unnamed(one, items, `${path}[]`) : []));
  if (typeof value !== "object" || value === null || !properties || additionalProperties) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    properties[name] ? unnamed(inner, properties[name], `${path}/${name}`) : [`${path}/${name}`],
  );
}

function expectDocumented(path: string, method: string, reply: Reply): void {
  const operation = document.paths[path]?.[method];
  const type = (reply.headers.get("content-type") ?? "").split(";", 1)[0] as string;
  const response = operation?.responses[String(reply.status)];
  expect(response, `${method} ${path} ${reply.status}`).toBeDefined();
  const schema = response?.content[type]?.schema;
  expect(schema, `${method} ${path} ${reply.status} ${type}`).toBeDefined();
  expect(readerOf(schema as Json).safeParse(reply.body).error, `${method} ${path}`).toBeUndefined();
  expect(unnamed(reply.body, schema as Json)).toEqual([]);
  const kind = /^urn:deskhand:problem:(.+)$/.exec(String(reply.body.type))?.[1];
  if (kind) expect(response?.description).toContain(`\`${kind}\``);
}

describe("the OpenAPI document", () => {
  it("is OpenAPI 3.1, with every reference going somewhere", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.components.schemas).toSorted()).toEqual([
      "Answer",
      "ChatRequest",
      "Confirmation",
      "Conversation",
      "Health",
      "Message",
      "Problem",
      "Readiness",
      "Reset",
      "Source",
    ]);
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w*)"/g)) {
      expect(document.components.schemas).toHaveProperty(name as string);
    }
    expect(JSON.stringify(document)).not.toContain("$schema");
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((one) => one.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("names exactly the paths that are served", async () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.toSorted()).toEqual(
      operations.map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
    for (const { path, method } of operations) {
      const response = await fetch(desk.url + path.replace("{id}", "some"), { method: method.toUpperCase() });
      const body = await response.text();
      expect(body).not.toContain("unknown-path");
      expect(response.status).not.toBe(405);
      const params = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = document.paths[path]?.[method]?.parameters ?? [];
      expect(described.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(params);
    }
  });

  it("agrees with what is answered", async () => {
    desk.answering = async ({ aside }) => {
      await aside({ text: "One moment", as: "Maya" });
      return {
        text: "Shall I?",
        sources: [{ title: "Refunds", url: "https://example.com/" }],
        confirmation: { id: "in_1", text: "Refund", expiresAt: 1_900_000_000_000 },
      };
    };
    const first = await say(desk, "refund");
    const session = first.body.session_id;
    expectDocumented("/chat", "post", first);
    for (const kept of desk.store.threads.values()) kept.ticket = 3;
    expectDocumented("/conversation/{id}", "get", await ask(desk, `/conversation/${session}`));
    desk.answering = () => undefined;
    const unanswered = await say(desk, "hello?", session);
    expect(unanswered.status).toBe(202);
    expectDocumented("/chat", "post", unanswered);
    expectDocumented(
      "/conversation/{id}/reset",
      "post",
      await ask(desk, `/conversation/${session}/reset`, {}),
    );
    expectDocumented("/healthz", "get", await ask(desk, "/healthz"));
    expectDocumented("/readyz", "get", await ask(desk, "/readyz"));
    const figures = await fetch(`${desk.url}/metrics`);
    expect(document.paths["/metrics"]?.get?.responses["200"]?.content).toHaveProperty("text/plain");
    expect(figures.headers.get("content-type")).toContain("text/plain");
    await figures.text();
  });

  it("agrees with what is refused", async () => {
    const session = (await say(desk, "hello")).body.session_id;
    expectDocumented("/chat", "post", await ask(desk, "/chat", { mesage: "x" }));
    expectDocumented("/chat", "post", await say(desk, "x", "nobody's"));
    expectDocumented("/chat", "post", await ask(desk, "/chat", "x".repeat(70_000)));
    expectDocumented("/chat", "post", await say(desk, "x", session, { "deskhand-customer": "no" }));
    expectDocumented("/chat", "post", await say(desk, "x", session, { "content-type": "text/plain" }));
    expectDocumented("/conversation/{id}", "get", await ask(desk, "/conversation/nobody's"));
    expectDocumented("/conversation/{id}", "get", await ask(desk, `/conversation/${session}?limit=x`));
    await say(desk, "x", session, { "idempotency-key": "k" });
    expectDocumented("/chat", "post", await say(desk, "y", session, { "idempotency-key": "k" }));
    desk.refusals.push(new Error("no"));
    expectDocumented("/chat", "post", await say(desk, "x", session));
    for (const kept of desk.store.threads.values()) kept.withStaff = true;
    const reset = await ask(desk, `/conversation/${session}/reset`, {});
    expect(reset.status).toBe(409);
    expectDocumented("/conversation/{id}/reset", "post", reset);
  });

  it("takes as valid what the server takes, and nothing that it refuses", async () => {
    const schema = document.paths["/chat"]?.post?.requestBody?.content["application/json"]?.schema as Json;
    const { oneOf, ...rest } = resolved(schema) as Json & { oneOf: { required: string[] }[] };
    const reader = readerOf(rest);
    const isValid = (body: object) =>
      reader.safeParse(body).success &&
      oneOf.filter(({ required }) => required.every((name) => name in body)).length === 1;
    const session = (await say(desk, "hello")).body.session_id;
    const bodies: object[] = [
      { message: "hi" },
      { message: "hi", session_id: null },
      { message: "hi", session_id: session },
      { session_id: session, confirm: "in_1" },
      { session_id: session, decline: "in_1" },
      {},
      { message: "" },
      { message: "   " },
      { message: 1 },
      { message: "hi", more: 1 },
      { message: "hi", session_id: 1 },
      { session_id: session, confirm: "a b" },
      { session_id: session },
      { session_id: session, message: "hi", confirm: "in_1" },
      { confirm: "in_1" },
    ];
    for (const body of bodies) {
      const { status } = await ask(desk, "/chat", body);
      expect(isValid(body), JSON.stringify(body)).toBe(status !== 400);
    }
  });

  it("asks for a key where keys are configured", async () => {
    expect(document.paths["/chat"]?.post?.security).toEqual([{}, { customer: [] }]);
    const keyed = await openDesk({ config: { apiKeys: ["key"] }, limits: { closeGraceMs: 50 } });
    const other = (await ask(keyed, "/openapi.json")).body as unknown as Document;
    expect(other.paths["/chat"]?.post?.security).toEqual([{ key: [] }, { key: [], customer: [] }]);
    expect(other.paths["/healthz"]?.get?.security).toEqual([{}]);
    await keyed.close();
  });
});

describe("docs/http.md", () => {
  const text = readFileSync(fileURLToPath(new URL("../../../docs/http.md", import.meta.url)), "utf8");

  it("lists every problem with its status, and no other", () => {
    const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, name, status]) => [
      name,
      Number(status),
    ]);
    expect(listed).toEqual(Object.entries(problems).map(([name, { status }]) => [name, status]));
  });

  it("names every path and every member of an answer", () => {
    for (const { path, method } of operations) expect(text).toContain(`${method.toUpperCase()} ${path}`);
    for (const name of ["Answer", "Conversation", "Message", "ChatRequest"]) {
      const properties = document.components.schemas[name]?.properties as Json;
      for (const member of Object.keys(properties))
        expect(text, `${name}.${member}`).toContain(`\`${member}\``);
    }
  });
});
