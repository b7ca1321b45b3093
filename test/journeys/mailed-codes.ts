import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The codes of all mails in a data folder, oldest first. A mail may come after the reply that speaks of it. */
export function mailedCodes(data: string): string[] {
  const mails = readdirSync(data).includes("mail") ? readdirSync(join(data, "mail")).sort() : [];
  return mails.flatMap((mail) => /\b\d{6}\b/.exec(readFileSync(join(data, "mail", mail), "utf8"))?.[0] ?? []);
}
