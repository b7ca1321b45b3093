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
  /** Slack has said that the token is of no use any more: nothing is asked with it again. */
  end(team: string): Promise<void>;
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
  const remembered = new Map<string, { workspace: Workspace | undefined; until: number }>();
  const ended = new Set<string>();
  let own: Workspace | undefined;

  async function find(team: string): Promise<Workspace | undefined> {
    if (ended.has(team)) return undefined;
    if (own?.team === team) return own;
    if (!store) return undefined;
    const known = remembered.get(team);
    if (known && known.until > clock.elapsed()) return known.workspace;
    const stored = await store.find(team);
    const workspace = stored && workspaceOf(stored);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(team, { workspace, until: clock.elapsed() + rememberedMs });
    return workspace;
  }

  return {
    setOwn(workspace) {
      own = workspace;
      ended.delete(workspace.team);
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
      return store || named.length > 0 || ended.has(own?.team ?? "") ? undefined : own;
    },
    async tokenOf(team) {
      if (team === "" && ownToken !== undefined) return own?.token ?? ownToken;
      const workspace = await find(team);
      if (workspace) return workspace.token;
      throw new DeskError("platform_unauthorized", "the app is not installed in this Slack workspace");
    },
    async end(team) {
      ended.add(team);
      remembered.delete(team);
      await store?.remove(team);
    },
    installed(installation) {
      const { team } = installation;
      ended.delete(team);
      remembered.delete(team);
      if (own?.team === team) own = workspaceOf(installation);
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
