/** `deskhand tickets`: what waits for a person. */
import { join } from "node:path";
import { createClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { askRunningDesk } from "../control.ts";
import { readSqliteLedger } from "../ledger/read-sqlite.ts";
import { openTickets, type Ticket } from "../ledger/tickets.ts";
import type { Reader } from "../ledger.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { demandLedger, readPlaces, withLedger } from "./open-records.ts";

/** A page is what one answer of a running desk can hold, however long the texts are. */
const pageMax = 100;

export const tickets: Command = {
  name: "tickets",
  about: "list the tickets that are not resolved",
  help: `deskhand tickets [options]

Lists the tickets that are not resolved, oldest first.

${foldersHelp}
  --json            all that is known of them`,
  options: { ...folders, json: { type: "boolean" } },
  async run(given) {
    const config = readPlaces({ workspace: text(given, "workspace"), data: text(given, "data") });
    const { data } = config.folders;
    const open = (await ticketsOfRunning(data)) ?? (await ticketsOf(config));
    if (given.values.json === true) print(JSON.stringify(open, undefined, 2));
    else if (open.length === 0) print("No open tickets.");
    else for (const ticket of open) print(lineOf(ticket));
    return 0;
  },
};

/** Undefined when no desk runs. */
async function ticketsOfRunning(data: string): Promise<Ticket[] | undefined> {
  const all: Ticket[] = [];
  for (;;) {
    const asked = await askRunningDesk(data, "tickets", { after: all.at(-1)?.number ?? 0, limit: pageMax });
    if (!asked) return undefined;
    const page = asked.result as Ticket[];
    all.push(...page);
    if (page.length < pageMax) return all;
  }
}

async function ticketsOf(config: Config): Promise<Ticket[]> {
  const all = (tx: Reader) => openTickets(tx, Number.MAX_SAFE_INTEGER);
  if (config.databaseUrl) return withLedger(config, (ledger) => ledger.read(all));
  demandLedger(config);
  const path = join(config.folders.data, "ledger.sqlite");
  const ledger = await readSqliteLedger({ path, clock: createClock() });
  try {
    return await ledger.read(all);
  } finally {
    ledger.close();
  }
}

function lineOf({ number, state, priority, queue, ask, assigneeName }: Ticket): string {
  const who = assigneeName ? `, ${assigneeName}` : "";
  return `#${number}  ${state.replace("_", " ")}${who} · ${priority} · ${queue} · ${ask}`;
}
