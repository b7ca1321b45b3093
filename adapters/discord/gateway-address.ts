/**
 * Where the gateway is, and how often one may identify there. Discord says all of it; other servers that speak its
 * protocol say less, and some put parameters into the address that the library then adds once more.
 */
import type { APIGatewayBotInfo } from "discord.js";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Rest } from "./rest.ts";

const limitUnlessTold = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 };

/** @throws DeskError */
export async function gatewayAddress(rest: Rest): Promise<APIGatewayBotInfo> {
  const told = await rest.call<Partial<APIGatewayBotInfo>>("GET", "/gateway/bot").catch((error: unknown) => {
    if (codeOf(error) !== "platform_refused") throw error;
    return rest.call<Partial<APIGatewayBotInfo>>("GET", "/gateway");
  });
  const url = bareAddress(told?.url);
  if (url === undefined)
    throw new DeskError("platform_unavailable", "Discord does not say where its gateway is");
  return {
    url,
    shards: 1,
    session_start_limit: { ...limitUnlessTold, ...told.session_start_limit },
  };
}

/** Without parameters; undefined where there is none. */
export function bareAddress(url: string | undefined): string | undefined {
  if (!url || !URL.canParse(url)) return undefined;
  const bare = new URL(url);
  bare.search = "";
  bare.hash = "";
  bare.protocol = bare.protocol.replace("http", "ws");
  return bare.href;
}
