/** Tokens and scopes that Slack refuses are told to the desk, each once an hour. */
import type { Clock } from "../../src/clock.ts";
import { codeOf, type DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Receiver as Desk } from "../../src/platform.ts";
import { neededScope, slackErrorOf } from "./faults.ts";
import { platformName } from "./thread-id.ts";

interface TroubleParts {
  /** Undefined before there is anybody to tell. */
  desk(): Desk | undefined;
  clock: Clock;
  log: Log;
}

/** The same trouble is told once in this time. */
const everyMs = 60 * 60_000;

/** @returns what is called when Slack refuses a method in a workspace; never throws */
export function createTrouble(parts: TroubleParts): (team: string, method: string, error: DeskError) => void {
  const { clock, log } = parts;
  /** What has been told, and when by `clock.elapsed`. */
  const told = new Map<string, number>();

  return (team, method, error) => {
    const code = slackErrorOf(error) ?? codeOf(error) ?? "unauthorized";
    // The one asks just that, and the answer is dealt with where it is asked; the other says it of a single file.
    if (method === "auth.test" || (method === "files.info" && code === "access_denied")) return;
    const scope = neededScope(error);
    const what = `${team}:${code}:${scope ?? ""}`;
    const last = told.get(what);
    const desk = parts.desk();
    if (!desk || (last !== undefined && clock.elapsed() - last < everyMs)) return;
    told.set(what, clock.elapsed());
    const hour = Math.floor(clock.now() / everyMs);
    const keys: [string] = [`${platformName}:trouble:${what}:${hour}`];
    desk
      .receive({ kind: "trouble", keys, code, text: wordsFor(method, code, scope) })
      .catch((failed: unknown) => log.warn("slack.trouble_not_told", { code, error: failed }));
  };
}

function wordsFor(method: string, code: string, scope: string | undefined): string {
  if (method === "apps.connections.open")
    return `Slack lets the desk listen no more (${code}): it hears nothing until SLACK_APP_TOKEN is one that works.`;
  return code === "missing_scope"
    ? `The Slack app lacks the scope ${scope ?? "for"} (${method}). Add it and reinstall the app.`
    : `Slack refuses the app's token (${code}). Reinstall the app.`;
}
