/** Which ways in are opened: Socket Mode or HTTP, and HTTP beside Socket Mode where the app can be installed elsewhere. */
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Waits } from "../../src/waits.ts";
import type { Http } from "./fetch.ts";
import { createHttpReceiver } from "./http-receiver.ts";
import { createInstallPages } from "./installing.ts";
import type { Handle, Receiver } from "./receiver.ts";
import type { SlackParts } from "./slack-config.ts";
import { createSocketReceiver } from "./socket-receiver.ts";
import type { Installation } from "./stores.ts";

interface ReceiverNeeds {
  http: Http;
  waits: Waits;
  log: Log;
  handle: Handle;
  /** Aborted, whoever waits to begin does not wait any longer. */
  giveUp: AbortSignal;
  installed(installation: Installation): void;
  /** Told when no connection of Socket Mode can be opened any more for the token's sake. */
  onUnauthorized(error: DeskError): void;
}

export function receiversFor(parts: SlackParts, needs: ReceiverNeeds): Receiver[] {
  const { http, waits, log, handle, giveUp, installed, onUnauthorized } = needs;
  const { config, clock, installations, onListening } = parts;
  const { appToken, apiUrl, host, port, oauth } = config;
  const receivers: Receiver[] = [];
  if (appToken !== undefined) {
    receivers.push(
      createSocketReceiver({ appToken, apiUrl, http, handle, giveUp, waits, onUnauthorized, clock, log }),
    );
  }
  const pages =
    oauth &&
    installations &&
    createInstallPages({
      oauth,
      store: installations,
      apiUrl,
      http,
      log,
      onInstalled: installed,
    });
  const signingSecret = appToken === undefined ? config.signingSecret : undefined;
  if (signingSecret !== undefined || pages) {
    receivers.push(
      createHttpReceiver({
        host,
        port,
        signingSecret,
        handle,
        clock,
        log,
        ...(pages ? { pages } : {}),
        ...(onListening ? { onListening } : {}),
      }),
    );
  }
  if (receivers.length === 0) {
    throw new DeskError("config_invalid", "Slack needs SLACK_APP_TOKEN or SLACK_SIGNING_SECRET");
  }
  return receivers;
}
