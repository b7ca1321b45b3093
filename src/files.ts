/**
 * Files that people send are copied while the platform still hands them out: before the turn or the relay of their
 * message, in its lane. A copy lies under the hash of its content in the data folder, so that fetching twice is
 * harmless; what is known of it stands with the message: `copy`, or `fault`, the reason why there is none.
 *
 * A recording is turned into words; these are then what the customer has said.
 */
import { createHash } from "node:crypto";
import { access, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import { codeOf, DeskError, faultOf } from "./errors.ts";
import type { LanguageModel } from "./language-model.ts";
import { type Admitted, noteFiles } from "./ledger/inbox.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { FileRef, Message } from "./message.ts";
import type { Platform } from "./platform.ts";
import { redact } from "./redaction/redact.ts";
import { type ChannelId, platformOf } from "./thread.ts";
import { withinTime } from "./time-limit.ts";

export interface FilesParts {
  /** Where the copies lie. */
  folder: string;
  platforms: ReadonlyMap<string, Platform>;
  /** Staff's recordings are relayed as they are. */
  deskChannel(): ChannelId | undefined;
  model: Pick<LanguageModel, "transcribe">;
  ledger: Ledger;
  clock: Clock;
  log: Log;
}

export type Files = ReturnType<typeof createFiles>;

const bytesMax = 25 * 1024 * 1024;
const filesMax = 10;
const attemptsMax = 3;
const attemptTimeoutMs = 20_000;
const pauseMs = 500;

/** What stands for the words of a recording that nobody could make out. */
export const unheard = "[voice message] (it could not be turned into text)";

export function createFiles(parts: FilesParts) {
  const { folder, ledger, clock, log } = parts;

  /**
   * The same messages, their files copied and their recordings heard.
   * @throws the signal's reason when aborted; what has been copied until then is kept
   */
  async function copied(admitted: readonly Admitted[], signal: AbortSignal): Promise<Admitted[]> {
    const all: Admitted[] = [];
    for (const one of admitted) {
      const { event } = one;
      if (event.kind !== "message" || event.message.files.length === 0) all.push(one);
      else all.push({ ...one, event: { ...event, message: await complete(one.id, event.message, signal) } });
    }
    return all;
  }

  async function complete(id: string, message: Message, signal: AbortSignal): Promise<Message> {
    const files: FileRef[] = [];
    for (const [n, file] of message.files.entries()) {
      const known = file.copy !== undefined || file.fault !== undefined;
      const kept = known ? file : await noted(id, await keep(file, n, message, signal));
      const listens = message.channel !== parts.deskChannel() && isVoice(kept) && kept.words === undefined;
      files.push(listens ? await noted(id, await listenTo(kept, signal)) : kept);
    }
    const words = files.flatMap((file) =>
      file.words === undefined || message.text.includes(file.words) ? [] : [file.words],
    );
    return { ...message, files, text: [message.text, ...words].filter(Boolean).join("\n") };
  }

  /** From here on it is known, whatever happens to this process. */
  async function noted(id: string, file: FileRef): Promise<FileRef> {
    await ledger.write((tx) => noteFiles(tx, id, [file]));
    return file;
  }

  async function keep(file: FileRef, n: number, message: Message, signal: AbortSignal): Promise<FileRef> {
    const named = { ...file, name: cleanName(file.name) };
    try {
      if (n >= filesMax)
        throw new DeskError("platform_refused", `only ${filesMax} files of a message are copied`);
      const content = await fetched(file, message, signal);
      const copy = await store(content);
      log.info("file.copied", { message: message.id, bytes: content.byteLength });
      return { ...named, copy, bytes: content.byteLength };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      log.warn("file.missed", { message: message.id, error });
      return { ...named, fault: error instanceof DeskError ? faultOf(error) : "it could not be kept" };
    }
  }

  /** Tried again where that may help. */
  async function fetched(file: FileRef, message: Message, signal: AbortSignal): Promise<Uint8Array> {
    const platform = parts.platforms.get(platformOf(message.id));
    if (!platform?.download) throw new DeskError("platform_refused", "this platform hands out no files");
    const download = platform.download.bind(platform);
    if (file.bytes > bytesMax) throw tooLarge();
    for (let attempt = 1; ; attempt++) {
      try {
        const content = await withinTime({ clock, toolTimeoutMs: attemptTimeoutMs }, signal, () =>
          download(file, bytesMax),
        );
        if (content.byteLength > bytesMax) throw tooLarge();
        return content;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const final = codeOf(error) === "platform_refused" || codeOf(error) === "platform_unreachable";
        if (final || attempt >= attemptsMax) throw missed(error);
        await clock.sleep(pauseMs * 2 ** attempt, signal);
      }
    }
  }

  /** Whole or not at all under its name. @returns the name: the hash of the content */
  async function store(content: Uint8Array): Promise<string> {
    const name = createHash("sha256").update(content).digest("hex");
    const path = join(folder, name);
    if (await exists(path)) return name;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const part = join(folder, `${clock.id("part")}`);
    const file = await open(part, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
    return name;
  }

  async function listenTo(file: FileRef, signal: AbortSignal): Promise<FileRef> {
    try {
      const transcribe = parts.model.transcribe;
      if (!file.copy || !transcribe) return { ...file, words: unheard };
      const recording = await open(join(folder, file.copy));
      const content = await recording.readFile().finally(() => recording.close());
      const spoken = await transcribe.call(
        parts.model,
        { name: file.name, mediaType: file.mediaType, content },
        { signal },
      );
      const words = redact(spoken.trim().slice(0, wordsCharactersMax)).text;
      return { ...file, words: words === "" ? unheard : `[voice message] ${words}` };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      log.warn("voice.unheard", { error });
      return { ...file, words: unheard };
    }
  }

  return { copied };
}

const wordsCharactersMax = 8_000;

const isVoice = (file: FileRef): boolean => file.voice === true || file.mediaType.startsWith("audio/");

const tooLarge = (): DeskError =>
  new DeskError("platform_refused", `it is larger than ${bytesMax / 1024 / 1024} MB`);

function missed(error: unknown): DeskError {
  if (error instanceof DeskError && error.code !== "tool_timeout") return error;
  return new DeskError("platform_unavailable", "it could not be fetched", { cause: error });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A name without a way to anywhere else, that shows as what it is. */
function cleanName(name: string): string {
  const plain = name
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replace(/[/\\:*?"<>|@`[\]()]/g, "_")
    .replace(/^\.+/, "_")
    .trim();
  const ending = /\.[^.]{1,10}$/.exec(plain)?.[0] ?? "";
  return plain.length > 100 ? `${plain.slice(0, 100 - ending.length)}${ending}` : plain || "file";
}
