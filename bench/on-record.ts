/** Whether everything that happened in a customer's thread is on record: each call, and each refusal as what it was. */
import type { MeasuredDesk, TurnDone } from "./desk.ts";

export interface OnRecord {
  /** Calls and wishes that came to nothing, and how many of them the audit has. */
  refused: number;
  audited: number;
  /** What the audit lacks, refused or not. */
  missing: string[];
}

type Call = TurnDone["calls"][number];

/**
 * Each call has its row; a write that the policy or the company's data refused, one more that says why; a write that the
 * customer did not want, or never confirmed, the row of its question and of its end.
 */
export async function onRecord(desk: MeasuredDesk, customer: string): Promise<OnRecord> {
  const [turns, audit, intents] = await Promise.all([
    desk.turns(customer),
    desk.audit(customer),
    desk.intents(customer),
  ]);
  const own = new Set(intents.map(({ id }) => `call_${id}`));
  const rows = audit.map((deed) => ({ ...deed, taken: false }));
  const missing: string[] = [];
  let refused = 0;
  let audited = 0;

  /** A row of its own for each thing that happened. */
  function take(what: string, fits: (row: (typeof rows)[number]) => boolean): boolean {
    const row = rows.find((one) => !one.taken && fits(one));
    if (row) row.taken = true;
    else missing.push(what);
    return row !== undefined;
  }

  for (const { turn, calls } of turns) {
    for (const call of calls) {
      const called = take(
        `${call.name} in ${turn}`,
        (row) =>
          row.action === "tool.called" &&
          row.turn === turn &&
          row.subject === call.name &&
          row.detail?.failed === call.failed,
      );
      if (own.has(call.id) || !isRefusal(call)) continue;
      const why = !isDenied(call) || take(`why ${call.name} was refused in ${turn}`, refusalOf(turn, call));
      refused += 1;
      if (called && why) audited += 1;
    }
  }
  for (const { id, tool, state } of intents) {
    const of = (action: string) => (row: (typeof rows)[number]) =>
      row.action === action && row.detail?.intent === id;
    const asked = take(`that ${tool} was asked for`, of("intent.proposed"));
    const ended = state === "proposed" || take(`that ${tool} is ${state}`, of(`intent.${state}`));
    if (state === "done") continue;
    refused += 1;
    if (asked && ended) audited += 1;
  }
  return { refused, audited, missing };
}

function refusalOf(turn: string, call: Call) {
  return (row: { action: string; turn?: string; subject: string }) =>
    row.action === "intent.refused" && row.turn === turn && row.subject === call.name;
}

/** The model was told that a write is not possible. */
function isDenied({ failed, result }: Call): boolean {
  return !failed && typeof result === "object" && result !== null && "ok" in result && result.ok === false;
}

function isRefusal(call: Call): boolean {
  return (
    call.failed || isDenied(call) || (typeof call.result === "string" && call.result.startsWith("Error: "))
  );
}
