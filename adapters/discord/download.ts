/** The content of a received file: from Discord's own hosts or the configured server, and no more than asked for. */
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { FileRef } from "../../src/message.ts";

const hosts = new Set(["cdn.discordapp.com", "media.discordapp.net"]);
const timeoutMs = 60_000;

/**
 * @throws DeskError platform_refused when it is larger than `bytesMax` or stands elsewhere; platform_unreachable when
 *   it is gone; platform_unavailable otherwise
 */
export async function download(
  file: FileRef,
  bytesMax: number,
  parts: { apiUrl: string; clock: Clock },
): Promise<Uint8Array> {
  const url = addressOf(file, parts.apiUrl);
  if (file.bytes > bytesMax) throw tooLarge(bytesMax);
  const timer = new AbortController();
  const cancel = parts.clock.after(timeoutMs, () => timer.abort(new Error("no answer in time")));
  try {
    const response = await fetch(url, { redirect: "error", signal: timer.signal });
    if (response.status === 404 || response.status === 403 || response.status === 410) {
      throw new DeskError("platform_unreachable", "the file is gone, or its address has expired");
    }
    if (!response.ok || !response.body) {
      throw new DeskError("platform_unavailable", `the file's server answered ${response.status}`);
    }
    return await readAtMost(response.body, bytesMax);
  } catch (error) {
    if (error instanceof DeskError) throw error;
    throw new DeskError("platform_unavailable", "the file could not be fetched", { cause: error });
  } finally {
    cancel();
    timer.abort();
  }
}

function addressOf(file: FileRef, apiUrl: string): URL {
  const url = URL.canParse(file.source ?? "") ? new URL(file.source as string) : undefined;
  const api = new URL(apiUrl);
  const discords = url?.protocol === "https:" && hosts.has(url.host);
  if (url && (discords || url.origin === api.origin)) return url;
  throw new DeskError("platform_refused", "this file does not stand on Discord");
}

async function readAtMost(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

const tooLarge = (bytesMax: number): DeskError =>
  new DeskError("platform_refused", `the file is larger than ${bytesMax} bytes`);
