/**
 * Who an account is, proved outside the model.
 *
 *   a tool needs the customer ─▶ offered ─ an address or id that is on file ─▶ code sent ─ the code ─▶ verified
 *
 * What the customer types on the way is read here, never by a model: the claim is looked up by the company, the code goes
 * to the address on file, and is good once, for ten minutes and five tries, for this account in this thread. Whether a
 * claim is on file is not told. What is under way lies in the memory; losing it means to begin again.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { audit } from "../ledger/audit.ts";
import { findIdentity, saveIdentity } from "../ledger/identities.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Store } from "../memory.ts";
import type { Person } from "../message.ts";
import type { ThreadId } from "../thread.ts";
import type { Identity } from "../tool.ts";
import type { Mailer } from "./mailer.ts";

export interface Customer {
  id: string;
  /** False when the proof is too old for writes. */
  fresh: boolean;
}

export interface VerificationParts {
  method: "email_code" | "directory_email" | "none";
  /** How long after a proof writes are allowed. */
  reverifyMs: number;
  identity: Identity | undefined;
  mailer: Mailer;
  company: string;
  ledger: Ledger;
  store: Store<UnderWay>;
  clock: Clock;
  log: Log;
}

/** A verification under way, by thread. */
export interface UnderWay {
  user: string;
  /** What the customer had asked when it was needed. */
  question: string;
  code?: { hash: string; customer: string; expiresAt: number; triesLeft: number };
  codesSent: number;
}

export type Heard =
  /** Say this; `keep` stands in the transcript for what the customer wrote. */
  | { does: "say"; text: string; keep: string }
  /** The customer is known now: go on with what they had asked. */
  | { does: "goOn"; customer: Customer; question: string; keep: string };

const codeMs = 10 * 60_000;
const offerMs = 30 * 60_000;
const triesMax = 5;
const codesMax = 3;
const email = /[^\s<>"'(),;]+@[^\s<>"'(),;]+\.[^\s<>"'(),;]+/;
const idLike = /\b(?=[\w-]*\d)[A-Za-z][\w-]{3,40}\b/g;
const sixDigits = /^\D{0,40}?\b(\d{3})[\s-]?(\d{3})\b\D{0,20}$/;

export type Verification = ReturnType<typeof createVerification>;

export function createVerification(parts: VerificationParts) {
  const { clock, log, ledger, store, identity } = parts;

  /** The customer behind an account: proved by the adapter, in the ledger, or by the directory where that is trusted. */
  async function customerOf(person: Person): Promise<Customer | undefined> {
    if (person.customer !== undefined) return { id: person.customer, fresh: true };
    const known = await ledger.read((tx) => findIdentity(tx, person.id));
    if (known && clock.now() - known.verifiedAt < parts.reverifyMs)
      return { id: known.customer, fresh: true };
    const found = await byDirectory(person);
    if (found) return found;
    return known && { id: known.customer, fresh: false };
  }

  async function byDirectory(person: Person): Promise<Customer | undefined> {
    if (parts.method !== "directory_email" || !identity || !person.directoryEmail || person.external)
      return undefined;
    const found = await identity.find(person.directoryEmail);
    if (found?.email.toLowerCase() !== person.directoryEmail.toLowerCase()) return undefined;
    await prove(person, found.id, "directory_email");
    return { id: found.id, fresh: true };
  }

  /** Whether a customer who is not known can become so. */
  const possible = (): boolean => parts.method === "email_code" && identity !== undefined;

  /** A tool needed the customer: from now on an address in this thread is a claim. False: it has been offered already. */
  async function offer(thread: ThreadId, person: Person, question: string): Promise<boolean> {
    if (!possible()) return false;
    const before = await underWay(thread, person);
    await store.set(thread, { ...(before ?? { user: person.id, codesSent: 0 }), question }, offerMs);
    return before === undefined;
  }

  /** What the customer wrote, when it belongs to a verification; undefined otherwise. */
  async function hear(thread: ThreadId, person: Person, text: string): Promise<Heard | undefined> {
    const state = await underWay(thread, person);
    if (!state) return undefined;
    const digits = sixDigits.exec(text.trim());
    if (state.code && digits) return tryCode(thread, person, state, `${digits[1]}${digits[2]}`);
    const address = email.exec(text)?.[0];
    if (address) return claim(thread, person, state, address, text);
    for (const id of text.match(idLike)?.slice(0, 3) ?? []) {
      if (await identity?.find(id)) return claim(thread, person, state, id, text);
    }
    return undefined;
  }

  async function claim(
    thread: ThreadId,
    person: Person,
    state: UnderWay,
    claimed: string,
    text: string,
  ): Promise<Heard> {
    if (state.codesSent >= codesMax) {
      return {
        does: "say",
        text: "I have sent enough codes for now. Say that you want a person, and a colleague will help you.",
        keep: text,
      };
    }
    const found = await identity?.find(claimed);
    const code = clock.code();
    const expiresAt = clock.now() + codeMs;
    const pending = { hash: hashOf(thread, code), customer: found?.id ?? "", expiresAt, triesLeft: triesMax };
    await store.set(thread, { ...state, code: pending, codesSent: state.codesSent + 1 }, codeMs);
    let where = "";
    if (found) where = await mailCode(person, found.email, code);
    log.info("identity.code_sent", { thread, user: person.id });
    return {
      does: "say",
      text: `If that is on file, a code is on its way to the address of that account. Please type the six digits here within ten minutes.${where}`,
      keep: text,
    };
  }

  /** @returns where the mail lies, for the person at the console */
  async function mailCode(person: Person, to: string, code: string): Promise<string> {
    try {
      const file = await parts.mailer.send({
        to,
        subject: `Your code for ${parts.company}`,
        text: `Your code is ${code}. It is good for ten minutes. If you have not asked for it, ignore this mail; nobody can use the code without it.`,
      });
      if (file) log.info("mail.written", { file });
      return file && person.id.startsWith("console:")
        ? ` (No mail server is configured; the mail is in ${file}.)`
        : "";
    } catch (error) {
      log.error("mail.failed", { error });
      return "";
    }
  }

  async function tryCode(thread: ThreadId, person: Person, state: UnderWay, digits: string): Promise<Heard> {
    const keep = "[verification code]";
    const { code } = state;
    if (!code || code.expiresAt <= clock.now()) {
      return {
        does: "say",
        text: "That code has expired. Type the address of your account again for a new one.",
        keep,
      };
    }
    const right = timingSafeEqual(Buffer.from(code.hash), Buffer.from(hashOf(thread, digits)));
    if (right && code.customer !== "") {
      await store.delete(thread);
      await prove(person, code.customer, "email_code");
      return { does: "goOn", customer: { id: code.customer, fresh: true }, question: state.question, keep };
    }
    const triesLeft = code.triesLeft - 1;
    if (triesLeft > 0) {
      await store.set(
        thread,
        { ...state, code: { ...code, triesLeft } },
        Math.max(1, code.expiresAt - clock.now()),
      );
      return {
        does: "say",
        text: `That is not the code. You have ${triesLeft} more ${triesLeft === 1 ? "try" : "tries"}.`,
        keep,
      };
    }
    await store.set(
      thread,
      { user: state.user, question: state.question, codesSent: state.codesSent },
      offerMs,
    );
    await ledger.write((tx) =>
      audit(tx, clock, { actor: person.id, action: "identity.refused", subject: "email_code", thread }),
    );
    return {
      does: "say",
      text: "That was one try too many; this code is void. Type the address of your account again for a new one.",
      keep,
    };
  }

  async function prove(person: Person, customer: string, method: string): Promise<void> {
    const now = clock.now();
    await ledger.write(async (tx) => {
      await saveIdentity(tx, { user: person.id, tenant: person.tenant, customer, method, now });
      await audit(tx, clock, {
        actor: person.id,
        action: "identity.verified",
        subject: customer,
        detail: { method },
      });
    });
    log.info("identity.verified", { user: person.id, method });
  }

  async function underWay(thread: ThreadId, person: Person): Promise<UnderWay | undefined> {
    if (!possible()) return undefined;
    const state = await store.get(thread);
    return state?.user === person.id ? state : undefined;
  }

  return { customerOf, possible, offer, hear };
}

function hashOf(thread: ThreadId, code: string): string {
  return createHash("sha256").update(`${thread} ${code}`).digest("hex");
}
