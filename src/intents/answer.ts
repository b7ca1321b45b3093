/** The customer's yes or no to what the store has asked. What they confirm is the hash of what was shown, once. */
import { audit } from "../ledger/audit.ts";
import { decidedBy, findIntent, type Intent, type IntentMove, moveIntent } from "../ledger/intents.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { askedLast } from "../ledger/questions.ts";
import type { Transaction } from "../ledger.ts";
import type { Tool } from "../tool.ts";
import { broken, finished, held } from "./came-of.ts";
import { judge, look, type Seen, type Wish } from "./check.ts";
import { entriesOf } from "./entries.ts";
import { execute } from "./execute.ts";
import { hold } from "./hold.ts";
import { stillSaid, stillTheBots } from "./ours.ts";
import type { IntentsParts, Said, Settled } from "./parts.ts";
import { reasonIn, wording } from "./wording.ts";
import { yesOrNo } from "./yes-no.ts";

/** undefined: it was no answer to a question of the store's. */
export async function answer(parts: IntentsParts, said: Said): Promise<Settled | undefined> {
  const earlier = await parts.ledger.read((tx) => decidedBy(tx, said.event));
  // Whatever has become of their words since: what they decided stands, and they are told what came of it.
  if (earlier) return goOn(parts, said, earlier);
  const yes = said.pressed ? said.pressed.yes : plainAnswer(said);
  if (yes === undefined) return undefined;
  const { pressed, thread } = said;
  const found = await parts.ledger.read((tx) =>
    pressed ? findIntent(tx, pressed.intent) : askedLast(tx, thread, said.event),
  );
  // Of a question in another conversation nothing is told or put on record here, not even that there is one.
  const intent = found?.thread === thread ? found : undefined;
  if (!intent) return pressed ? turnAway(parts, said, wording.over()) : undefined;
  if (said.by !== intent.opener) {
    return pressed ? turnAway(parts, said, wording.notYours(), intent) : undefined;
  }
  if (intent.state !== "proposed") return turnAway(parts, said, wording.over(), intent);
  if (intent.expiresAt <= parts.clock.now()) return settle(parts, said, intent, "expire");
  return yes ? confirm(parts, said, intent) : settle(parts, said, intent, "decline");
}

/** A message that is nothing but yes or no; true is yes. */
function plainAnswer({ asked }: Said): boolean | undefined {
  const answered = asked.length === 1 ? yesOrNo(asked[0] ?? "") : undefined;
  return answered && answered === "yes";
}

async function confirm(parts: IntentsParts, said: Said, intent: Intent): Promise<Settled> {
  const tool = parts.toolOf(intent.tool);
  if (!tool || (tool.account !== false && said.customer?.id !== intent.customer))
    return turnAway(parts, said, wording.verifyAgain(), intent);
  const wish = wishOf(tool, said, intent);
  const seen = await look(parts, wish);
  if (!seen.ok) return settle(parts, said, intent, "refuse", seen.why);
  if (seen.hash !== intent.hash) return settle(parts, said, intent, "refuse");
  await said.stillOurs();
  const decided = await parts.ledger.write((tx) => decide(tx, parts, said, { intent, wish, seen }));
  if (!decided) return plain(wording.over());
  parts.push(decided.rows);
  return goOn(parts, said, decided.intent);
}

function wishOf(tool: Tool, said: Said, { id, input, customer, thread }: Intent): Wish {
  return { tool, input, customer, thread, said: said.said, intent: id, signal: said.signal };
}

/**
 * What the policy says now, and the intent's next state, at one moment.
 * @returns undefined when somebody else was first
 */
async function decide(
  tx: Transaction,
  parts: IntentsParts,
  said: Said,
  { intent, wish, seen }: { intent: Intent; wish: Wish; seen: Seen },
): Promise<{ intent: Intent; rows: OutboxRow[] } | undefined> {
  await stillTheBots(tx, intent.thread);
  await stillSaid(tx, said.event, (text) => yesOrNo(text) === "yes");
  const decision = await judge(tx, parts, wish, seen);
  if (decision.allow && decision.approval) {
    const held = await hold(tx, parts, intent, said.event);
    if (held) await note(tx, parts, said, held.intent, "confirmed");
    return held;
  }
  const moved = decision.allow
    ? await move(tx, parts, said, intent, "confirm")
    : await move(tx, parts, said, intent, "refuse", decision.why);
  return moved && { intent: moved, rows: [] };
}

/** It ends here: the customer's no, too late, or no longer possible. */
async function settle(
  parts: IntentsParts,
  said: Said,
  intent: Intent,
  how: "decline" | "expire" | "refuse",
  why?: string,
): Promise<Settled> {
  const moved = await parts.ledger.write((tx) => move(tx, parts, said, intent, how, why));
  return moved ? goOn(parts, said, moved) : plain(wording.over());
}

async function move(
  tx: Transaction,
  parts: IntentsParts,
  said: Said,
  intent: Intent,
  how: IntentMove,
  why?: string,
): Promise<Intent | undefined> {
  const result = why === undefined ? {} : { result: { ok: false, reason: why } };
  const moved = await moveIntent(tx, intent, how, parts.clock.now(), { decidedBy: said.event, ...result });
  // What a customer does is confirmed; what staff do is approved.
  if (moved) await note(tx, parts, said, moved, how === "confirm" ? "confirmed" : moved.state, why);
  return moved;
}

/** Why it cannot be done; where the company's data has only changed, the customer is asked again, with what would happen now. */
async function refused(parts: IntentsParts, said: Said, intent: Intent): Promise<Settled> {
  const why = reasonIn(intent.result);
  const tool = parts.toolOf(intent.tool);
  if (why !== undefined || !tool) return notPossible(intent, why ?? "it is not possible any more.");
  const seen = await look(parts, wishOf(tool, said, intent));
  if (!seen.ok) return notPossible(intent, seen.why);
  const again = await parts.proposeAgain(tool, intent, said);
  if (!again) return notPossible(intent, "it has changed since it was shown.");
  const text = wording.changed(seen.preview.text);
  return { text, entries: [], confirmation: { ...again, text } };
}

/** What follows from a decision; also when the process died after it, without deciding again. */
async function goOn(parts: IntentsParts, said: Said, intent: Intent): Promise<Settled> {
  const tool = parts.toolOf(intent.tool);
  switch (intent.state) {
    case "approved":
    case "running":
      return tool ? run(parts, tool, intent) : broken(intent);
    case "awaiting_approval":
      return held(intent);
    case "done":
      return finished(intent, intent.result);
    case "failed":
      return broken(intent);
    case "declined":
      return {
        text: wording.declined(),
        entries: entriesOf(intent, { ok: false, reason: "The customer said no." }),
      };
    case "expired":
      return plain(wording.expired());
    case "refused":
      return refused(parts, said, intent);
    case "proposed":
    case "denied":
      return plain(wording.over());
  }
}

async function run(parts: IntentsParts, tool: Tool, intent: Intent): Promise<Settled> {
  const executed = await execute(parts, tool, intent);
  return executed.state === "done" ? finished(intent, executed.result) : broken(intent);
}

function notPossible(intent: Intent, why: string): Settled {
  return { text: wording.refused(why), entries: entriesOf(intent, { ok: false, reason: why }) };
}

/** A press that decides nothing is on record, too. */
async function turnAway(parts: IntentsParts, said: Said, text: string, intent?: Intent): Promise<Settled> {
  await parts.ledger.write((tx) =>
    audit(tx, parts.clock, {
      actor: said.by ?? said.opener,
      action: "confirmation.refused",
      subject: intent ? `${intent.tool} ${intent.preview.subject}` : "unknown",
      thread: said.thread,
      turn: said.id,
      detail: { why: text, ...(intent ? { intent: intent.id } : {}) },
    }),
  );
  return plain(text);
}

function note(
  tx: Transaction,
  parts: IntentsParts,
  said: Said,
  intent: Intent,
  what: string,
  why?: string,
): Promise<void> {
  return audit(tx, parts.clock, {
    actor: said.by ?? said.opener,
    action: `intent.${what}`,
    subject: `${intent.tool} ${intent.preview.subject}`,
    thread: intent.thread,
    turn: said.id,
    detail: { intent: intent.id, ...(why === undefined ? {} : { why }) },
  });
}

const plain = (text: string): Settled => ({ text, entries: [] });
