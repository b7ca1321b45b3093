/**
 * Calls to Slack's Web API. Slack's client is told to retry nothing and to wait at most ten seconds: retries live in
 * the outbox, where a doubt is looked up first. Where Slack has asked to wait, nothing is asked again before that time
 * is over; other channels and methods go on.
 */
import { type Logger, LogLevel, webApi } from "@slack/bolt";
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Waits } from "../../src/waits.ts";
import { deskErrorFrom, isUnknownMethod, refusesToken } from "./faults.ts";
import type { Http } from "./fetch.ts";
import { type MethodName, methods } from "./scopes.ts";

type Dig<Here, Path extends string> = Path extends `${infer Head}.${infer Rest}`
  ? Head extends keyof Here
    ? Dig<Here[Head], Rest>
    : never
  : Path extends keyof Here
    ? Here[Path]
    : never;
type Call<M extends MethodName> = Extract<Dig<webApi.WebClient, M>, (...args: never[]) => unknown>;

/** What Slack's own types say the method takes and gives. */
export type ArgumentsOf<M extends MethodName> = NonNullable<Parameters<Call<M>>[0]>;
export type ResultOf<M extends MethodName> = Awaited<ReturnType<Call<M>>>;

export interface WebApi {
  /** @throws DeskError platform_*; what Slack said is in its cause */
  call<M extends MethodName>(team: string, method: M, args: ArgumentsOf<M>): Promise<ResultOf<M>>;
  /** A dispensable method that this server has only in name: it is not asked again for a while. */
  lacks(team: string, method: MethodName): void;
  /** Resolves when nothing is under way that may show something; what only asks need not be waited for. */
  settled(): Promise<void>;
}

export interface WebApiParts {
  /** Ends in `/api/`; Slack's own when undefined. */
  apiUrl?: string;
  http: Http;
  /** What Slack has said, by team, method and, where it counts by channels, channel. */
  waits: Waits;
  clock: Clock;
  log: Log;
  /** @throws DeskError platform_unauthorized when the team has no working token */
  tokenOf(team: string): Promise<string>;
  /** This token was refused: whether the team has another one by now, which `tokenOf` gives from now on. */
  hasAnother(team: string, refused: string): Promise<boolean>;
  /** Told of every call that was refused for the token's sake. */
  onUnauthorized(team: string, method: MethodName, error: DeskError): void;
}

export const callTimeoutMs = 10_000;
const clientsMax = 1_000;
const lackedMax = 10_000;
/** A server that lacks a dispensable method is asked again after this time: it may have been replaced by a newer one. */
const lackedMs = 30 * 60_000;

export function createWebApi(parts: WebApiParts): WebApi {
  const { apiUrl, http, waits, clock, log, tokenOf, hasAnother, onUnauthorized } = parts;
  const clients = new Map<string, webApi.WebClient>();
  const underWay = new Set<Promise<unknown>>();
  /** Until when a group of methods is not asked for, by team and group. */
  const lacked = new Map<string, number>();

  function clientOf(token: string): webApi.WebClient {
    const known = clients.get(token);
    if (known) return known;
    const client = new webApi.WebClient(token, clientOptions(http, log, apiUrl));
    if (clients.size >= clientsMax) clients.delete(clients.keys().next().value ?? "");
    clients.set(token, client);
    return client;
  }

  function refuseWhileClosed(gate: string, method: string): void {
    const retryAfterMs = waits.left(gate);
    if (retryAfterMs > 0)
      throw new DeskError("platform_rate_limited", `${method}: Slack has asked to wait`, { retryAfterMs });
  }

  function refuseWhileLacked(team: string, method: MethodName): void {
    const group = groupOf(method);
    if (group === undefined || (lacked.get(`${team} ${group}`) ?? 0) <= clock.elapsed()) return;
    throw new DeskError("platform_refused", `${method}: this server does not have it`);
  }

  function lacks(team: string, method: MethodName): void {
    const group = groupOf(method);
    if (group === undefined) return;
    log.info("slack.method_lacking", { team, method });
    if (lacked.size >= lackedMax) lacked.clear();
    lacked.set(`${team} ${group}`, clock.elapsed() + lackedMs);
  }

  async function attempt<M extends MethodName>(
    team: string,
    method: M,
    args: ArgumentsOf<M>,
  ): Promise<ResultOf<M>> {
    const gate = gateOf(team, method, args);
    refuseWhileLacked(team, method);
    refuseWhileClosed(gate, method);
    const token = await tokenOf(team);
    try {
      return (await clientOf(token).apiCall(method, { ...args })) as Awaited<ResultOf<M>>;
    } catch (thrown) {
      if (groupOf(method) !== undefined && isUnknownMethod(thrown)) {
        lacks(team, method);
        throw new DeskError("platform_refused", `${method}: this server does not have it`, { cause: thrown });
      }
      if (refusesToken(thrown) && (await hasAnother(team, token))) return attempt(team, method, args);
      const error = deskErrorFrom(thrown, method, isRepeatable(method));
      if (error.retryAfterMs !== undefined) waits.note(gate, error.retryAfterMs);
      if (error.code === "platform_unauthorized") onUnauthorized(team, method, error);
      log.debug("slack.call_failed", { method, team, code: error.code, fault: error.message });
      throw error;
    }
  }

  return {
    call(team, method, args) {
      const call = attempt(team, method, args);
      if (!isRepeatable(method)) {
        underWay.add(call);
        const over = () => underWay.delete(call);
        call.then(over, over);
      }
      return call;
    },
    lacks,
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}

function isRepeatable(method: MethodName): boolean {
  return "repeatable" in methods[method];
}

function groupOf(method: MethodName): string | undefined {
  const known = methods[method];
  return "dispensable" in known ? known.dispensable : undefined;
}

function gateOf(team: string, method: MethodName, args: object): string {
  const channel = methods[method].limit === "channel" && "channel" in args ? String(args.channel) : "";
  return `${team} ${method} ${channel}`;
}

export function clientOptions(http: Http, log: Log, apiUrl: string | undefined): webApi.WebClientOptions {
  return {
    fetch: http.fetch,
    logger: sdkLogger(log),
    timeout: callTimeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    maxRequestConcurrency: 500,
    allowAbsoluteUrls: false,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
  };
}

/** The SDK's own words, without its debug lines: those hold whole requests. */
export function sdkLogger(log: Log): Logger {
  const say = (...words: unknown[]) =>
    log.debug("slack.sdk", { text: words.map(String).join(" ").slice(0, 500) });
  return {
    debug() {},
    info: say,
    warn: say,
    error: say,
    setLevel() {},
    setName() {},
    getLevel: () => LogLevel.ERROR,
  };
}
