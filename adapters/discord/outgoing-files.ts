/** The files of a post, read for Discord. */
import { readFile } from "node:fs/promises";
import { DeskError } from "../../src/errors.ts";
import type { OutgoingFile } from "../../src/platform.ts";
import { DiscordFault, tooLarge } from "./faults.ts";
import type { CallOptions } from "./rest.ts";

const bytesMax = 25 * 1024 * 1024;

/** @throws DeskError platform_refused when a file cannot be read or they are too large */
export async function filesOf(files: readonly OutgoingFile[]): Promise<Pick<CallOptions, "files">> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > bytesMax)
    throw new DiscordFault("platform_refused", `files of ${bytes} bytes are too large for Discord`, tooLarge);
  const read = async (file: OutgoingFile) => ({
    name: file.name,
    contentType: file.mediaType,
    data: new Uint8Array(await readFile(file.path)),
  });
  try {
    return { files: await Promise.all(files.map(read)) };
  } catch (cause) {
    throw new DeskError("platform_refused", "a file that is to be posted cannot be read", { cause });
  }
}
