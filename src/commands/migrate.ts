/** `deskhand migrate`: a desk moves to another database, with everything that is under way. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createClock } from "../clock.ts";
import { makeFolder } from "../config/folders.ts";
import type { Config } from "../config.ts";
import { DeskError } from "../errors.ts";
import { type Copied, copyLedger } from "../ledger/copy-ledger.ts";
import { type LedgerHome, openAlone } from "../ledger/open-ledger.ts";
import { createLog } from "../log.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { readPlaces } from "./open-records.ts";

/** Between two lines about the same table. */
const rowsPerLine = 10_000;

export const migrateCommand: Command = {
  name: "migrate",
  about: "move the desk to Postgres, or back to a file",
  help: `deskhand migrate --to PLACE [--from PLACE] [options]

Copies the whole ledger, with open tickets, waiting messages, unsent replies and pending writes, into an empty database,
and compares every row. Stop the desk first. What it is copied from stays as it is, but for the tables of an older version,
which are brought up to date. When it breaks off, nothing starts on the half copy: do it again, and it begins anew. Files,
mail and the session memory stay in the data folder.

  --to PLACE        postgres://user:password@host/database; sqlite: the data folder's file; or sqlite:FILE
  --from PLACE      the same forms (default: $DATABASE_URL, else the data folder's file)
${foldersHelp}`,
  options: { ...folders, to: { type: "string" }, from: { type: "string" } },
  async run(given) {
    const config = readPlaces({ workspace: text(given, "workspace"), data: text(given, "data") });
    const target = text(given, "to");
    if (target === undefined) {
      process.stderr.write(`Say where to with --to.\n\n${migrateCommand.help}\n`);
      return 2;
    }
    const to = homeOf(target, config, "--to");
    const source = text(given, "from");
    const from = source === undefined ? presentHome(config) : homeOf(source, config, "--from");
    const copied = await move(from, to);
    const rows = copied.reduce((sum, one) => sum + one.rows, 0);
    print(`Copied ${amount(rows)} rows in ${copied.length} tables; all are the same in both places.`);
    for (const line of whatNow(from, to, config)) print(line);
    return 0;
  },
};

function presentHome(config: Config): LedgerHome {
  if (config.databaseUrl) return { kind: "postgres", url: config.databaseUrl.reveal() };
  return { kind: "sqlite", path: join(config.folders.data, "ledger.sqlite") };
}

/** @throws DeskError command_failed */
function homeOf(place: string, config: Config, option: string): LedgerHome {
  if (/^postgres(ql)?:\/\/./.test(place) && URL.canParse(place)) return { kind: "postgres", url: place };
  if (place === "sqlite") return { kind: "sqlite", path: join(config.folders.data, "ledger.sqlite") };
  if (/^sqlite:./.test(place)) return { kind: "sqlite", path: resolve(place.slice("sqlite:".length)) };
  throw new DeskError(
    "command_failed",
    `${option} is neither postgres://user:password@host/database nor sqlite nor sqlite:FILE`,
  );
}

async function move(from: LedgerHome, to: LedgerHome): Promise<Copied[]> {
  if (from.kind === "sqlite" && to.kind === "sqlite") {
    throw new DeskError(
      "command_failed",
      "both are files: to move a desk between folders, copy its data folder",
    );
  }
  if (from.kind === "postgres" && to.kind === "postgres" && from.url === to.url) {
    throw new DeskError("command_failed", "both are the same database");
  }
  if (from.kind === "sqlite" && !existsSync(from.path)) {
    throw new DeskError("command_failed", `there is no ledger at ${from.path}`);
  }
  const parts = { clock: createClock(), log: createLog("error") };
  const source = await openAlone(from, parts);
  try {
    // Only now: what cannot be moved leaves no empty folder behind.
    if (to.kind === "sqlite") makeFolder(dirname(to.path), 0o700);
    const target = await openAlone(to, parts);
    try {
      return await copyLedger({ from: source, to: target, clock: parts.clock, progress: lines() });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** A line at the end of each table, and in large ones now and then. */
function lines(): (copied: Copied, done: boolean) => void {
  let next = rowsPerLine;
  return ({ table, rows }, done) => {
    if (done) {
      print(`${table}: ${amount(rows)}`);
      next = rowsPerLine;
    } else if (rows >= next) {
      print(`${table}: ${amount(rows)} …`);
      next = rows + rowsPerLine;
    }
  };
}

/** An address is not shown: it holds the password. */
function whatNow(from: LedgerHome, to: LedgerHome, config: Config): string[] {
  const left = from.kind === "sqlite" ? from.path : "The database";
  const kept = `${left} has not been changed. Do not start a desk on it again: it would answer what has been answered.`;
  if (to.kind === "postgres")
    return ["Now set DATABASE_URL to the address you gave, and start the desk.", kept];
  const file = join(config.folders.data, "ledger.sqlite");
  const place = to.path === file ? [] : [`Put ${to.path} where the desk looks for it: ${file}`];
  return [...place, "Now remove DATABASE_URL, and start the desk.", kept];
}

const amount = (count: number): string => count.toLocaleString("en");
