/** Replies that were being streamed when the program ended: half of them would stay visible for ever. */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { deleteStream } from "./deleting.ts";
import { metadataType } from "./direct-threads.ts";
import { slackErrorOf } from "./faults.ts";
import { textAt } from "./payload.ts";
import type { OpenStream, StreamStore } from "./stores.ts";
import type { WebApi } from "./web-api.ts";

/** Longer than any reply is written: younger ones may be those of another process, and are found with their post. */
const writtenForMs = 15 * 60_000;

/** Takes back what an earlier process has left unfinished; what cannot be reached now is tried at the next start. */
export async function takeBackStreams(
  api: WebApi,
  streams: StreamStore,
  clock: Clock,
  log: Log,
): Promise<void> {
  for (const stream of await streams.all()) {
    if (clock.now() - Number(stream.ts) * 1000 < writtenForMs) continue;
    try {
      if (await isHalf(api, stream)) await deleteStream(api, stream.team, stream.channel, stream.ts);
      await streams.remove(stream);
    } catch (error) {
      log.warn("slack.stream_left", { team: stream.team, channel: stream.channel, error });
    }
  }
}

/** The same of one reply that is looked for and is not there: whoever looks knows that nobody writes it any more. */
export async function takeBackStreamOf(
  key: string,
  api: WebApi,
  streams: StreamStore,
  log: Log,
): Promise<void> {
  for (const stream of await streams.all()) {
    if (stream.key !== key) continue;
    if (await isHalf(api, stream)) await deleteStream(api, stream.team, stream.channel, stream.ts);
    await streams.remove(stream);
    log.info("slack.stream_taken_back", { team: stream.team, channel: stream.channel, ts: stream.ts });
  }
}

/**
 * Whether it is still there and still a half. A finished reply carries its key, and was only not yet crossed off; nor was
 * one that somebody has taken back and died.
 */
async function isHalf(api: WebApi, { team, channel, ts }: OpenStream): Promise<boolean> {
  const range = { channel, ts, oldest: ts, latest: ts, inclusive: true, include_all_metadata: true };
  try {
    const { messages } = await api.call(team, "conversations.replies", range);
    const message = messages?.find((one) => one.ts === ts);
    return textAt(message, "metadata", "event_type") !== metadataType;
  } catch (error) {
    if (slackErrorOf(error) === "thread_not_found") return false;
    throw error;
  }
}
