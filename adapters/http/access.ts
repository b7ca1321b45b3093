/** API keys: who may ask at all, and in which tenant. */
import { createHash, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { openTenant } from "./thread-id.ts";

export interface Access {
  /** False where everybody on this machine may ask. */
  readonly keyed: boolean;
  /** The tenant of the key in an Authorization header; undefined when it holds none that is known. */
  tenantOf(authorization: string | undefined): string | undefined;
}

const bearer = /^Bearer +([!-~]+)$/i;

/** @param keys none: every request is of one tenant, which is for loopback only */
export async function createAccess(keys: readonly string[]): Promise<Access> {
  const known = await Promise.all(
    keys.map(async (key) => ({ digest: digestOf(key), tenant: await tenantOfKey(key) })),
  );
  return {
    keyed: known.length > 0,
    tenantOf(authorization) {
      if (known.length === 0) return openTenant;
      const given = digestOf(bearer.exec(authorization ?? "")?.[1] ?? "");
      let tenant: string | undefined;
      // Every key is compared, and all of each: the time says nothing of how near a guess was.
      for (const key of known) if (timingSafeEqual(key.digest, given)) tenant = key.tenant;
      return tenant;
    },
  };
}

const digestOf = (key: string): Buffer => createHash("sha256").update(key).digest();

/** Stands in ids and logs, so it is slow to compute: a short key cannot be found again from it. */
async function tenantOfKey(key: string): Promise<string> {
  const hash = await promisify<string, string, number, Buffer>(scrypt)(key, "deskhand.http.tenant", 9);
  return hash.toString("base64url");
}

/** Whether a host, with or without a port, names this machine's own loopback. */
export function isLoopback(host: string): boolean {
  const [, inBrackets, plain] = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/.exec(host) ?? [];
  const name = (inBrackets ?? plain ?? host).toLowerCase();
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}
