/** The customer's token (`Deskhand-Customer`): a JWT that the company's own server signs with HS256. */
import { verify } from "hono/jwt";
import { z } from "zod";
import type { Clock } from "../../src/clock.ts";

export interface TokenParts {
  /** Without it no token can be valid. */
  secret: string | undefined;
  bytesMax: number;
  /** How far the signer's clock may be ahead of ours. */
  skewMs: number;
  clock: Clock;
}

export interface TokenCustomer {
  id: string;
  /** A claim, for staff to read. */
  name: string | undefined;
  locale: string | undefined;
}

export type Checked = { ok: true; customer: TokenCustomer } | { ok: false; why: string };

/** Seconds since 1970. A time in milliseconds lies far beyond, and would be a token for ever. */
const time = z.number().positive().lt(1e11);
const idForm = /^[^\p{Cc}\p{Cs}]{1,200}$/u;
const claims = z.object({
  sub: z.string().regex(idForm),
  exp: time,
  nbf: time.optional(),
  iat: time.optional(),
  name: z.unknown().optional(),
  locale: z.unknown().optional(),
});

export async function checkToken(token: string, parts: TokenParts): Promise<Checked> {
  const { secret, clock } = parts;
  if (!secret) return refuse("This desk takes no customer tokens: HTTP_CUSTOMER_SECRET is not set.");
  if (Buffer.byteLength(token) > parts.bytesMax) return refuse("The token is too large.");
  let payload: unknown;
  try {
    // The algorithm is ours, never the token's; the times are checked below, by our own clock.
    payload = await verify(token, secret, { alg: "HS256", exp: false, nbf: false, iat: false });
  } catch {
    return refuse("The token is not a JWT signed by HS256 with this desk's secret.");
  }
  const read = claims.safeParse(payload);
  if (!read.success) {
    return refuse("The token needs sub (the customer's id) and exp; times are in seconds since 1970.");
  }
  const { sub, exp, nbf, iat, name, locale } = read.data;
  const now = clock.now();
  if (exp * 1000 <= now) return refuse("The token has expired.");
  if (Math.max(nbf ?? 0, iat ?? 0) * 1000 > now + parts.skewMs) return refuse("The token is not valid yet.");
  return { ok: true, customer: { id: sub, name: shortText(name), locale: localeOf(locale) } };
}

const refuse = (why: string): Checked => ({ ok: false, why });

function shortText(claim: unknown): string | undefined {
  if (typeof claim !== "string") return undefined;
  const text = claim.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, "").trim();
  return text === "" ? undefined : text.slice(0, 80);
}

function localeOf(claim: unknown): string | undefined {
  return typeof claim === "string" && /^[A-Za-z]{2,3}(-[0-9A-Za-z]{2,8}){0,3}$/.test(claim)
    ? claim
    : undefined;
}
