/** How a Slack run reaches the desk: Socket Mode or HTTP for events, and the pages on which a workspace installs the app. */
import { freePort } from "../doubles/free-port.ts";
import type { SlackServer } from "../doubles/slack-server/slack-server.ts";
import { otherTeam } from "./slack-homes.ts";

export interface SlackLine {
  env: Record<string, string>;
  envOf(name: string): Record<string, string>;
  secrets: readonly string[];
  /** Somebody of the other workspace opens the page of the desk that runs, and allows it. */
  install(): Promise<void>;
}

const stateSecret = "a-state-secret-of-at-least-32-characters";
/** As many as processes run a desk. */
const processes = 2;

export async function createSlackLine(slack: SlackServer, transport: "socket" | "http"): Promise<SlackLine> {
  const ports = await Promise.all(Array.from({ length: processes }, freePort));
  const addresses = ports.map((port) => `http://127.0.0.1:${port}`);
  const http = transport === "http";
  return {
    env: {
      ...(http ? { SLACK_SIGNING_SECRET: slack.signingSecret } : { SLACK_APP_TOKEN: slack.appToken }),
      SLACK_CLIENT_ID: slack.clientId,
      SLACK_CLIENT_SECRET: slack.clientSecret,
      SLACK_STATE_SECRET: stateSecret,
    },
    envOf(name) {
      const nth = Number(/\d+$/.exec(name)?.[0] ?? 1) - 1;
      return { SLACK_PORT: String(ports[nth] ?? ports[0]) };
    },
    secrets: [
      stateSecret,
      slack.clientSecret,
      slack.signingSecret,
      slack.world.teams.get(otherTeam)?.token ?? "",
    ],
    async install() {
      slack.installer = { team: otherTeam, user: "U2" };
      const [desk = ""] = addresses;
      const page = await fetch(`${desk}/slack/install`, { redirect: "manual" });
      const cookie = (page.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
      const consent = new URL(page.headers.get("location") ?? "");
      consent.searchParams.set("redirect_uri", `${desk}/slack/oauth_redirect`);
      const allowed = await fetch(consent, { redirect: "manual" });
      const done = await fetch(allowed.headers.get("location") ?? "", { headers: { cookie } });
      if (done.status !== 200) throw new Error(`the other workspace was not installed: ${await done.text()}`);
      if (http) slack.sendEventsTo(...addresses.map((address) => `${address}/slack/events`));
    },
  };
}
