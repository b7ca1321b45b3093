/** Discord's own description of its API, as a judge of what a bot sends: the parts of JSON Schema that it uses. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Call } from "./rest.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
}

interface Document {
  paths: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: Schema }>; required?: boolean } }>
  >;
  components: { schemas: Record<string, Schema> };
}

/** The folder with Discord's document: DESKHAND_SHARED, or `../shared` beside the checkout; undefined without one. */
export function openApiPath(): string | undefined {
  const folder = process.env.DESKHAND_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
  const path = join(folder, "schemas", "discord-openapi.json");
  return existsSync(path) ? path : undefined;
}

export function readOpenApi(path: string) {
  const document = JSON.parse(readFileSync(path, "utf8")) as Document;
  const routes = Object.keys(document.paths).map((template) => ({
    template,
    form: new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`),
    literal: template.split("/").filter((part) => !part.startsWith("{")).length,
  }));

  /** What Discord's document has against a call; empty: nothing. */
  function faultsOf(call: Call): string[] {
    const fitting = routes
      .filter((route) => route.form.test(call.path))
      .sort((a, b) => b.literal - a.literal);
    const operation = fitting
      .map((route) => document.paths[route.template]?.[call.method.toLowerCase()])
      .find((one) => one !== undefined);
    const what = `${call.method} ${call.path}`;
    if (!operation) return [`${what}: there is no such call`];
    const schema = operation.requestBody?.content["application/json"]?.schema;
    const empty = Object.keys(call.body).length === 0;
    if (!schema) return empty ? [] : [`${what}: takes no body`];
    if (empty && !operation.requestBody?.required && call.files.length === 0) return [];
    return check(schema, call.body, "body").map((fault) => `${what}: ${fault}`);
  }

  function resolve(schema: Schema): Schema {
    if (!schema.$ref) return schema;
    const name = schema.$ref.split("/").at(-1) ?? "";
    return document.components.schemas[name] ?? {};
  }

  function check(given: Schema, value: unknown, path: string, known?: Set<string>): string[] {
    const schema = resolve(given);
    const faults: string[] = [];
    for (const choice of [schema.oneOf, schema.anyOf]) {
      if (!choice) continue;
      const outcomes = choice.map((one) => check(one, value, path, known));
      if (!outcomes.some((one) => one.length === 0)) {
        const nearest = outcomes.reduce((a, b) => (b.length > 0 && b.length < a.length ? b : a));
        faults.push(...nearest.map((fault) => `${fault} (nearest of ${choice.length})`));
      }
    }
    const all = schema.allOf ?? [];
    if (all.length > 0) {
      const keys = new Set([...(known ?? []), ...Object.keys(schema.properties ?? {})]);
      for (const one of all) for (const key of Object.keys(resolve(one).properties ?? {})) keys.add(key);
      for (const one of all) faults.push(...check(one, value, path, keys));
    }
    return [...faults, ...checkSelf(schema, value, path, known)];
  }

  function checkSelf(schema: Schema, value: unknown, path: string, known?: Set<string>): string[] {
    const faults: string[] = [];
    const types = schema.type === undefined ? [] : [schema.type].flat();
    if (types.length > 0 && !types.some((type) => isOf(type, value))) {
      return [`${path} is ${typeOf(value)}, not ${types.join(" or ")}`];
    }
    if (schema.enum && !schema.enum.includes(value))
      faults.push(`${path} is none of ${schema.enum.join(", ")}`);
    if (schema.const !== undefined && schema.const !== value)
      faults.push(`${path} is not ${String(schema.const)}`);
    if (typeof value === "string") {
      const length = [...value].length;
      if (length > (schema.maxLength ?? Number.POSITIVE_INFINITY))
        faults.push(`${path} has ${length} characters`);
      if (length < (schema.minLength ?? 0)) faults.push(`${path} has only ${length} characters`);
      if (schema.pattern && !new RegExp(schema.pattern).test(value))
        faults.push(`${path} does not match ${schema.pattern}`);
    }
    if (typeof value === "number") {
      if (
        value > (schema.maximum ?? Number.POSITIVE_INFINITY) ||
        value < (schema.minimum ?? Number.NEGATIVE_INFINITY)
      ) {
        faults.push(`${path} is out of range`);
      }
    }
    if (Array.isArray(value)) {
      if (value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY))
        faults.push(`${path} has ${value.length} items`);
      if (value.length < (schema.minItems ?? 0)) faults.push(`${path} has only ${value.length} items`);
      for (const [n, item] of value.entries())
        if (schema.items) faults.push(...check(schema.items, item, `${path}[${n}]`));
    } else if (value !== null && typeof value === "object") {
      faults.push(...checkObject(schema, value as Record<string, unknown>, path, known));
    }
    return faults;
  }

  function checkObject(
    schema: Schema,
    value: Record<string, unknown>,
    path: string,
    known?: Set<string>,
  ): string[] {
    const faults = (schema.required ?? [])
      .filter((key) => !(key in value))
      .map((key) => `${path}.${key} is missing`);
    if (!schema.properties) return faults;
    for (const [key, item] of Object.entries(value)) {
      const property = schema.properties[key];
      if (property) faults.push(...check(property, item, `${path}.${key}`));
      else if (schema.additionalProperties === undefined && !known?.has(key))
        faults.push(`${path}.${key} is unknown`);
    }
    return faults;
  }

  return { faultsOf };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

const isOf = (type: string, value: unknown): boolean =>
  typeOf(value) === type || (type === "number" && typeof value === "number");
