/** The OpenAPI 3.1 document, made of the operations that are served and the schemas that requests are checked with. */
import { z } from "zod";
import { type Operation, operations } from "./operations.ts";
import { type ProblemName, problemMediaType, problems } from "./problems.ts";
import { problem, schemas } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

const pathTo = (id: string): string => `#/components/schemas/${id}`;

/** @param keyed whether API keys are configured */
export function openApiDocument(keyed: boolean): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: described(operation, keyed) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Deskhand",
      version: "1",
      description: "Conversations of customers with a support desk. Every error is application/problem+json.",
    },
    paths,
    components: {
      schemas: schemasByName(),
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key of the desk." },
        customer: {
          type: "apiKey",
          in: "header",
          name: "Deskhand-Customer",
          description:
            "A JWT (HS256) that names the verified customer: `sub`, `exp`. Without it nobody is verified.",
        },
      },
    },
  };
}

function described(operation: Operation, keyed: boolean): Json {
  const { id, summary, parameters, body } = operation;
  return {
    operationId: id,
    summary,
    security: securityOf(operation, keyed),
    ...(parameters ? { parameters } : {}),
    ...(body
      ? { requestBody: { required: true, content: { "application/json": { schema: ref(body) } } } }
      : {}),
    responses: { ...answersOf(operation), ...problemsOf(operation.problems) },
  };
}

/** A list of ways, each of them enough. */
function securityOf({ needs }: Operation, keyed: boolean): Json[] {
  const key = keyed ? { key: [] } : {};
  switch (needs) {
    case "customer":
      return [key, { ...key, customer: [] }];
    case "key_off_loopback":
      return keyed ? [{}, key] : [{}];
    case "nothing":
      return [{}];
  }
}

function answersOf({ answers }: Operation): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, text, events }]) => [
      status,
      {
        description,
        content: {
          ...(schema ? { "application/json": { schema: ref(schema) } } : {}),
          ...(text ? { [text]: {} } : {}),
          ...(events ? { "text/event-stream": { schema: { type: "string", description: events } } } : {}),
        },
      },
    ]),
  );
}

/** One entry for each status, which may stand for several problems. */
function problemsOf(names: readonly ProblemName[]): Json {
  const byStatus = new Map<number, ProblemName[]>();
  for (const name of names) {
    const { status } = problems[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those.map((name) => `\`${name}\`: ${problems[name].title}`).join(" "),
        content: { [problemMediaType]: { schema: ref(problem) } },
      },
    ]),
  );
}

function ref(schema: z.ZodType): Json {
  return { $ref: pathTo(schemas.get(schema)?.id ?? "") };
}

function schemasByName(): Json {
  // `input`: answers may gain members, so the document does not forbid others.
  const made = z.toJSONSchema(schemas, { uri: pathTo, io: "input" }).schemas;
  return Object.fromEntries(
    Object.entries(made).map(([name, schema]) => {
      const { $schema: _schema, $id: _id, ...rest } = schema;
      return [name, rest];
    }),
  );
}
