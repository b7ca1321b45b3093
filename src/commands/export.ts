/** `deskhand export`: what is known of a customer, as JSON. */
import { constants, copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createClock } from "../clock.ts";
import { DeskError, faultOf } from "../errors.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { withRecords } from "./open-records.ts";

export const exportCommand: Command = {
  name: "export",
  about: "write what is known of a customer as JSON",
  help: `deskhand export CUSTOMER [options]

CUSTOMER is the company's id of a customer (cus_1001), or the id of an account (slack:T1:U1, discord:0:8035,
console:local:customer); all accounts of the customer are meant. Writes everything that is known of them, and nothing of anybody
else: threads with messages, turns, tickets and writes, proofs of identity, feedback, what waits, what is on record.

${foldersHelp}
  --out FILE        a new file, readable by its owner only (default: standard output)`,
  takesWords: true,
  options: { ...folders, out: { type: "string" } },
  async run(given) {
    const [customer, ...more] = given.positionals;
    if (!customer || more.length > 0) {
      process.stderr.write(`${exportCommand.help}\n`);
      return 2;
    }
    const sources = { workspace: text(given, "workspace"), data: text(given, "data") };
    const out = text(given, "out");
    await withRecords(sources, async (records, data) => {
      // A desk that runs may write nowhere else.
      const file = join(data, `${createClock().id("export")}.json`);
      try {
        await records.exportTo(customer, file);
        if (out === undefined) process.stdout.write(await readFile(file));
        else {
          await putInto(out, file);
          print(`${out} has what is known of ${customer}.`);
        }
      } finally {
        await rm(file, { force: true });
      }
    });
    return 0;
  },
};

/** @throws DeskError command_failed also where there is such a file already */
async function putInto(out: string, file: string): Promise<void> {
  try {
    await copyFile(file, out, constants.COPYFILE_EXCL);
  } catch (error) {
    throw new DeskError("command_failed", `${out} cannot be written: ${faultOf(error)}`);
  }
}
