/**
 * One chat completion: asked for as a stream, read as whatever comes. Nothing is retried here but a request that the
 * server would not take in its full form (openai-dialect.ts); the form that it took is remembered.
 */
import type { Clock } from "../clock.ts";
import type { ModelStep } from "../language-model.ts";
import type { Log } from "../log.ts";
import { readAnswer } from "./answer-reader.ts";
import { type Call, withinTime } from "./call-limits.ts";
import { createAnswer } from "./openai-answer.ts";
import type { Bytes, OpenAIClient } from "./openai-client.ts";
import { common, concede, type Dialect, fullDialect, inDialect } from "./openai-dialect.ts";
import { RefusedError } from "./openai-errors.ts";
import type { ChatMessage, ChatTool, ThoughtsOf } from "./openai-prompt.ts";

export interface ChatParts {
  client: OpenAIClient;
  model: string;
  temperature: number;
  /** For the whole call. */
  timeoutMs: number;
  /** Silence after which an answer that has begun counts as dead. */
  idleTimeoutMs: number;
  /** Gets what comes with each call. */
  thoughts: ThoughtsOf;
  clock: Clock;
  log: Log;
}

/** What is asked, whatever form it is sent in. */
export interface Ask {
  messages: ChatMessage[];
  tools?: ChatTool[];
  /** The `response_format`, which a server may ignore or refuse. */
  format?: Record<string, unknown>;
}

/** @throws like LanguageModel.step */
export type Chat = (ask: Ask, signal: AbortSignal, show?: (delta: string) => void) => Promise<ModelStep>;

export function createChat(parts: ChatParts): Chat {
  const { client, model, clock, log, timeoutMs, idleTimeoutMs } = parts;
  let learned = fullDialect;
  let thinksFirst = false;

  function learn(dialect: Dialect): void {
    const both = common(learned, dialect);
    if (JSON.stringify(both) === JSON.stringify(learned)) return; // another call was first
    learned = both;
    log.info("model.adapted", { model, ...both });
  }

  async function open(ask: Ask, call: Call): Promise<Bytes> {
    const started = learned;
    for (let dialect = started; ; ) {
      try {
        const bytes = await client.chat(bodyOf(ask, parts, dialect), call.signal);
        if (dialect !== started) learn(dialect);
        return bytes;
      } catch (error) {
        const smaller = error instanceof RefusedError && concede(dialect, error, ask.format !== undefined);
        if (!smaller) throw error;
        dialect = smaller;
      }
    }
  }

  return (ask, signal, show) =>
    withinTime({ clock, timeoutMs }, signal, async (call) => {
      const bytes = await open(ask, call);
      const answer = createAnswer({
        show: (delta) => {
          if (!call.signal.aborted) show?.(delta);
        },
        newId: () => clock.id("call"),
        isSecret: client.isSecret,
        tools: (ask.tools ?? []).map((tool) => tool.function.name),
        thinksFirst,
        keep: (made, came) => void parts.thoughts.set(made, came),
      });
      await readAnswer(bytes, answer, { clock, idleTimeoutMs, call });
      const step = answer.step();
      thinksFirst ||= answer.thinksFirst;
      return step;
    });
}

function bodyOf(
  ask: Ask,
  { model, temperature }: { model: string; temperature: number },
  dialect: Dialect,
): Record<string, unknown> {
  return {
    model,
    ...(dialect.temperature ? { temperature } : {}),
    messages: inDialect(ask.messages, dialect),
    ...(ask.tools && ask.tools.length > 0 ? { tools: ask.tools } : {}),
    ...(ask.format && dialect.responseFormat ? { response_format: ask.format } : {}),
    ...(dialect.stream ? { stream: true } : {}),
    ...(dialect.streamOptions ? { stream_options: { include_usage: true } } : {}),
  };
}
