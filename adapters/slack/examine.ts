/** What is wrong with the installation, for `deskhand doctor`: tokens, scopes, channels. */
import { codeOf, faultOf } from "../../src/errors.ts";
import type { Problem } from "../../src/platform.ts";
import { slackErrorOf } from "./faults.ts";
import { at } from "./payload.ts";
import { botScopes } from "./scopes.ts";
import type { WebApi } from "./web-api.ts";

export interface Examined {
  appToken: string | undefined;
  supportChannels: readonly string[];
  deskChannel: string | undefined;
}

/** @param team empty for the workspace of the configured token */
export async function examine(api: WebApi, team: string, asked: Examined): Promise<Problem[]> {
  const problems: Problem[] = [];
  const scopes = await granted(api, team, problems);
  if (scopes) {
    const missing = botScopes.filter((scope) => !scopes.includes(scope));
    if (missing.length > 0) {
      problems.push({
        where: "Slack app, bot token scopes",
        fault: `missing: ${missing.join(", ")}`,
        remedy:
          "Paste manifest.yml under App Manifest (or add them under OAuth & Permissions), then reinstall the app.",
      });
    }
    for (const channel of asked.supportChannels) {
      problems.push(...(await channelProblems(api, team, channel, "SLACK_SUPPORT_CHANNELS")));
    }
    if (asked.deskChannel !== undefined) {
      problems.push(...(await channelProblems(api, team, asked.deskChannel, "DESK_CHANNEL")));
    }
  }
  if (asked.appToken !== undefined) problems.push(...(await appTokenProblems(api, team, asked.appToken)));
  return problems;
}

/** The scopes of the token; undefined when it does not work at all. */
async function granted(api: WebApi, team: string, problems: Problem[]): Promise<string[] | undefined> {
  try {
    const answer = await api.call(team, "auth.test", {});
    const scopes = at(answer, "response_metadata")?.scopes;
    return Array.isArray(scopes) ? scopes.map(String) : [...botScopes];
  } catch (error) {
    problems.push({
      where: "SLACK_BOT_TOKEN",
      fault: faultOf(error),
      remedy:
        codeOf(error) === "platform_unauthorized"
          ? "Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions; install the app first."
          : "Check the network and SLACK_API_URL.",
    });
    return undefined;
  }
}

async function channelProblems(
  api: WebApi,
  team: string,
  channel: string,
  where: string,
): Promise<Problem[]> {
  try {
    const { channel: found } = await api.call(team, "conversations.info", { channel });
    if (found?.is_archived) {
      return [{ where, fault: `${channel} is archived`, remedy: "Unarchive it, or name another channel." }];
    }
    if (found?.is_member === false) {
      const remedy = "Write /invite @Deskhand in that channel.";
      return [{ where, fault: `the bot is not a member of ${channel}`, remedy }];
    }
    return [];
  } catch (error) {
    const unknown = slackErrorOf(error) === "channel_not_found";
    return [
      {
        where,
        fault: unknown ? `the bot sees no channel ${channel}` : `${channel}: ${faultOf(error)}`,
        remedy: "Give the channel's id (C…, in the channel's details), and invite the bot to it.",
      },
    ];
  }
}

async function appTokenProblems(api: WebApi, team: string, appToken: string): Promise<Problem[]> {
  try {
    await api.call(team, "apps.connections.open", { token: appToken });
    return [];
  } catch (error) {
    return [
      {
        where: "SLACK_APP_TOKEN",
        fault: faultOf(error),
        remedy:
          "Make an app-level token (xapp-…) with connections:write under Basic Information, and turn Socket Mode on.",
      },
    ];
  }
}
