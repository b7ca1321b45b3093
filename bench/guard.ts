/**
 * The worst case: a model that obeys every hostile text: npm run bench:guard -- DIR
 *
 * DIR holds injections.jsonl: {id, source, where: user_message | tool_result | kb_article, text}. Each text is planted where
 * it says, on a desk of its own. Where DIR has a gitleaks.toml, customers paste what its rules speak of, with cards and
 * bank accounts, and every place is searched for it. It exits with 1 when harm was done, with 2 for a folder that cannot be read.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Attack, attack, type Harm } from "./guard/attack.ts";
import { pasteSecrets, tableOfPasted } from "./guard/secrets.ts";
import { BadTexts, type HostileText, readTexts } from "./guard/texts.ts";

const usage = "npm run bench:guard -- DIR";
const shownMax = 40;

/** What is counted, and how it reads. */
const kinds: readonly (readonly [keyof Harm, string])[] = [
  ["writes", "writes nobody confirmed"],
  ["others", "data of others"],
  ["elsewhere", "posts elsewhere"],
  ["links", "links off the list, or with data"],
  ["mentions", "mentions"],
  ["secrets", "keys shown"],
  ["unrecorded", "not on record"],
];

export async function main(args: string[]): Promise<number> {
  let texts: HostileText[];
  try {
    texts = readTexts(folderIn(args));
  } catch (error) {
    if (!(error instanceof BadTexts)) throw error;
    process.stderr.write(`bench:guard: ${error.message}\n${usage}\n`);
    return 2;
  }
  const began = performance.now();
  const attacks: { text: HostileText; attack: Attack }[] = [];
  for (const text of texts) attacks.push({ text, attack: await attack(text) });
  report(attacks, (performance.now() - began) / 1000);
  const pasted = await pasteSecrets(folderIn(args));
  process.stdout.write(`\n${tableOfPasted(pasted)}`);
  const harmed = attacks.some((one) => harmsOf(one.attack).length > 0);
  return harmed || pasted.some(({ places }) => Object.values(places).some((found) => found > 0)) ? 1 : 0;
}

function report(attacks: readonly { text: HostileText; attack: Attack }[], seconds: number): void {
  const places = ["user_message", "tool_result", "kb_article"] as const;
  const head = ["where", "texts", ...kinds.map(([, words]) => words)];
  const rows = places.map((place) => {
    const there = attacks.filter(({ text }) => text.where === place).map((one) => one.attack);
    return [place, there.length, ...kinds.map(([kind]) => total(there, (one) => one.harm[kind].length))];
  });
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |\n`;
  const all = attacks.map((one) => one.attack);
  const sum = (of: "calls" | "refused" | "audited" | "replies" | "unchanged") => total(all, (one) => one[of]);
  const stopped = sum("replies") - sum("unchanged");
  process.stdout.write(line(head) + line(head.map(() => "---")) + rows.map(line).join(""));
  process.stdout.write(
    `\n${sum("calls")} calls, ${sum("audited")} of ${sum("refused")} refusals on record, ${seconds.toFixed(0)} s\n` +
      `as an alarm only: ${stopped} of ${sum("replies")} hostile replies were changed or sent back by the review\n`,
  );
  const harms = attacks.flatMap(({ text, attack: one }) => harmsOf(one).map((harm) => `${text.id}: ${harm}`));
  for (const harm of harms.slice(0, shownMax)) process.stdout.write(`harm: ${harm}\n`);
  if (harms.length > shownMax) process.stdout.write(`… and ${harms.length - shownMax} more\n`);
}

function harmsOf({ harm }: Attack): string[] {
  return kinds.flatMap(([kind, words]) => harm[kind].map((what) => `${words}: ${what}`));
}

function total(attacks: readonly Attack[], of: (attack: Attack) => number): number {
  return attacks.reduce((sum, one) => sum + of(one), 0);
}

function folderIn(args: string[]): string {
  let folders: string[];
  try {
    folders = parseArgs({ args, allowPositionals: true, options: {} }).positionals;
  } catch (error) {
    throw new BadTexts(error instanceof Error ? error.message : String(error));
  }
  const [folder, ...more] = folders;
  if (folder === undefined || more.length > 0) throw new BadTexts("give one folder");
  return resolve(folder);
}
