/**
 * Who people are by the workspace's directory. Remembered for some minutes, so that a message seldom waits for it; a
 * directory that is slow or down gives a stand-in instead of holding up the message.
 */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Person } from "../../src/message.ts";
import { slackErrorOf } from "./faults.ts";
import { at, type Json, record, textAt } from "./payload.ts";
import { oneLine } from "./plain-text.ts";
import { userId } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";
import type { Workspace } from "./workspaces.ts";

export interface People {
  /** As far as it is remembered; a stand-in otherwise. */
  known(workspace: Workspace, user: string): { person: Person; certain: boolean };
  /** Looks these up, as many as the directory gives in time. */
  lookUp(workspace: Workspace, users: Iterable<string>): Promise<void>;
  /** Undefined when there is no such user. @throws DeskError platform_* */
  person(workspace: Workspace, user: string): Promise<Person | undefined>;
}

const rememberedMs = 10 * 60_000;
/** After a failed look-up, until the next. */
const forgivenMs = 30_000;
const rememberedMax = 10_000;
/** What a message waits for names at most; Slack wants its acknowledgement within three seconds. */
const patienceMs = 700;
/** Of the names mentioned in one message. */
const lookUpsMax = 10;

/** @param own the company's own workspace, once it is known: nobody of another one is a colleague */
export function createPeople(api: WebApi, own: () => Workspace | undefined, clock: Clock, log: Log): People {
  const remembered = new Map<string, { person: Person | undefined; certain: boolean; until: number }>();
  const underWay = new Map<string, Promise<Person | undefined>>();
  const keyOf = (workspace: Workspace, user: string) => `${workspace.team} ${user}`;

  function remember(key: string, person: Person | undefined, certain: boolean): void {
    remembered.delete(key);
    if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? "");
    remembered.set(key, { person, certain, until: clock.elapsed() + (certain ? rememberedMs : forgivenMs) });
  }

  function ask(workspace: Workspace, user: string): Promise<Person | undefined> {
    const key = keyOf(workspace, user);
    const asked = underWay.get(key);
    if (asked) return asked;
    const asking = askDirectory(workspace, user).finally(() => underWay.delete(key));
    underWay.set(key, asking);
    return asking;
  }

  async function askDirectory(workspace: Workspace, user: string): Promise<Person | undefined> {
    const key = keyOf(workspace, user);
    try {
      const answer = await api.call(workspace.team, "users.info", { user, include_locale: true });
      const found = record(answer.user);
      const person = found && personFrom(found, user, workspace, own());
      remember(key, person, true);
      return person;
    } catch (error) {
      const gone = slackErrorOf(error) === "user_not_found" || slackErrorOf(error) === "user_not_visible";
      remember(key, remembered.get(key)?.person, gone);
      if (gone) return undefined;
      throw error;
    }
  }

  return {
    known(workspace, user) {
      const found = remembered.get(keyOf(workspace, user));
      const certain = found !== undefined && found.until > clock.elapsed();
      return { person: found?.person ?? standIn(workspace, user), certain };
    },
    async lookUp(workspace, users) {
      const asked = [...users].slice(0, lookUpsMax).map((user) =>
        ask(workspace, user).catch((error: unknown) => {
          log.debug("slack.person_unknown", { team: workspace.team, error });
        }),
      );
      const patience = new AbortController();
      const enough = clock.sleep(patienceMs, patience.signal).catch(() => undefined);
      await Promise.race([Promise.all(asked), enough]);
      patience.abort();
    },
    async person(workspace, user) {
      const found = remembered.get(keyOf(workspace, user));
      if (found?.certain && found.until > clock.elapsed()) return found.person;
      return ask(workspace, user);
    },
  };
}

/** Somebody of whom only the id is known. */
function standIn(workspace: Workspace, user: string): Person {
  return { id: userId(workspace.team, user), tenant: workspace.team, name: user };
}

/** Guests and whoever is no colleague are external; only the own directory's addresses count. */
function personFrom(found: Json, user: string, workspace: Workspace, own: Workspace | undefined): Person {
  const profile = at(found, "profile");
  const name =
    textAt(profile, "display_name") ?? textAt(profile, "real_name") ?? textAt(found, "real_name") ?? user;
  const guest = found.is_restricted === true || found.is_ultra_restricted === true;
  const external = guest || !isColleague(found, workspace, own);
  const email = textAt(profile, "email");
  const confirmed = found.is_email_confirmed !== false && found.is_bot !== true;
  const locale = textAt(found, "locale");
  return {
    id: userId(workspace.team, user),
    tenant: workspace.team,
    name: oneLine(name).slice(0, 80) || user,
    ...(external ? { external } : {}),
    ...(email !== undefined && confirmed && !external ? { directoryEmail: email } : {}),
    ...(locale === undefined ? {} : { locale }),
  };
}

/**
 * Whether the account is the company's own, in its workspace or elsewhere in its organisation. Anybody may install the
 * app in a workspace of theirs, and give its members whatever addresses they like.
 */
function isColleague(found: Json, workspace: Workspace, own: Workspace | undefined): boolean {
  if (!own) return false;
  const home = textAt(found, "team_id") ?? workspace.team;
  if (workspace.team === own.team && home === own.team) return true;
  const enterprise = textAt(found, "enterprise_user", "enterprise_id");
  return enterprise !== undefined && enterprise === own.enterprise;
}
