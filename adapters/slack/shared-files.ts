/**
 * Files from people of other companies. In a channel that is shared with them a message only names these: what they are,
 * and where they lie, has to be asked for. A message waits for that a moment; what Slack has not said by then is asked
 * again when the file is fetched.
 */
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { FileRef } from "../../src/message.ts";
import { slackErrorOf } from "./faults.ts";
import { fileFrom } from "./incoming.ts";
import { at, type Json, listAt, record, textAt } from "./payload.ts";
import { placeOf } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

export interface SharedFiles {
  /** The same payload, the files in its message as Slack describes them; the very same where nothing was to be asked. */
  described(team: string, body: Json): Promise<Json>;
  /** The file with where it lies. @throws DeskError platform_refused when Slack does not hand it out; platform_* */
  located(file: FileRef): Promise<FileRef>;
}

/** A message comes more than once: as a mention, too, and again. */
const rememberedMs = 60_000;
const rememberedMax = 1_000;
/** What a message waits at most; Slack wants its acknowledgement within three seconds. */
const patienceMs = 1_000;
/** Of one message. */
const filesMax = 10;

export function createSharedFiles(api: WebApi, clock: Clock, log: Log): SharedFiles {
  const remembered = new Map<string, { file: Promise<Json | undefined>; until: number }>();

  async function ask(team: string, file: string): Promise<Json | undefined> {
    return record((await api.call(team, "files.info", { file })).file);
  }

  function known(team: string, file: string): Promise<Json | undefined> {
    const key = `${team} ${file}`;
    const before = remembered.get(key);
    if (before && before.until > clock.elapsed()) return before.file;
    if (remembered.size >= rememberedMax) remembered.clear();
    const asking = ask(team, file);
    remembered.set(key, { file: asking, until: clock.elapsed() + rememberedMs });
    asking.catch(() => remembered.delete(key));
    return asking;
  }

  /** What Slack says of them within the time, by their ids. */
  async function lookUp(team: string, ids: readonly string[]): Promise<Map<string, Json>> {
    const found = new Map<string, Json>();
    const asked = ids.slice(0, filesMax).map((id) =>
      known(team, id).then(
        (file) => file && found.set(id, file),
        (error: unknown) => log.debug("slack.file_unknown", { team, error }),
      ),
    );
    const patience = new AbortController();
    const enough = clock.sleep(patienceMs, patience.signal).catch(() => undefined);
    await Promise.race([Promise.all(asked), enough]);
    patience.abort();
    return found;
  }

  return {
    async described(team, body) {
      const ids = [body, at(body, "event")].flatMap((holder) =>
        [holder, at(holder, "message")].flatMap((message) => listAt(message, "files").flatMap(namedOnly)),
      );
      if (ids.length === 0) return body;
      const found = await lookUp(team, [...new Set(ids)]);
      const event = at(body, "event");
      return withFiles(event ? { ...body, event: withFiles(event, found) } : body, found);
    },
    async located(file) {
      const { team, channel: id } = placeOf(file.id);
      try {
        const [now] = fileFrom((await ask(team, id)) ?? {}, team);
        return now ?? file;
      } catch (error) {
        const why = slackErrorOf(error);
        if (why === undefined || !withheld.has(why)) throw error;
        throw new DeskError("platform_refused", `Slack does not hand out this file (${why})`, {
          cause: error,
        });
      }
    },
  };
}

const withheld = new Set(["access_denied", "file_deleted", "file_not_found"]);

function namedOnly(file: Json): string[] {
  const id = textAt(file, "id");
  return id !== undefined && textAt(file, "file_access") === "check_file_info" ? [id] : [];
}

/** An event or an interaction, with the files of its own and of the message in it. */
function withFiles(holder: Json, found: ReadonlyMap<string, Json>): Json {
  const message = at(holder, "message");
  const inner = message ? { ...holder, message: withFiles(message, found) } : holder;
  if (!Array.isArray(inner.files)) return inner;
  return { ...inner, files: inner.files.map((file) => found.get(textAt(file, "id") ?? "") ?? file) };
}
