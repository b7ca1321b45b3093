/** A request's body as JSON: bounded in size, in time and in form before anybody looks at it. */
import type { Clock } from "../../src/clock.ts";
import { Problem } from "./problems.ts";

export interface BodyLimits {
  bodyBytesMax: number;
  bodyTimeoutMs: number;
}

const jsonForm = /^application\/(?:[0-9a-z.+-]+\+)?json\s*(?:;.*)?$/i;

/** @throws Problem not-json | body-too-large | request-too-slow | invalid-request */
export async function readJson(request: Request, limits: BodyLimits, clock: Clock): Promise<unknown> {
  if (!jsonForm.test(request.headers.get("content-type") ?? "")) throw new Problem("not-json");
  if (request.headers.has("content-encoding")) {
    throw new Problem("not-json", { detail: "The body must not be compressed." });
  }
  const bytes = await readBytes(request, limits, clock);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Problem("invalid-request", {
      errors: [{ pointer: "", detail: "The body is not JSON in UTF-8." }],
    });
  }
}

async function readBytes(request: Request, limits: BodyLimits, clock: Clock): Promise<Uint8Array> {
  const tooLarge = () =>
    new Problem("body-too-large", { detail: `At most ${limits.bodyBytesMax} bytes are taken.` });
  if (Number(request.headers.get("content-length") ?? 0) > limits.bodyBytesMax) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let late = false;
  const cancelTimer = clock.after(limits.bodyTimeoutMs, () => {
    late = true;
    void reader.cancel().catch(() => {});
  });
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      bytes += read.value.byteLength;
      if (bytes > limits.bodyBytesMax) throw tooLarge();
      chunks.push(read.value);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("invalid-request", { detail: "The body broke off." });
  } finally {
    cancelTimer();
  }
  if (late) throw new Problem("request-too-slow");
  return Buffer.concat(chunks);
}
