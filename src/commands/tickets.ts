/** `deskhand tickets`: what waits for a person. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import { askRunningDesk } from "../control.ts";
import { createSqliteLedger } from "../ledger/sqlite-ledger.ts";
import { openTickets, type Ticket } from "../ledger/tickets.ts";
import { createLog } from "../log.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";

const limit = 1000;

export const tickets: Command = {
  name: "tickets",
  about: "list the tickets that are not resolved",
  help: `deskhand tickets [options]

Lists the tickets that are not resolved, oldest first.

${foldersHelp}
  --json            all that is known of them`,
  options: { ...folders, json: { type: "boolean" } },
  async run(given) {
    const { config } = readConfig({ workspace: text(given, "workspace"), data: text(given, "data") });
    const { data } = config.folders;
    const asked = await askRunningDesk(data, "tickets");
    const open = asked ? (asked.result as Ticket[]) : await readTickets(join(data, "ledger.sqlite"));
    if (given.values.json === true) print(JSON.stringify(open, undefined, 2));
    else if (open.length === 0) print("No open tickets.");
    else for (const ticket of open) print(lineOf(ticket));
    return 0;
  },
};

async function readTickets(path: string): Promise<Ticket[]> {
  if (!existsSync(path)) return [];
  const ledger = await createSqliteLedger({ path, clock: createClock(), log: createLog("warn") });
  try {
    return await ledger.read((tx) => openTickets(tx, limit));
  } finally {
    await ledger.close();
  }
}

function lineOf({ number, state, priority, queue, ask, assigneeName }: Ticket): string {
  const who = assigneeName ? `, ${assigneeName}` : "";
  return `#${number}  ${state.replace("_", " ")}${who} · ${priority} · ${queue} · ${ask}`;
}
