/**
 * What stands in place of an id once its customer has been erased: the same id, the same pseudonym, so that a record
 * still adds up and an erasure can be proved to whoever knows the id. The salt is the ledger's own, made when it is
 * first needed; without it nobody can go through guessed ids. What is counted of customers stands under one, too.
 */
import { createHmac } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Reader, Transaction } from "../ledger.ts";
import { readSetting, writeSetting } from "./settings.ts";

export type Pseudonym = (id: string) => string;

const saltName = "pseudonym_salt";
/** Six digits each: 139 bits. */
const saltCodes = 7;
const prefix = "erased:";

/** Those of this ledger. */
export async function pseudonyms(tx: Transaction, clock: Clock): Promise<Pseudonym> {
  const known = await knownPseudonyms(tx);
  if (known) return known;
  const salt = Array.from({ length: saltCodes }, () => clock.code()).join("");
  await writeSetting(tx, saltName, salt, clock.now());
  return withSalt(salt);
}

/** Undefined while none has been needed. */
export async function knownPseudonyms(tx: Reader): Promise<Pseudonym | undefined> {
  const salt = await readSetting(tx, saltName);
  return salt === undefined ? undefined : withSalt(salt);
}

export const isPseudonym = (id: string): boolean => id.startsWith(prefix);

function withSalt(salt: string): Pseudonym {
  return (id) => {
    if (id === "" || isPseudonym(id)) return id;
    return `${prefix}${createHmac("sha256", salt).update(id).digest("hex").slice(0, 24)}`;
  };
}
