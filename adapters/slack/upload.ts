/** Files out and in: uploading what staff send along, fetching what customers have sent. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { FileRef } from "../../src/message.ts";
import type { OutgoingFile } from "../../src/platform.ts";
import { deskErrorFrom } from "./faults.ts";
import type { Http } from "./fetch.ts";
import { oneLine } from "./plain-text.ts";
import type { Place } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

/**
 * Shares the files, in one message, in this place.
 * @returns their ids
 * @throws DeskError platform_*; platform_refused when one cannot be read, or does not get through
 */
export type Upload = (place: Place, files: OutgoingFile[]) => Promise<string[]>;

const uploadTimeoutMs = 120_000;
const downloadTimeoutMs = 60_000;
/** What does not get through so often, and for so long, holds up its conversation no longer. */
const hopeless = { tries: 3, afterMs: 180_000 } as const;
const failuresMax = 500;

export function createUpload(api: WebApi, http: Http, clock: Clock): Upload {
  /** Of files that have not got through, by where they are and are to go. */
  const failures = new Map<string, { tries: number; since: number }>();

  function isHopeless(what: string): boolean {
    const { tries, since } = failures.get(what) ?? { tries: 0, since: clock.elapsed() };
    failures.delete(what);
    if (tries + 1 >= hopeless.tries && clock.elapsed() - since >= hopeless.afterMs) return true;
    if (failures.size >= failuresMax) failures.clear();
    failures.set(what, { tries: tries + 1, since });
    return false;
  }

  async function one(place: Place, file: OutgoingFile): Promise<{ id: string; title: string }> {
    const { team, channel, ts = "" } = place;
    const filename = oneLine(file.name).replace(/[/\\]/g, "_").slice(0, 200) || "file";
    const what = `${team} ${channel} ${ts} ${file.path}`;
    const bytes = await sizeOf(file);
    const ticket = await api.call(team, "files.getUploadURLExternal", { filename, length: bytes });
    if (!ticket.upload_url || !ticket.file_id) {
      throw new DeskError("platform_unavailable", "files.getUploadURLExternal: an answer without an address");
    }
    try {
      const { statusCode, body } = await http.request(ticket.upload_url, {
        method: "POST",
        headers: { "content-type": "application/octet-stream", "content-length": String(bytes) },
        body: createReadStream(file.path),
        timeoutMs: uploadTimeoutMs,
      });
      await body.dump();
      if (statusCode !== 200) throw new DeskError("platform_unavailable", `the upload: HTTP ${statusCode}`);
    } catch (error) {
      if (isHopeless(what)) {
        throw new DeskError("platform_refused", "a file could not be uploaded", { cause: error });
      }
      // Nobody sees the file before the upload is completed.
      throw deskErrorFrom(error, "the upload", true);
    }
    failures.delete(what);
    return { id: ticket.file_id, title: filename };
  }

  return async (place, files) => {
    const { team, channel, ts } = place;
    const [first, ...rest] = files;
    if (!first) return [];
    const complete: [{ id: string; title: string }, ...{ id: string; title: string }[]] = [
      await one(place, first),
    ];
    for (const file of rest) complete.push(await one(place, file));
    const thread = ts === undefined ? {} : { thread_ts: ts };
    await api.call(team, "files.completeUploadExternal", { files: complete, channel_id: channel, ...thread });
    return complete.map(({ id }) => id);
  };
}

/** Now, on this machine: a copy that is gone will not come back. */
async function sizeOf(file: OutgoingFile): Promise<number> {
  try {
    return (await stat(file.path)).size;
  } catch (cause) {
    throw new DeskError("platform_refused", "a file that is to be posted cannot be read", { cause });
  }
}

/**
 * The content of a received file.
 * @param mayFetch whether this address may be given the token
 * @throws DeskError platform_refused when it is larger than `bytesMax`, or not at an address of Slack's
 */
export async function download(
  http: Http,
  file: FileRef,
  bytesMax: number,
  token: string,
  mayFetch: (url: URL) => boolean,
): Promise<Uint8Array> {
  const url = file.source && URL.canParse(file.source) ? new URL(file.source) : undefined;
  if (!url || !mayFetch(url))
    throw new DeskError("platform_refused", "the file is not at an address of Slack's");
  if (file.bytes > bytesMax) throw tooLarge(bytesMax);
  try {
    const { statusCode, headers, body } = await http.request(url, {
      method: "GET",
      headers: { authorization: `Bearer ${token}` },
      timeoutMs: downloadTimeoutMs,
    });
    if (statusCode !== 200) {
      await body.dump();
      throw downloadFault(statusCode);
    }
    if (Number(headers["content-length"] ?? 0) > bytesMax) {
      leave(body);
      throw tooLarge(bytesMax);
    }
    return await readUpTo(body, bytesMax);
  } catch (error) {
    throw deskErrorFrom(error, "the file", true);
  }
}

/** Slack answers a wrong token, or a missing scope, with a way to its login page. */
function downloadFault(status: number): DeskError {
  if (status === 404 || status === 410) return new DeskError("platform_refused", "the file is gone");
  if (status >= 300 && status < 500 && status !== 429) {
    return new DeskError("platform_unauthorized", `the file: HTTP ${status}; does the app have files:read?`);
  }
  return new DeskError("platform_unavailable", `the file: HTTP ${status}`);
}

async function readUpTo(body: Readable, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      leave(body);
      throw tooLarge(bytesMax);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Ends the exchange without reading the rest; the stream's own complaint about that concerns nobody. */
function leave(body: Readable): void {
  body.on("error", () => {});
  body.destroy();
}

function tooLarge(bytesMax: number): DeskError {
  return new DeskError("platform_refused", `the file is larger than ${bytesMax} bytes`);
}

/** Whether a file's address is Slack's own, or of the Slack server that was configured. */
export function isSlackAddress(url: URL, apiUrl: string | undefined): boolean {
  if (apiUrl !== undefined && URL.canParse(apiUrl) && new URL(apiUrl).origin === url.origin) return true;
  if (url.protocol !== "https:") return false;
  return ["slack.com", "slack-files.com", "slack-edge.com"].some(
    (host) => url.hostname === host || url.hostname.endsWith(`.${host}`),
  );
}
