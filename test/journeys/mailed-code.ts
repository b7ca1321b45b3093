import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The code of the newest mail in a data folder; undefined as long as there is none. */
export function mailedCode(data: string): string | undefined {
  const mails = readdirSync(data).includes("mail") ? readdirSync(join(data, "mail")) : [];
  return mails.map((mail) => /\b\d{6}\b/.exec(readFileSync(join(data, "mail", mail), "utf8"))?.[0]).at(-1);
}
