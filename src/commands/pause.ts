/** `deskhand pause` and `deskhand unpause`: the kill switch for everything that is answered automatically. */
import { createClock } from "../clock.ts";
import { askRunningDesk } from "../control.ts";
import { createLog } from "../log.ts";
import { createPause } from "../pause.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { readPlaces, withLedger } from "./open-records.ts";

export const pause: Command = {
  name: "pause",
  about: "stop all automated answers; people can still relay",
  help: `deskhand pause [options]

Stops all automated answers within five seconds, also those that are being written. Customers who write get a person:
their messages become tickets, and staff answer as always. Stays so over restarts, until: deskhand unpause.

${foldersHelp}`,
  options: folders,
  run: (given) => set(given, true),
};

export const unpause: Command = {
  name: "unpause",
  about: "let the bot answer again",
  help: `deskhand unpause [options]

Lets the bot answer again. Conversations that became tickets meanwhile stay with staff until they hand them back.

${foldersHelp}`,
  options: folders,
  run: (given) => set(given, false),
};

async function set(given: Parameters<Command["run"]>[0], paused: boolean): Promise<number> {
  const config = readPlaces({ workspace: text(given, "workspace"), data: text(given, "data") });
  const asked = await askRunningDesk(config.folders.data, paused ? "pause" : "unpause");
  if (!asked) {
    const parts = { changed: () => {}, clock: createClock(), log: createLog("error") };
    await withLedger(config, (ledger) => createPause({ ledger, ...parts }).set(paused, "operator"));
  }
  const { data } = config.folders;
  const when = asked
    ? "The running desk"
    : `No desk is running on ${config.databaseUrl ? "this machine" : data}; the next one`;
  print(`${when} ${paused ? "answers nobody until: deskhand unpause" : "answers again"}.`);
  return 0;
}
