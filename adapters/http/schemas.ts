/** What goes over the wire, once: requests are checked with these, and the OpenAPI document is made of them. */
import { z } from "zod";
import { Problem, type ProblemDetails } from "./problems.ts";

/** Its members are the names in the OpenAPI document. */
export const schemas = z.registry<{ id: string }>();

const named = <T extends z.ZodType>(id: string, schema: T): T => {
  schemas.add(schema, { id });
  return schema;
};

const sessionId = z
  .string()
  .min(1)
  .max(200)
  .describe("The session as an answer has named it; without it a new one is opened.");
const intentId = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,64}$/)
  .describe("The id of a confirmation.");
const time = z.iso.datetime().describe("ISO 8601, UTC.");

/** Beyond what a pattern that every reader of JSON Schema knows can say. */
const speaks = /[^\p{Cc}\p{Cs}\s]/u;

export const chatRequest = named(
  "ChatRequest",
  z
    .strictObject({
      session_id: sessionId.nullish(),
      message: z
        .string()
        .regex(/\S/, { error: "must say something", abort: true })
        .refine((text) => speaks.test(text), "must say something")
        .describe("What the customer writes; plain text.")
        .optional(),
      confirm: intentId.optional(),
      decline: intentId.optional(),
    })
    .meta({
      description:
        "Exactly one of `message`, `confirm` and `decline`; the latter two need the session in which was asked.",
      oneOf: [
        { required: ["message"] },
        { required: ["session_id", "confirm"] },
        { required: ["session_id", "decline"] },
      ],
    }),
);

const source = named("Source", z.object({ title: z.string(), url: z.string().optional() }));
const confirmation = named(
  "Confirmation",
  z.object({
    id: z.string().describe("To be sent back as `confirm` or `decline`."),
    text: z.string().describe("What would be done, in the store's own words: show exactly this."),
    expires_at: time,
  }),
);

const message = named(
  "Message",
  z.object({
    id: z.string().describe("The same id is the same message, wherever it is shown."),
    from: z.enum(["customer", "bot", "staff"]),
    name: z.string().optional().describe("Who of the staff wrote it."),
    text: z.string().describe("CommonMark, except from the customer: plain text."),
    at: time,
    sources: z.array(source).optional(),
    confirmation: confirmation.optional(),
  }),
);

const turns = z.int().min(0);
const agent = z.string().nullable().describe("The specialist in charge; null before the first turn.");
const ticket = z.int().min(1).describe("The ticket that is open for this conversation.");

export const answer = named(
  "Answer",
  z.object({
    session_id: z.string(),
    status: z
      .enum(["answered", "with_staff", "no_reply"])
      .describe(
        "`with_staff`: the message has reached the people who have this conversation; they answer when they can. `no_reply`: taken, and no reply is under way. What is said later is found in the conversation.",
      ),
    response: z.string().nullable().describe("The reply, in CommonMark; null unless `answered`."),
    reply_id: z.string().nullable().describe("The reply's id in the conversation's messages."),
    agent,
    turn: turns.describe("Which turn of this conversation it was, from 1."),
    sources: z.array(source).optional(),
    ticket: ticket.optional(),
    confirmation: confirmation.optional(),
    messages: z
      .array(message)
      .optional()
      .describe("What else was said while the request was open: by staff, or notices."),
  }),
);

export const conversation = named(
  "Conversation",
  z.object({
    session_id: z.string(),
    customer_id: z.string().nullable().describe("null: nobody is verified here."),
    current_agent: agent,
    total_turns: turns,
    history_items: z.int().min(0).describe("What was said and what tools answered."),
    with_staff: z.boolean().describe("A person has this conversation, or has been asked for."),
    ticket: ticket.optional(),
    messages: z.array(message).describe("The newest, oldest first."),
  }),
);

export const resetAnswer = named("Reset", z.object({ status: z.literal("reset"), session_id: z.string() }));

export const health = named("Health", z.object({ status: z.literal("alive") }));
export const readiness = named(
  "Readiness",
  z.object({
    status: z.literal("ready"),
    checks: z.record(z.string(), z.boolean()).optional(),
  }),
);

export const problem = named(
  "Problem",
  z
    .object({
      type: z.string().describe("`urn:deskhand:problem:NAME`"),
      title: z.string(),
      status: z.int(),
      detail: z.string().optional(),
      errors: z
        .array(z.object({ pointer: z.string(), detail: z.string() }))
        .optional()
        .describe("What in the body is wrong, as JSON pointers."),
      session_id: z.string().optional().describe("Where the message is kept, and its reply will be found."),
      checks: z.record(z.string(), z.boolean()).optional(),
    })
    .meta({ description: "RFC 9457." }),
);

export type Answer = z.infer<typeof answer>;
export type MessageOut = z.infer<typeof message>;
export type Conversation = z.infer<typeof conversation>;

/** What a customer wants of the desk. */
export type Wish =
  | { does: "say"; text: string }
  | { does: "confirm"; intent: string }
  | { does: "decline"; intent: string };

export interface Asked {
  session: string | undefined;
  wish: Wish;
}

/** @throws Problem invalid-request */
export function askedOf(body: unknown): Asked {
  const read = chatRequest.safeParse(body);
  if (!read.success) throw new Problem("invalid-request", { errors: faultsOf(read.error.issues) });
  const { session_id, message: text, confirm, decline } = read.data;
  const wishes: Wish[] = [];
  if (text !== undefined) wishes.push({ does: "say", text });
  if (confirm !== undefined) wishes.push({ does: "confirm", intent: confirm });
  if (decline !== undefined) wishes.push({ does: "decline", intent: decline });
  const wish = wishes[0];
  if (!wish || wishes.length > 1) throw invalid("", "needs exactly one of message, confirm, decline");
  const session = session_id ?? undefined;
  if (wish.does !== "say" && session === undefined) {
    throw invalid("/session_id", "is needed to confirm or decline");
  }
  return { session, wish };
}

const faultsMax = 10;

const invalid = (pointer: string, detail: string): Problem =>
  new Problem("invalid-request", { errors: [{ pointer, detail }] });

function faultsOf(issues: readonly z.core.$ZodIssue[]): ProblemDetails["errors"] & object {
  return issues
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), detail: "is not known" }))
        : [{ pointer: pointerOf(issue.path), detail: issue.message }],
    )
    .slice(0, faultsMax);
}

/** RFC 6901. A hostile key is shortened, not repeated at length. */
function pointerOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) =>
    String(step)
      .slice(0, 60)
      .replace(/\p{Cs}/gu, "\uFFFD")
      .replaceAll("~", "~0")
      .replaceAll("/", "~1"),
  );
  return steps.map((step) => `/${step}`).join("");
}
