/** The first calls of a start: tried again a few times, because a start often comes together with a network's trouble. */
import type { Clock } from "../../src/clock.ts";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";

export const tokenRefused =
  "Discord refuses the bot's token; reset it in the developer portal and set DISCORD_TOKEN";

const attemptsMax = 6;

/**
 * @param leaving no further attempt is made
 * @throws DeskError platform_unauthorized at once; what else went wrong, after several attempts or when leaving
 */
export async function firstContact<T>(
  parts: { what: string; leaving: AbortSignal; clock: Clock; log: Log },
  ask: () => Promise<T>,
): Promise<T> {
  const { clock, log } = parts;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (cause) {
      const error = faultOfStart(cause, parts.what);
      if (codeOf(error) === "platform_unauthorized" || attempt >= attemptsMax || parts.leaving.aborted)
        throw error;
      log.warn("discord.unreachable", { attempt, error });
      await clock.sleep(error.retryAfterMs ?? 500 * 2 ** attempt, parts.leaving).catch(() => undefined);
      if (parts.leaving.aborted) throw error;
    }
  }
}

function faultOfStart(cause: unknown, what: string): DeskError {
  const unauthorized =
    codeOf(cause) === "platform_unauthorized" || (cause as { status?: unknown }).status === 401;
  if (unauthorized) return new DeskError("platform_unauthorized", tokenRefused, { cause });
  if (cause instanceof DeskError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new DeskError("platform_unavailable", `${what} cannot be found: ${said}`, { cause });
}
