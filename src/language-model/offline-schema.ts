/** JSON Schema as far as tools use it: what properties there are, and whether a value fits. Pure. */

export type Schema = Readonly<Record<string, unknown>>;

export interface Property {
  name: string;
  /** Without the `null` branch, where there is one. */
  schema: Schema;
  required: boolean;
}

/** The properties of an object schema, the required ones first, otherwise as written. */
export function propertiesOf(input: Schema): Property[] {
  const required = new Set(Array.isArray(input.required) ? input.required : []);
  const properties = Object.entries(asSchema(input.properties) ?? {}).map(
    ([name, schema]): Property => ({
      name,
      schema: branchOf(asSchema(schema) ?? {}),
      required: required.has(name),
    }),
  );
  return [...properties.filter((one) => one.required), ...properties.filter((one) => !one.required)];
}

export function asSchema(value: unknown): Schema | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
}

/** A choice between something and null is that something; of several, the first. */
function branchOf(schema: Schema): Schema {
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray);
  const branch = choices?.map(asSchema).find((one) => one && one.type !== "null");
  if (branch) return branchOf({ ...schema, anyOf: undefined, oneOf: undefined, ...branch });
  if (Array.isArray(schema.type)) return { ...schema, type: schema.type.find((one) => one !== "null") };
  return schema;
}

/** The values a schema allows, where it lists them. */
export function choicesOf(schema: Schema): readonly unknown[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum;
  return "const" in schema ? [schema.const] : undefined;
}

/** A pattern as JSON Schema means it; undefined when it cannot be read. */
export function patternOf(schema: Schema): RegExp | undefined {
  if (typeof schema.pattern !== "string") return undefined;
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(schema.pattern, flags);
    } catch {}
  }
  return undefined;
}

/** Whether a value fits: types, choices, lengths, patterns, bounds, required and unknown properties. What it cannot judge does not fit. */
export function fits(schema: Schema, value: unknown): boolean {
  if ("$ref" in schema) return false;
  if (
    [schema.anyOf, schema.oneOf].some(
      (list) => Array.isArray(list) && !list.some((one) => fitsOne(one, value)),
    )
  )
    return false;
  if (Array.isArray(schema.allOf) && !schema.allOf.every((one) => fitsOne(one, value))) return false;
  if (asSchema(schema.not) && fitsOne(schema.not, value)) return false;
  const choices = choicesOf(schema);
  if (choices && !choices.includes(value)) return false;
  const types = Array.isArray(schema.type) ? schema.type : schema.type === undefined ? [] : [schema.type];
  if (types.length > 0 && !types.some((type) => isOf(type, value))) return false;
  if (typeof value === "string") return fitsText(schema, value);
  if (typeof value === "number") return fitsNumber(schema, value);
  if (Array.isArray(value)) return fitsList(schema, value);
  const object = asSchema(value);
  return object ? fitsObject(schema, object) : true;
}

function fitsOne(schema: unknown, value: unknown): boolean {
  const known = asSchema(schema);
  return known ? fits(known, value) : schema === true;
}

function isOf(type: unknown, value: unknown): boolean {
  switch (type) {
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return asSchema(value) !== undefined;
    case "null":
      return value === null;
    default:
      return false;
  }
}

function fitsText(schema: Schema, value: string): boolean {
  const length = [...value].length;
  if (typeof schema.minLength === "number" && length < schema.minLength) return false;
  if (typeof schema.maxLength === "number" && length > schema.maxLength) return false;
  if (schema.pattern !== undefined && !patternOf(schema)?.test(value)) return false;
  if (schema.format === "email") return /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(value);
  if (schema.format === "date") return /^\d{4}-\d{2}-\d{2}$/.test(value);
  return true;
}

function fitsNumber(schema: Schema, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === "number" && value < minimum) return false;
  if (typeof maximum === "number" && value > maximum) return false;
  if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum) return false;
  if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum) return false;
  return typeof multipleOf === "number"
    ? Math.abs(value / multipleOf - Math.round(value / multipleOf)) < 1e-9
    : true;
}

function fitsList(schema: Schema, value: readonly unknown[]): boolean {
  if (typeof schema.minItems === "number" && value.length < schema.minItems) return false;
  if (typeof schema.maxItems === "number" && value.length > schema.maxItems) return false;
  return schema.items === undefined || value.every((one) => fitsOne(schema.items, one));
}

function fitsObject(schema: Schema, value: Schema): boolean {
  const properties = asSchema(schema.properties) ?? {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  if (!required.every((name) => typeof name === "string" && Object.hasOwn(value, name))) return false;
  return Object.entries(value).every(([name, one]) =>
    Object.hasOwn(properties, name) ? fitsOne(properties[name], one) : schema.additionalProperties !== false,
  );
}
