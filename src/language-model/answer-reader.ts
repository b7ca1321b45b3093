/**
 * Reads an answer's bytes as they come: a stream of events or one JSON body, whichever it turns out to be. Servers send
 * the one where the other was asked for, and name either by the wrong content type, so the first character decides.
 */
import { StringDecoder } from "node:string_decoder";
import { createParser } from "eventsource-parser";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import { type Call, type SilenceWatch, watchSilence } from "./call-limits.ts";
import { isJson } from "./json-in-text.ts";
import type { Answer } from "./openai-answer.ts";
import type { Bytes } from "./openai-client.ts";
import { brokenAnswer } from "./openai-errors.ts";

/** Bytes of one answer. A token takes about 250 as an event, so this is the room that the longest answer needs. */
const answerBytesMax = 32_000_000;
/** Characters of one event. */
const eventCharactersMax = 4_000_000;
/** How long the count of tokens and the stream's end may take after the answer itself is whole. */
const tailMs = 1_000;

export interface ReaderParts {
  clock: Clock;
  /** Silence after which an answer that has begun counts as dead: until then a model may be thinking. */
  idleTimeoutMs: number;
  call: Call;
}

/**
 * Feeds the answer until it ends.
 * @throws DeskError model_timeout after silence, model_failed when the connection breaks or the bytes make no sense
 */
export async function readAnswer(bytes: Bytes, answer: Answer, parts: ReaderParts): Promise<void> {
  const form = createForm(answer);
  try {
    await readBytes(bytes, parts, { feed: form.feed, begun: () => form.begun, whole: () => answer.whole });
  } catch (error) {
    if (!answer.whole || !(error instanceof BrokenOff))
      throw error instanceof BrokenOff ? error.fault : error;
  }
  form.end();
}

/** The whole body as text. @throws like `readAnswer` */
export async function readText(bytes: Bytes, parts: ReaderParts): Promise<string> {
  const pieces: string[] = [];
  try {
    await readBytes(bytes, parts, {
      feed: (text) => pieces.push(text),
      begun: () => true,
      whole: () => false,
    });
  } catch (error) {
    throw error instanceof BrokenOff ? error.fault : error;
  }
  return pieces.join("");
}

/** The bytes stopped coming before their end; what was read of them may still be all that is needed. */
class BrokenOff extends Error {
  readonly fault: DeskError;
  constructor(fault: DeskError) {
    super(fault.message);
    this.fault = fault;
  }
}

async function readBytes(
  bytes: Bytes,
  { clock, idleTimeoutMs, call }: ReaderParts,
  into: { feed(text: string): void; begun(): boolean; whole(): boolean },
): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]();
  const decoder = new StringDecoder("utf8"); // several times as fast as a TextDecoder
  let onSilence: () => void;
  const silence = new Promise<never>((_resolve, reject) => {
    onSilence = () =>
      reject(
        new BrokenOff(new DeskError("model_timeout", `the answer stopped coming for ${idleTimeoutMs} ms`)),
      );
  });
  let watch: SilenceWatch | undefined;
  let ended = false;

  async function pump(): Promise<void> {
    let count = 0;
    let whole = false;
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        throw new BrokenOff(brokenAnswer(error));
      });
      if (next.done) break;
      count += next.value.byteLength;
      if (count > answerBytesMax) {
        throw new DeskError("model_failed", `the answer is larger than ${answerBytesMax} bytes`);
      }
      into.feed(decoder.write(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)));
      if (!watch && !into.begun() && !into.whole()) continue;
      watch ??= watchSilence(clock, idleTimeoutMs, () => onSilence());
      watch.touch();
      if (!whole && into.whole()) {
        whole = true;
        watch.limit(Math.min(tailMs, idleTimeoutMs));
      }
    }
    ended = true;
    into.feed(decoder.end());
  }

  try {
    await Promise.race([pump(), silence]);
  } finally {
    watch?.stop();
    if (!ended) call.cancel();
  }
}

/** Decides what the bytes are, and hands them to the answer piece by piece or at the end. */
function createForm(answer: Answer) {
  let kind: "unknown" | "events" | "body" = "unknown";
  let held = "";
  let events = 0;
  let strangeLines = 0;
  let ending = false;
  const parser = createParser({
    maxBufferSize: eventCharactersMax,
    onEvent(event) {
      events++;
      // an event that the end of the stream cut in two is missing, not wrong
      if (!ending || isJson(event.data)) answer.event(event.data, event.event);
    },
    onError(error) {
      if (error.type === "max-buffer-size-exceeded") {
        throw new DeskError(
          "model_failed",
          `an event of the stream is longer than ${eventCharactersMax} characters`,
        );
      }
      strangeLines++;
    },
  });

  return {
    /** There is a part of the answer itself. */
    get begun(): boolean {
      return kind === "body" || answer.begun;
    },
    feed(text: string): void {
      if (kind === "events") {
        parser.feed(text);
        return;
      }
      held += text;
      if (kind === "body") return;
      const start = held.trimStart();
      if (!start) return;
      kind = start.startsWith("{") || start.startsWith("[") ? "body" : "events";
      if (kind === "body") return;
      held = "";
      parser.feed(start);
    },
    end(): void {
      if (kind === "body") answer.body(held);
      if (kind !== "events") return;
      ending = true;
      parser.feed("\n\n");
      if (events === 0 && strangeLines > 0) {
        throw new DeskError("model_failed", "the endpoint answered neither JSON nor a stream of events");
      }
    },
  };
}
