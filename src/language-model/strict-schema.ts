/**
 * Whether a JSON Schema keeps to what `strict` structured output demands: every object closed, every property required.
 * Servers refuse a request that asks for `strict` with any other schema.
 */
export function isStrictSchema(schema: unknown): boolean {
  if (!schema || typeof schema !== "object") return true;
  if (Array.isArray(schema)) return schema.every(isStrictSchema);
  const { properties, additionalProperties, required } = schema as Record<string, unknown>;
  if (properties || (schema as Record<string, unknown>).type === "object") {
    const names = Object.keys(properties ?? {});
    const all = Array.isArray(required) && names.every((name) => required.includes(name));
    if (additionalProperties !== false || (names.length > 0 && !all)) return false;
  }
  return Object.values(schema).every(isStrictSchema);
}
