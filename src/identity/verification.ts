/**
 * Who an account is, proved outside the model.
 *
 *   a tool needs the customer ─▶ offered ─ an address or an id ─▶ code sent, if it is on file ─ the code ─▶ verified
 *
 * What the customer types on the way is read here, never by a model: the claim is looked up by the company, the code goes
 * to the address on file, and is good once, for ten minutes and five tries, for this account in this thread. What is under
 * way lies in the memory; losing it means to begin again.
 *
 * Whether a claim is on file is not told: not by the words of the answer, which waits for no mail, nor by who gives it, a
 * message that looks like a claim being one. How many codes go to a customer, and how often they may be guessed, is counted
 * in the ledger for the customer: whoever comes as somebody new, or elsewhere, has no more of them.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { type Allowance, type Counted, mayAttempt, takeAttempt } from "../ledger/attempts.ts";
import { audit } from "../ledger/audit.ts";
import { findIdentity, saveIdentity } from "../ledger/identities.ts";
import type { Ledger, Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Store } from "../memory.ts";
import type { Person } from "../message.ts";
import type { ThreadId } from "../thread.ts";
import { withinTime } from "../time-limit.ts";
import type { Identity } from "../tool.ts";
import { claimIn, codeIn, type Keep, withoutCode } from "./claims.ts";
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
  /** `customer` is empty when nobody has been sent this code, so that nobody can have it. */
  code?: { hash: string; customer: string; expiresAt: number; triesLeft: number };
  codesSent: number;
}

export type Heard =
  | { does: "say"; text: string; keep?: Keep | undefined }
  /** The customer is known now: go on with what they had asked. */
  | { does: "goOn"; customer: Customer; question: string; keep: Keep };

/** Three of them, with the pauses between, are over before a customer has waited for half a minute. */
const lookupMs = 6_000;
const codeMs = 10 * 60_000;
const offerMs = 30 * 60_000;
const triesMax = 5;
const codesMax = 3;
/** Of one customer, whoever claims to be them. */
const codesAnHour: Allowance = { kind: "codes", max: 5, windowMs: 3_600_000 };
const wrongTriesADay: Allowance = { kind: "tries", max: 20, windowMs: 86_400_000 };

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
    const found = await onFile(person.directoryEmail);
    if (found?.email.toLowerCase() !== person.directoryEmail.toLowerCase()) return undefined;
    await prove(person, found.id, "directory_email");
    return { id: found.id, fresh: true };
  }

  /** @throws DeskError tool_timeout, or what the company's lookup throws */
  async function onFile(claim: string): Promise<{ id: string; email: string } | undefined> {
    const limits = { clock, toolTimeoutMs: lookupMs };
    return withinTime(limits, new AbortController().signal, () => identity?.find(claim));
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

  /** What the customer wrote, message by message, when it belongs to a verification; undefined otherwise. */
  async function hear(
    thread: ThreadId,
    person: Person,
    asked: readonly string[],
  ): Promise<Heard | undefined> {
    const state = await underWay(thread, person);
    if (!state) return undefined;
    const digits = state.code && asked.map(codeIn).findLast((found) => found !== undefined);
    if (digits !== undefined) return tryCode(thread, person, state, digits);
    const claimed = asked.map((text) => claimIn(text, identity?.id)).findLast((found) => found !== undefined);
    return claimed === undefined ? undefined : claim(thread, person, state, claimed);
  }

  /** For a turn in which nobody is heard: a code that may be among the messages is kept nowhere. */
  async function keepOf(thread: ThreadId, person: Person): Promise<Keep | undefined> {
    return keepIn(await underWay(thread, person));
  }

  async function claim(thread: ThreadId, person: Person, state: UnderWay, claimed: string): Promise<Heard> {
    const keep = keepIn(state);
    if (state.codesSent >= codesMax) {
      return {
        does: "say",
        text: "I have sent enough codes for now. Say that you want a person, and a colleague will help you.",
        keep,
      };
    }
    const found = await onFile(claimed);
    const allowed = await mayMail(thread, found?.id ?? "");
    const to = allowed ? found : undefined;
    const code = clock.code();
    const expiresAt = clock.now() + codeMs;
    const pending = { hash: hashOf(thread, code), customer: to?.id ?? "", expiresAt, triesLeft: triesMax };
    await store.set(thread, { ...state, code: pending, codesSent: state.codesSent + 1 }, codeMs);
    const mailed = to ? mailCode(person, to.email, code) : undefined;
    log.info("identity.code_asked", { thread, user: person.id });
    // Whoever sits at the console can read the folder; nobody else is kept waiting, which would tell.
    const where = atConsole(person) ? ((await mailed) ?? "") : "";
    return { does: "say", text: `${codeSent}${where}`, keep };
  }

  /** What is not on file is counted as well, and for nothing: that takes as long. */
  async function mayMail(thread: ThreadId, customer: string): Promise<boolean> {
    const counted = countedOf(thread, customer);
    const { allowed, reached } = await ledger.write(async (tx) => {
      const guessed = !(await mayAttempt(tx, clock, counted, wrongTriesADay));
      const { taken, reached } = await takeAttempt(tx, clock, counted, codesAnHour);
      if (reached) await recordLimit(tx, thread, customer, codesAnHour);
      return { allowed: taken && !guessed, reached };
    });
    if (reached && customer !== "") log.warn("identity.limited", { codes: codesAnHour.max });
    return allowed;
  }

  /** Somebody asks again and again to be a customer: for whoever looks after the desk. */
  async function recordLimit(
    tx: Transaction,
    thread: ThreadId,
    customer: string,
    { kind, max }: Allowance,
  ): Promise<void> {
    if (customer === "") return;
    await audit(tx, clock, {
      actor: "desk",
      action: "identity.limited",
      subject: customer,
      thread,
      detail: { [kind]: max },
    });
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
      return file && atConsole(person) ? ` (No mail server is configured; the mail is in ${file}.)` : "";
    } catch (error) {
      log.error("mail.failed", { error });
      return "";
    }
  }

  async function tryCode(thread: ThreadId, person: Person, state: UnderWay, digits: string): Promise<Heard> {
    const keep = withoutCode;
    const { code } = state;
    if (!code || code.expiresAt <= clock.now()) {
      return {
        does: "say",
        text: "That code has expired. Type the address of your account again for a new one.",
        keep,
      };
    }
    const right = timingSafeEqual(Buffer.from(code.hash), Buffer.from(hashOf(thread, digits)));
    if (await isGood(thread, code.customer, right)) {
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

  /** A right code is good, unless others have been guessed too often; decided in one commit, whoever tries beside. */
  async function isGood(thread: ThreadId, customer: string, right: boolean): Promise<boolean> {
    const counted = countedOf(thread, customer);
    const { good, reached } = await ledger.write(async (tx) => {
      if (right && customer !== "" && (await mayAttempt(tx, clock, counted, wrongTriesADay)))
        return { good: true, reached: false };
      const { reached } = await takeAttempt(tx, clock, counted, wrongTriesADay);
      if (reached) await recordLimit(tx, thread, customer, wrongTriesADay);
      return { good: false, reached };
    });
    if (reached && customer !== "") log.warn("identity.limited", { tries: wrongTriesADay.max });
    return good;
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

  return { customerOf, possible, offer, hear, keepOf };
}

const codeSent =
  "If that is on file, a code is on its way to the address of that account. Please type the six digits here within ten minutes. If none comes, say that you want a person.";

const countedOf = (thread: ThreadId, customer: string): Counted =>
  customer === "" ? { of: "thread", id: thread } : { of: "customer", id: customer };

const atConsole = (person: Person): boolean => person.id.startsWith("console:");

const keepIn = (state: UnderWay | undefined): Keep | undefined => (state?.code ? withoutCode : undefined);

function hashOf(thread: ThreadId, code: string): string {
  return createHash("sha256").update(`${thread} ${code}`).digest("hex");
}
