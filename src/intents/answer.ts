/** The customer's yes or no to what the store has asked. What they confirm is the hash of what was shown, once. */
import { audit } from "../ledger/audit.ts";
import {
  decidedBy,
  findIntent,
  type Intent,
  type IntentMove,
  moveIntent,
  proposedIn,
} from "../ledger/intents.ts";
import type { Tool } from "../tool.ts";
import { check } from "./check.ts";
import { entriesOf } from "./entries.ts";
import { execute } from "./execute.ts";
import { hold } from "./hold.ts";
import type { IntentsParts, Said, Settled } from "./parts.ts";
import { reasonIn, wording } from "./wording.ts";
import { yesOrNo } from "./yes-no.ts";

/** undefined: it was no answer to a question of the store's. */
export async function answer(parts: IntentsParts, said: Said): Promise<Settled | undefined> {
  const yes = said.pressed?.yes ?? (said.asked.length === 1 ? toYes(said.asked[0] ?? "") : undefined);
  if (yes === undefined) return undefined;
  const earlier = await parts.ledger.read((tx) => decidedBy(tx, said.event));
  if (earlier) return goOn(parts, earlier);
  const intent = await intentMeant(parts, said);
  if (!intent) return said.pressed ? plain(wording.over()) : undefined;
  if (said.pressed && said.pressed.by !== intent.opener) return plain(wording.notYours());
  if (intent.thread !== said.thread || intent.state !== "proposed") return plain(wording.over());
  if (intent.expiresAt <= parts.clock.now()) {
    await decide(parts, said, intent, "expire");
    return plain(wording.expired());
  }
  if (!yes) {
    await decide(parts, said, intent, "decline");
    return {
      text: wording.declined(),
      entries: entriesOf(intent, { ok: false, reason: "The customer said no." }),
    };
  }
  return confirm(parts, said, intent);
}

async function confirm(parts: IntentsParts, said: Said, intent: Intent): Promise<Settled> {
  const tool = parts.toolOf(intent.tool);
  if (!tool || (tool.account !== false && said.customer?.id !== intent.customer))
    return plain(wording.verifyAgain());
  const { customer, thread, input } = intent;
  const checked = await check(parts, {
    tool,
    input,
    customer,
    thread,
    said: said.said,
    intent: intent.id,
    signal: said.signal,
  });
  if (!checked.ok) {
    await decide(parts, said, intent, "refuse");
    return {
      text: wording.refused(checked.why),
      entries: entriesOf(intent, { ok: false, reason: checked.why }),
    };
  }
  if (checked.hash !== intent.hash) {
    await decide(parts, said, intent, "refuse");
    const text = wording.changed(checked.preview.text);
    const again = await parts.proposeAgain(tool, intent, said);
    return {
      text: again ? text : wording.over(),
      entries: [],
      ...(again ? { confirmation: { ...again, text } } : {}),
    };
  }
  await said.stillOurs();
  if (checked.decision.approval) {
    await hold(parts, intent, said.event);
    return { text: wording.held(), entries: entriesOf(intent, { pending: "approval" }) };
  }
  const approved = await decide(parts, said, intent, "confirm");
  return approved ? run(parts, tool, approved) : plain(wording.over());
}

/** The process died after the decision: what follows from it, without deciding again. */
async function goOn(parts: IntentsParts, intent: Intent): Promise<Settled> {
  const tool = parts.toolOf(intent.tool);
  switch (intent.state) {
    case "approved":
    case "running":
      return tool ? run(parts, tool, intent) : { ...plain(wording.failed()), broke: intent.tool };
    case "awaiting_approval":
      return { text: wording.held(), entries: entriesOf(intent, { pending: "approval" }) };
    case "done":
      return finished(intent, intent.result);
    case "failed":
      return { ...plain(wording.failed()), broke: intent.tool };
    case "declined":
      return plain(wording.declined());
    case "expired":
      return plain(wording.expired());
    case "proposed":
    case "denied":
    case "refused":
      return plain(wording.over());
  }
}

async function run(parts: IntentsParts, tool: Tool, intent: Intent): Promise<Settled> {
  const executed = await execute(parts, tool, intent);
  if (executed.state === "done") return finished(intent, executed.result);
  return {
    text: wording.failed(),
    entries: entriesOf(intent, { error: executed.fault }),
    broke: intent.tool,
  };
}

function finished(intent: Intent, result: unknown): Settled {
  const reason = reasonIn(result);
  const text = reason === undefined ? wording.done(intent.preview, result) : wording.notDone(reason);
  return { text, entries: entriesOf(intent, result) };
}

async function intentMeant(parts: IntentsParts, { pressed, thread }: Said): Promise<Intent | undefined> {
  return parts.ledger.read((tx) =>
    pressed ? findIntent(tx, pressed.intent) : proposedIn(tx, thread, parts.clock.now()),
  );
}

/** @returns undefined when somebody else was first */
async function decide(
  parts: IntentsParts,
  said: Said,
  intent: Intent,
  how: IntentMove,
): Promise<Intent | undefined> {
  return parts.ledger.write(async (tx) => {
    const moved = await moveIntent(tx, intent, how, parts.clock.now(), { decidedBy: said.event });
    if (!moved) return undefined;
    await audit(tx, parts.clock, {
      actor: said.opener,
      action: `intent.${moved.state}`,
      subject: `${intent.tool} ${intent.preview.subject}`,
      thread: intent.thread,
      turn: intent.turn,
      detail: { intent: intent.id },
    });
    return moved;
  });
}

function toYes(text: string): boolean | undefined {
  const answered = yesOrNo(text);
  return answered && answered === "yes";
}

const plain = (text: string): Settled => ({ text, entries: [] });
