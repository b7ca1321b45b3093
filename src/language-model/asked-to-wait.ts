/** An endpoint that has asked to wait is not asked again before that time, by whatever thread: it is told what it has said. */
import { DeskError } from "../errors.ts";
import type { Waits } from "../waits.ts";

/** Timers may be a little early. */
const earlyMs = 25;

/**
 * @param parts.name of what was asked: `chat`, at which endpoint
 * @returns the same call; throws DeskError model_rate_limited with the time that is left
 */
export function waitingAsAsked<A extends unknown[], R>(
  ask: (...args: A) => Promise<R>,
  { waits, name }: { waits: Waits; name: string },
): (...args: A) => Promise<R> {
  return async (...args) => {
    const retryAfterMs = waits.left(name);
    if (retryAfterMs > earlyMs)
      throw new DeskError("model_rate_limited", "the endpoint has asked to wait", { retryAfterMs });
    try {
      return await ask(...args);
    } catch (error) {
      const asked = error instanceof DeskError ? error.retryAfterMs : undefined;
      if (asked !== undefined) waits.note(name, asked);
      throw error;
    }
  };
}

/** An endpoint by its address, without what may be secret in it. */
export function endpointOf(baseURL: string | undefined): string {
  const address = baseURL || "https://api.openai.com/v1";
  if (!URL.canParse(address)) return "";
  const { host, pathname } = new URL(address);
  return `${host}${pathname}`.slice(0, 500);
}
