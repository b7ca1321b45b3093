/**
 * The workspaces that the app is installed in. One comes from the bot token in the configuration, any number of others
 * from the installation store; what comes from any other workspace is ignored.
 */
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import { at, type Json, listAt, textAt } from "./payload.ts";
import type { Installation, InstallationStore } from "./stores.ts";

export interface Workspace {
  team: string;
  /** The bot's own user id, and its id as an author where no user is named. */
  bot: string;
  botId?: string;
  token: string;
  enterprise?: string;
}

export interface Workspaces {
  /** The workspace of the configured token, once it is known. */
  setOwn(own: Workspace): void;
  readonly own: Workspace | undefined;
  find(team: string): Promise<Workspace | undefined>;
  /** The workspace that this payload is for; undefined when the app is not installed there. */
  of(body: Json): Promise<Workspace | undefined>;
  /** @throws DeskError platform_unauthorized when the app is not, or no longer, installed there */
  tokenOf(team: string): Promise<string>;
  /** As it stands now, whatever is remembered of it: another process may have been told that it was installed anew. */
  anew(team: string): Promise<Workspace | undefined>;
  /** Its token is of no use any more: nothing is asked with it again. One that it was installed with since stays. */
  end(workspace: Workspace): Promise<void>;
  /** The app was installed there, perhaps anew and with another token. */
  installed(installation: Installation): void;
}

const rememberedMs = 5 * 60_000;
const rememberedMax = 5_000;

/** @param ownToken the configured bot token; the empty team stands for its workspace until that is known */
export function createWorkspaces(
  ownToken: string | undefined,
  store: InstallationStore | undefined,
  clock: Clock,
): Workspaces {
  /** Only where it is installed: where it is not, the next moment and another process may change that. */
  const remembered = new Map<string, { workspace: Workspace; until: number }>();
  let own: Workspace | undefined;
  /** Of the others, it is the store that says so. */
  let ownEnded = false;

  async function find(team: string): Promise<Workspace | undefined> {
    if (own?.team === team && !ownEnded) return own;
    if (!store) return undefined;
    const known = remembered.get(team);
    if (known && known.until > clock.elapsed()) return known.workspace;
    const stored = await store.find(team);
    if (!stored) return undefined;
    const workspace = workspaceOf(stored);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(team, { workspace, until: clock.elapsed() + rememberedMs });
    return workspace;
  }

  return {
    setOwn(workspace) {
      own = workspace;
      ownEnded = false;
    },
    get own() {
      return own;
    },
    find,
    async of(body) {
      const named = teamsOf(body);
      for (const team of named) {
        const workspace = await find(team);
        if (workspace) return workspace;
      }
      // Slack always names one; another server that has a single workspace may not.
      return store || named.length > 0 || ownEnded ? undefined : own;
    },
    async tokenOf(team) {
      if (team === "" && ownToken !== undefined) return own?.token ?? ownToken;
      const workspace = await find(team);
      if (workspace) return workspace.token;
      throw new DeskError("platform_unauthorized", "the app is not installed in this Slack workspace");
    },
    anew(team) {
      remembered.delete(team);
      return find(team);
    },
    async end({ team, token }) {
      if (own?.team === team && own.token === token) ownEnded = true;
      remembered.delete(team);
      const stored = await store?.find(team);
      if (stored?.botToken === token) await store?.remove(team);
    },
    installed(installation) {
      const { team } = installation;
      remembered.delete(team);
      if (own?.team !== team) return;
      own = workspaceOf(installation);
      ownEnded = false;
    },
  };
}

function workspaceOf({ team, botUser, botToken, botId, enterprise }: Installation): Workspace {
  return {
    team,
    bot: botUser,
    token: botToken,
    ...(botId === undefined ? {} : { botId }),
    ...(enterprise === undefined ? {} : { enterprise }),
  };
}

/** In a shared channel an event names several workspaces; the one that the app was installed in comes first. */
function teamsOf(body: Json): string[] {
  const teams = [
    ...listAt(body, "authorizations").map((one) => textAt(one, "team_id")),
    textAt(body, "team_id"),
    textAt(body, "view", "app_installed_team_id"),
    textAt(at(body, "team"), "id"),
    textAt(body, "user", "team_id"),
  ];
  return [...new Set(teams.filter((team) => team !== undefined))];
}
