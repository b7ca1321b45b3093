/**
 * Installing the app in further workspaces: `/slack/install` sends a browser to Slack with a signed state that is bound
 * to that browser, `/slack/oauth_redirect` takes it back, checks the state, and keeps the new token. Bolt does the
 * protocol; this says where its results are kept.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Installation as BoltInstallation,
  type InstallationStore as BoltStore,
  HTTPReceiver,
} from "@slack/bolt";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Http } from "./fetch.ts";
import { botScopes } from "./scopes.ts";
import type { Installation, InstallationStore } from "./stores.ts";
import { clientOptions, sdkLogger } from "./web-api.ts";

export interface OAuthConfig {
  clientId: string;
  clientSecret: string;
  /** Signs the state; at least 32 random characters. */
  stateSecret: string;
  /** Where Slack sends the browser back to, as it is written in the app's settings. */
  redirectUri?: string;
  /** Slack's own unless another server is used. */
  authorizationUrl?: string;
}

interface InstallingParts {
  oauth: OAuthConfig;
  store: InstallationStore;
  apiUrl: string | undefined;
  http: Http;
  log: Log;
  /** A workspace has installed the app, perhaps again. */
  onInstalled(installation: Installation): void;
}

export const installPath = "/slack/install";
export const redirectPath = "/slack/oauth_redirect";

/** Answers the requests for the pages of the installation. True when it was one. */
export function createInstallPages(
  parts: InstallingParts,
): (request: IncomingMessage, response: ServerResponse, path: string) => boolean {
  const { oauth, log } = parts;
  const { redirectUri, authorizationUrl } = oauth;
  const receiver = new HTTPReceiver({
    // This one takes no events.
    signingSecret: "none",
    signatureVerification: false,
    endpoints: [],
    logger: sdkLogger(log),
    clientId: oauth.clientId,
    clientSecret: oauth.clientSecret,
    stateSecret: oauth.stateSecret,
    scopes: [...botScopes],
    installationStore: boltStore(parts),
    ...(redirectUri === undefined ? {} : { redirectUri }),
    installerOptions: {
      installPath,
      directInstall: true,
      redirectUriPath: redirectUri === undefined ? redirectPath : new URL(redirectUri).pathname,
      clientOptions: clientOptions(parts.http, log, parts.apiUrl),
      callbackOptions: { failure: (error, _options, _request, response) => sayFailure(log, error, response) },
      ...(authorizationUrl === undefined ? {} : { authorizationUrl }),
    },
  });
  const back = redirectUri === undefined ? redirectPath : new URL(redirectUri).pathname;
  return (request, response, path) => {
    if (path !== installPath && path !== back) return false;
    receiver.requestListener(request, response);
    return true;
  };
}

/** Slack's state that is forged, old or of another browser; what the app was refused; or our own trouble. */
function sayFailure(log: Log, error: Error, response: ServerResponse): void {
  const refused = codeOf(error) === "platform_refused";
  const isState = /state|code/i.test(String((error as { code?: unknown }).code));
  log.warn("slack.not_installed", { error });
  const why = refused ? error.message : "something went wrong; begin again";
  response.writeHead(refused || isState ? 400 : 500, { "content-type": "text/plain; charset=utf-8" });
  response.end(`Not installed: ${why}.\n`);
}

function boltStore({ store, log, onInstalled }: InstallingParts): BoltStore {
  return {
    async storeInstallation(given: BoltInstallation) {
      const { team, bot, enterprise } = given;
      if (!team || !bot) {
        throw new DeskError(
          "platform_refused",
          "this app is installed workspace by workspace, and not in a whole organisation at once",
        );
      }
      const installation: Installation = {
        team: team.id,
        name: team.name ?? team.id,
        botToken: bot.token,
        botUser: bot.userId,
        botId: bot.id,
        scopes: bot.scopes,
        ...(enterprise ? { enterprise: enterprise.id } : {}),
      };
      await store.save(installation);
      onInstalled(installation);
      log.info("slack.installed", { team: team.id, scopes: bot.scopes });
    },
    async fetchInstallation() {
      throw new DeskError("platform_refused", "installations are read elsewhere");
    },
    async deleteInstallation(query) {
      if (query.teamId !== undefined) await store.remove(query.teamId);
    },
  };
}
