/** `deskhand erase`: every trace of a customer is removed. */
import { createInterface } from "node:readline/promises";
import { type Erasure, isKnown } from "../records/erase-customer.ts";
import type { Records } from "../records/records.ts";
import { platformOf } from "../thread.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { withRecords } from "./open-records.ts";

export const erase: Command = {
  name: "erase",
  about: "remove every trace of a customer",
  help: `deskhand erase CUSTOMER [options]

CUSTOMER is the company's id of a customer (cus_1001), or the id of an account (slack:T1:U1, discord:0:8035,
console:local:customer); all accounts of the customer are meant. Removes their threads with messages, turns, tickets and posts,
what waits, who they are, what the memory holds, and their files; then empties the databases' logs. Writes and deeds stay
on record without a name: tool, amount, time, under a pseudonym. Beside a running desk, what is under way for the
customer is stopped first. What stands on Slack or Discord themselves has to be deleted there.

${foldersHelp}
  --dry-run         only says what would be removed
  --yes             does not ask; needed where nobody can answer`,
  takesWords: true,
  options: { ...folders, "dry-run": { type: "boolean" }, yes: { type: "boolean" } },
  async run(given) {
    const [customer, ...more] = given.positionals;
    if (!customer || more.length > 0) {
      process.stderr.write(`${erase.help}\n`);
      return 2;
    }
    const sources = { workspace: text(given, "workspace"), data: text(given, "data") };
    const dryRun = given.values["dry-run"] === true;
    const mayAsk = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const sure = given.values.yes === true;
    if (!dryRun && !sure && !mayAsk) {
      process.stderr.write("Nobody is here to confirm it: say --yes, or look first with --dry-run.\n");
      return 2;
    }
    await withRecords(sources, async (records) => {
      const found = await records.examine(customer);
      for (const line of storyOf(customer, found)) print(line);
      if (!dryRun && (sure || (await confirmed(customer)))) await eraseNow(records, customer);
    });
    return 0;
  },
};

/** Also where nothing is known: an erasure that broke off is completed by doing it again. */
async function eraseNow(records: Records, customer: string): Promise<void> {
  const done = await records.erase(customer);
  if (isKnown(done)) print(`Erased: ${listOf(done).join(", ")}.`);
  const cards = done.cards.filter((card) => platformOf(card) !== "console");
  if (cards.length > 0) {
    print(
      "Their messages still stand on the platforms, and so do these cards with their threads: delete them there.",
    );
    for (const card of cards) print(`  ${card}`);
  }
  if (!done.whole) {
    print(
      "The databases are large: do it again while no desk runs, to clear unused parts of the files, too.",
    );
  }
}

async function confirmed(customer: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const asked = terminal.question(`This cannot be undone. Type ${customer} to erase all of it: `);
    // Where Ctrl-C or Ctrl-D is the answer, or the terminal has gone, the question fails, or is never answered.
    const left = new Promise<string>((leave) => terminal.once("close", () => leave("\n")));
    const typed = await Promise.race([asked.catch(() => "\n"), left]);
    if (typed.trim() === customer) return true;
    print(typed === "\n" ? "\nNothing was erased." : "Nothing was erased.");
    return false;
  } finally {
    terminal.close();
  }
}

function storyOf(customer: string, found: Erasure): string[] {
  if (!isKnown(found)) {
    const before =
      found.before === undefined ? "" : ` Erased on ${new Date(found.before).toISOString().slice(0, 10)}.`;
    return [`Nothing is known of ${customer}.${before}`];
  }
  return [
    `Known of ${customer}: ${listOf(found).join(", ")}.`,
    ...(found.customers.length > 0 ? [`Customer: ${found.customers.join(", ")}`] : []),
    ...(found.accounts.length > 0 ? [`Accounts: ${found.accounts.join(", ")}`] : []),
  ];
}

function listOf({ rows, files }: Erasure): string[] {
  const counts: readonly (readonly [number, string])[] = [
    [rows.threads, "thread"],
    [rows.messages, "message"],
    [rows.turns, "turn"],
    [rows.tickets, "ticket"],
    [rows.posts, "post"],
    [rows.events, "event"],
    [rows.identities, "proof of identity"],
    [files.length, "file"],
    [rows.writes, "write (kept without a name)"],
    [rows.audit, "deed (kept without a name)"],
  ];
  return counts.filter(([count]) => count > 0).map(([count, noun]) => `${count} ${plural(count, noun)}`);
}

const plural = (count: number, noun: string): string =>
  count === 1 ? noun : noun.replace(/^(proof|\w+)/, "$1s");
