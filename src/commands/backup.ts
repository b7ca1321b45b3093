/** `deskhand backup`: what must not be lost, as a folder that a desk can start on. */
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { createClock } from "../clock.ts";
import { makeFolder } from "../config/folders.ts";
import { DeskError, faultOf } from "../errors.ts";
import { copyData } from "../records/copy-data.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { demandLedger, readPlaces } from "./open-records.ts";

export const backup: Command = {
  name: "backup",
  about: "copy the ledger and customers' files, beside a running desk",
  help: `deskhand backup DIR [options]

Copies the ledger, as it is at one moment, and the files that customers have sent into DIR, a new or empty folder that
only its owner can read. A desk that runs meanwhile goes on. The copy is a data folder: to restore it, stop the desk and
start it with --data DIR. Whoever is erased later is still in it. Of a ledger in Postgres the copy is such a file, too; to
restore it there: deskhand migrate --from sqlite:DIR/ledger.sqlite --to postgres://…

${foldersHelp}`,
  takesWords: true,
  options: folders,
  async run(given) {
    const [to, ...more] = given.positionals;
    if (!to || more.length > 0) {
      process.stderr.write(`${backup.help}\n`);
      return 2;
    }
    const config = readPlaces({ workspace: text(given, "workspace"), data: text(given, "data") });
    const { data } = config.folders;
    const databaseUrl = config.databaseUrl?.reveal();
    demandLedger(config);
    const target = resolve(to);
    if (isWithin(data, target))
      throw new DeskError("command_failed", `${target} lies in the data folder itself`);
    makeTarget(target);
    const copied = await copyData({ data, databaseUrl, to: target, clock: createClock() });
    print(`Copied into ${target}: the ledger (${copied.ledgerBytes} bytes) and ${filesOf(copied.files)}.`);
    print(
      databaseUrl === undefined
        ? "To restore it, stop the desk and start it with --data and this folder."
        : `To restore it: deskhand migrate --from sqlite:${join(target, "ledger.sqlite")} --to postgres://…, an empty database.`,
    );
    return 0;
  },
};

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

function makeTarget(target: string): void {
  try {
    makeFolder(target, 0o700);
  } catch (cause) {
    throw new DeskError("command_failed", faultOf(cause), { cause });
  }
}

const filesOf = (count: number): string => `${count} ${count === 1 ? "file" : "files"}`;
