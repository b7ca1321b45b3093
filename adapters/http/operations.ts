/** What the HTTP API does, path by path: the server serves exactly these, and the OpenAPI document lists them. */
import type { z } from "zod";
import type { ProblemName } from "./problems.ts";
import { answer, chatRequest, conversation, health, readiness, resetAnswer } from "./schemas.ts";

export type OperationId = "chat" | "conversation" | "reset" | "openapi" | "healthz" | "readyz" | "metrics";

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description: string;
  schema: Readonly<Record<string, unknown>>;
}

export interface Operation {
  id: OperationId;
  method: "get" | "post";
  /** `{id}` stands for one step. */
  path: string;
  summary: string;
  /** `customer`: an API key, and the customer's token where somebody is verified. */
  needs: "customer" | "key_off_loopback" | "nothing";
  parameters?: readonly Parameter[];
  body?: z.ZodType;
  /** By status: what is answered; a schema, or a text's media type with what it holds. */
  answers: Readonly<
    Record<number, { description: string; schema?: z.ZodType; text?: string; events?: string }>
  >;
  problems: readonly ProblemName[];
}

const session: Parameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The session's id.",
  schema: { type: "string" },
};

/** What any request may be answered. */
const always: readonly ProblemName[] = ["invalid-request", "wrong-host", "internal-error"];
const ofCustomer: readonly ProblemName[] = [
  ...always,
  "key-required",
  "customer-token-invalid",
  "unknown-session",
  "too-many-requests",
  "not-taken",
];

const events = [
  "`session` { session_id }, first",
  "`text` { text }: to be appended to what is shown",
  "`replace` { text }: stands for all that was shown before",
  "`step` { id, title, state }: what the agent is doing; state is running, done or failed",
  "`message` Message: said in between, by staff or as a notice",
  "`done` Answer: the last; all text together is its `response`",
  "`error` Problem: the last, instead of `done`",
].join("; ");

export const operations: readonly Operation[] = [
  {
    id: "chat",
    method: "post",
    path: "/chat",
    summary: "Writes to the desk as the customer, or answers a confirmation, and waits for the reply.",
    needs: "customer",
    parameters: [
      {
        name: "Idempotency-Key",
        in: "header",
        description: "A request that is sent again with the same key is taken once and gets the same answer.",
        schema: { type: "string", minLength: 1, maxLength: 255 },
      },
    ],
    body: chatRequest,
    answers: {
      200: {
        description: "The reply. With `Accept: text/event-stream`, events while it is written.",
        schema: answer,
        events,
      },
      202: { description: "Taken; no reply of the bot is under way.", schema: answer },
    },
    problems: [
      ...ofCustomer,
      "request-too-slow",
      "already-taken",
      "body-too-large",
      "not-json",
      "idempotency-key-reused",
      "stopping",
      "interrupted",
      "reply-timeout",
    ],
  },
  {
    id: "conversation",
    method: "get",
    path: "/conversation/{id}",
    summary: "A session's state and its newest messages, staff's words among them.",
    needs: "customer",
    parameters: [
      session,
      {
        name: "limit",
        in: "query",
        description: "How many messages.",
        schema: { type: "integer", minimum: 0 },
      },
    ],
    answers: { 200: { description: "The conversation.", schema: conversation } },
    problems: ofCustomer,
  },
  {
    id: "reset",
    method: "post",
    path: "/conversation/{id}/reset",
    summary: "Begins the conversation anew under the same id.",
    needs: "customer",
    parameters: [session],
    answers: { 200: { description: "Begun anew.", schema: resetAnswer } },
    problems: [...ofCustomer, "with-staff", "stopping"],
  },
  {
    id: "openapi",
    method: "get",
    path: "/openapi.json",
    summary: "This document.",
    needs: "nothing",
    answers: { 200: { description: "OpenAPI 3.1.", text: "application/json" } },
    problems: always,
  },
  {
    id: "healthz",
    method: "get",
    path: "/healthz",
    summary: "Answers while the process runs.",
    needs: "nothing",
    answers: { 200: { description: "Alive.", schema: health } },
    problems: always,
  },
  {
    id: "readyz",
    method: "get",
    path: "/readyz",
    summary: "Whether the desk takes messages.",
    needs: "nothing",
    answers: { 200: { description: "Ready.", schema: readiness } },
    problems: [...always, "not-ready"],
  },
  {
    id: "metrics",
    method: "get",
    path: "/metrics",
    summary: "Figures for Prometheus, without personal data.",
    needs: "key_off_loopback",
    answers: { 200: { description: "Text format 0.0.4.", text: "text/plain" } },
    problems: [...always, "key-required"],
  },
];
