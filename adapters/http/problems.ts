/** Every refusal of the HTTP API, as RFC 9457 has it. docs/http.md lists the same names; a test compares them. */

export const problems = {
  "invalid-request": { status: 400, title: "The request is not valid." },
  "key-required": { status: 401, title: "The request carries no valid API key." },
  "customer-token-invalid": { status: 401, title: "The customer's token is not valid." },
  "unknown-session": { status: 404, title: "There is no such session." },
  "unknown-path": { status: 404, title: "There is nothing at this path." },
  "method-not-allowed": { status: 405, title: "This path does not take this method." },
  "request-too-slow": { status: 408, title: "The request did not arrive in time." },
  "already-taken": { status: 409, title: "A request with this Idempotency-Key has been taken before." },
  "with-staff": { status: 409, title: "A person has this conversation." },
  "body-too-large": { status: 413, title: "The body is too large." },
  "not-json": { status: 415, title: "The body must be application/json." },
  "expectation-failed": { status: 417, title: "This Expect header cannot be met." },
  "wrong-host": { status: 421, title: "This server does not answer for that host." },
  "idempotency-key-reused": {
    status: 422,
    title: "This Idempotency-Key was sent with another request before.",
  },
  "too-many-requests": { status: 429, title: "Too many requests." },
  "headers-too-large": { status: 431, title: "The headers are too large." },
  "internal-error": { status: 500, title: "Something broke on our side." },
  "not-taken": { status: 503, title: "The request was not taken; send it again." },
  stopping: { status: 503, title: "The desk is stopping; nothing was taken." },
  interrupted: { status: 503, title: "The desk stopped before the reply; the message is kept." },
  "not-ready": { status: 503, title: "The desk is not ready." },
  "reply-timeout": {
    status: 504,
    title: "The reply takes longer than a request may wait; the message is kept.",
  },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problems;

export interface ProblemDetails {
  /** One sentence about this very case, without secrets and without what others wrote. */
  detail?: string;
  /** What in the body is wrong, as JSON pointers (RFC 6901). */
  errors?: { pointer: string; detail: string }[];
  /** The session in which the message is kept. */
  session_id?: string;
  checks?: Record<string, boolean>;
}

interface ProblemOptions extends ProblemDetails {
  retryAfterMs?: number;
  allow?: readonly string[];
}

export const problemMediaType = "application/problem+json";

/** Thrown where a request is refused; the server answers with it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly kind: ProblemName;
  readonly status: number;
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ProblemName, options: ProblemOptions = {}) {
    super(problems[kind].title);
    const { retryAfterMs, allow, ...details } = options;
    this.kind = kind;
    this.status = problems[kind].status;
    this.details = details;
    this.headers = {
      "content-type": problemMediaType,
      ...(retryAfterMs === undefined ? {} : { "retry-after": seconds(retryAfterMs) }),
      ...(allow ? { allow: allow.join(", ") } : {}),
      ...(this.status === 401 ? { "www-authenticate": challengeOf(kind) } : {}),
    };
  }
}

export function bodyOf({ kind, status, details }: Problem): Record<string, unknown> {
  return { type: `urn:deskhand:problem:${kind}`, title: problems[kind].title, status, ...details };
}

export function responseTo(problem: Problem): Response {
  return new Response(JSON.stringify(bodyOf(problem)), { status: problem.status, headers: problem.headers });
}

const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));

function challengeOf(kind: ProblemName): string {
  return kind === "customer-token-invalid" ? 'Deskhand-Customer realm="deskhand"' : 'Bearer realm="deskhand"';
}
