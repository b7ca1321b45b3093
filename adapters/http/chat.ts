/** POST /chat: waits with a request for its reply, or shows it while it is written. */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { eventStream, type Send } from "./event-stream.ts";
import type { Exchange, Happening } from "./exchanges.ts";
import type { Taken } from "./intake.ts";
import type { Life } from "./life.ts";
import type { HttpLimits } from "./limits.ts";
import { answerOf, type End, otherOf } from "./outgoing.ts";
import { bodyOf, Problem } from "./problems.ts";
import type { Answer } from "./schemas.ts";
import type { Sessions } from "./sessions.ts";

export interface ChatParts {
  sessions: Sessions;
  life: Life;
  limits: HttpLimits;
  clock: Clock;
  log: Log;
}

export interface Chat {
  /** @throws Problem reply-timeout | interrupted: the message is kept */
  reply(taken: Taken, gone: AbortSignal): Promise<Response>;
  /** The same as events; a problem is the last of them. */
  stream(taken: Taken, gone: AbortSignal): Response;
}

type Ending = End | "reply-timeout" | "interrupted";

export function createChat(parts: ChatParts): Chat {
  const { sessions, life, limits, clock, log } = parts;

  /** However the wait ends. Whoever has gone away is not told, so for them it does not matter how. */
  function ending(exchange: Exchange, gone: AbortSignal): Promise<Ending> {
    return new Promise<Ending>((resolve) => {
      const cancels: (() => void)[] = [];
      const over = (ending: Ending): void => {
        for (const cancel of cancels) cancel();
        resolve(ending);
      };
      const left = () => over("interrupted");
      gone.addEventListener("abort", left);
      cancels.push(
        () => gone.removeEventListener("abort", left),
        clock.after(limits.replyTimeoutMs, () => over("reply-timeout")),
        life.whenOver(left),
      );
      if (gone.aborted) left();
      void exchange.ended.then(over);
    });
  }

  function answer(taken: Taken, end: End): Promise<Answer> {
    taken.answer ??= makeAnswer(taken, end);
    return taken.answer;
  }

  async function makeAnswer({ session, exchange }: Taken, end: End): Promise<Answer> {
    const now = await sessions.find(exchange.thread).catch((error: unknown) => {
      log.warn("http.session_unread", { thread: exchange.thread, error });
      return undefined;
    });
    return answerOf(session, end, now);
  }

  function problemOf(ending: "reply-timeout" | "interrupted", session: string): Problem {
    return new Problem(ending, {
      detail: "Its reply will be in the conversation.",
      session_id: session,
      retryAfterMs: 5_000,
    });
  }

  async function reply(taken: Taken, gone: AbortSignal): Promise<Response> {
    const unwatch = taken.exchange.watch(() => {});
    const ended = await ending(taken.exchange, gone);
    unwatch();
    if (typeof ended === "string") throw problemOf(ended, taken.session);
    return Response.json(await answer(taken, ended), { status: ended.reply ? 200 : 202 });
  }

  async function tell(taken: Taken, gone: AbortSignal, send: Send): Promise<void> {
    send("session", { session_id: taken.session });
    let seen = "";
    const show = (happening: Happening): void => {
      seen = seenAfter(seen, happening);
      send(...eventOf(happening));
    };
    const unwatch = taken.exchange.watch(show);
    const ended = await ending(taken.exchange, gone);
    unwatch();
    if (typeof ended === "string") {
      send("error", bodyOf(problemOf(ended, taken.session)));
      return;
    }
    const done = await answer(taken, ended);
    const text = done.response ?? "";
    // What has been shown ends as exactly the reply, whatever has become of the draft.
    if (!text.startsWith(seen)) show({ kind: "replace", text });
    else if (text !== seen) show({ kind: "text", text: text.slice(seen.length) });
    send("done", done);
  }

  return {
    reply,
    stream: (taken, gone) =>
      eventStream({ heartbeatMs: limits.heartbeatMs, clock }, async (send) => {
        try {
          await tell(taken, gone, send);
        } catch (error) {
          log.error("http.broke", { thread: taken.exchange.thread, error });
          send("error", bodyOf(new Problem("internal-error", { session_id: taken.session })));
        }
      }),
  };
}

function seenAfter(seen: string, happening: Happening): string {
  switch (happening.kind) {
    case "text":
      return seen + happening.text;
    case "replace":
      return happening.text;
    case "step":
    case "message":
      return seen;
  }
}

function eventOf(happening: Happening): [event: string, data: unknown] {
  switch (happening.kind) {
    case "text":
    case "replace":
      return [happening.kind, { text: happening.text }];
    case "step":
      return ["step", { id: happening.id, title: happening.title, state: happening.state }];
    case "message":
      return ["message", otherOf(happening.shown)];
  }
}
