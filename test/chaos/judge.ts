/**
 * The judge: a pure function from what a run left behind to what was violated. Each rule is one of the invariants that
 * the desk promises; each has a story in judge.test.ts that turns it red.
 */
import type { RunRecord } from "./record.ts";
import { moneyOnce, oneAuditRow } from "./rules-of-deeds.ts";
import {
  backlogGone,
  nobodyInSilence,
  noSecrets,
  obedient,
  orderlyEnd,
  quickAcks,
} from "./rules-of-limits.ts";
import { nothingTakenUnwritten } from "./rules-of-storage.ts";
import { inOrder, nothingLost, nothingOfOthers, oneReply, silentAfterTakeover } from "./rules-of-words.ts";
import type { Violation } from "./violation.ts";

export function judge(record: RunRecord): Violation[] {
  const rules = [
    nothingLost,
    nothingTakenUnwritten,
    moneyOnce,
    oneReply,
    inOrder,
    silentAfterTakeover,
    nothingOfOthers,
    oneAuditRow,
    noSecrets,
    backlogGone,
    nobodyInSilence,
    obedient,
    quickAcks,
    orderlyEnd,
  ];
  return rules.flatMap((rule) => rule(record));
}
