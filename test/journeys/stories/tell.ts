/** Plays a story on a stage, and holds what people see against what they must see. */
import { expect } from "vitest";
import type { OpenAIServerOptions, Reply } from "../../doubles/openai-server.ts";
import type { Stage } from "../stages/stage.ts";
import { buttonIn, type Line, linesOf, partsOf, type Story } from "./story.ts";

/** The model of a stage: what it does next, in order. */
export interface Prompter {
  script: NonNullable<OpenAIServerOptions["script"]>;
  next(replies: readonly ModelLine[]): void;
  /** How much of that it was not asked for. */
  left(): number;
  /** What its tools have said to it since then. */
  told(): string;
}

export type ModelLine = Reply | "the result";

const limitMs = 25_000;

export function createPrompter(): Prompter {
  let replies: ModelLine[] = [];
  let heard: string[] = [];
  return {
    script: ({ body }) => {
      const reply = replies.shift();
      const messages = body.messages as { role: string; content: string | null }[];
      const asked = messages.findLastIndex(({ role }) => role === "user");
      heard = messages.slice(asked).flatMap(({ role, content }) => (role === "tool" ? [content ?? ""] : []));
      const result = messages.at(-1)?.content ?? "";
      if (reply === "the result") return { text: `Our system says: ${result}` };
      return reply ?? { text: "The story has no words for this." };
    },
    next: (more) => {
      replies = [...more];
      heard = [];
    },
    left: () => replies.length,
    told: () => heard.join("\n"),
  };
}

/** @param prompter none with the offline model */
export async function tell(story: Story, stage: Stage, prompter?: Prompter): Promise<void> {
  const lines = linesOf(story.told);
  let before = 0;
  const since = async (): Promise<string> => (await stage.read()).slice(before).join("\n");

  async function act(what: () => Promise<void>, turn: boolean): Promise<void> {
    before = (await stage.read()).length;
    const ended = stepsEnded(stage);
    await what();
    if (turn)
      await soon(
        async () => stepsEnded(stage) > ended,
        () => "the turn never ended",
      );
  }
  async function reads(text: string): Promise<void> {
    if (text === "(silence)") expect(await since()).toBe("");
    else await holds(since, text, "the customer");
  }

  /** Where the platform does not know them, a customer is asked, and what they wanted goes on from there. */
  async function prove(customer: string, model: readonly ModelLine[]): Promise<void> {
    if (stage.knows) return;
    await reads("… e-mail address …");
    const mailed = stage.mailedCodes().length;
    await act(() => stage.says(`${customer}@example.com`), true);
    await reads("… six digits …");
    const known = await found(() => stage.mailedCodes()[mailed]);
    prompter?.next(model);
    await act(() => stage.says(known), true);
  }

  /** The model has done all that the story has for it, so that every call in it was made. */
  function finishTurn(place: number): void {
    const turn = lines.slice(0, place).findLastIndex(({ role }) => role === "customer");
    if (!prompter || turn < 0 || lines.slice(turn, place).some(({ role }) => role === "faulty")) return;
    expect(prompter.left(), `lines of the model that were not needed after “${lines[turn]?.text}”`).toBe(0);
  }

  await stage.enter(story.customer);
  for (const [place, { role, text }] of lines.entries()) {
    try {
      switch (role) {
        case "customer": {
          finishTurn(place);
          const model = modelLines(lines, place);
          const asked = lines.slice(place + 1).findIndex((line) => line.role === "customer");
          const own = lines.slice(place + 1, asked < 0 ? undefined : place + 1 + asked);
          const unknown = !stage.knows && own.some((line) => line.role === "proof");
          prompter?.next(unknown ? [...model.slice(0, 1), askWho] : model);
          const button = buttonIn(text);
          await act(
            () => (button === undefined ? stage.says(text) : pressed(() => stage.presses(button))),
            true,
          );
          break;
        }
        case "proof":
          await prove(text, modelLines(lines, lastCustomer(lines, place)));
          break;
        case "staff": {
          const button = buttonIn(text);
          await act(
            () => (button === undefined ? stage.staffSays(text) : pressed(() => stage.staffPresses(button))),
            false,
          );
          break;
        }
        case "bot":
          await reads(text);
          break;
        case "desk":
          await holds(async () => stage.desk(), text, "staff");
          break;
        case "never":
          for (const part of partsOf(text))
            expect((await since()).toLowerCase()).not.toContain(part.toLowerCase());
          break;
        case "who":
          expect(specialist(stage)).toBe(text);
          break;
        case "meanwhile":
          await stage.restart();
          break;
        case "told":
          if (prompter) await holds(async () => prompter.told(), text, "the model");
          break;
        case "model":
        case "faulty":
          break;
      }
    } catch (error) {
      throw new Error(
        `${stage.platform}, at “${role}: ${text}”: ${error instanceof Error ? error.message : error}`,
        {
          cause: error,
        },
      );
    }
  }
  finishTurn(lines.length);
}

const askWho: ModelLine = { text: "Before I look, I need to know who you are." };

function lastCustomer(lines: readonly Line[], place: number): number {
  return lines.slice(0, place).findLastIndex((line) => line.role === "customer");
}

/** What the model does in the turn of the customer's line at this place. */
function modelLines(lines: readonly Line[], place: number): ModelLine[] {
  const rest = lines.slice(place + 1);
  const end = rest.findIndex((line) => line.role === "customer");
  return rest.slice(0, end < 0 ? undefined : end).flatMap(({ role, text }): ModelLine[] => {
    if (role === "model") return [stepIn(text)];
    const [, times, step = ""] = role === "faulty" ? (/^(\d+) × (.+)$/.exec(text) ?? []) : [];
    return Array.from({ length: Number(times ?? 0) }, () => stepIn(step));
  });
}

function stepIn(text: string): ModelLine {
  if (text === "the result") return text;
  const said = /^“(.*)”$/s.exec(text)?.[1];
  if (said !== undefined) return { text: said };
  const calls = Array.from(text.matchAll(/(\w+) (\{[^{}]*\}?)/g), ([, name = "", given = ""]) => ({
    name,
    arguments: given,
  }));
  if (calls.length === 0) throw new Error(`not a step of a model: ${text}`);
  return { calls };
}

const stepsEnded = (stage: Stage): number =>
  stage
    .program()
    .log()
    .filter(({ event }) => event === "turn.ended" || event === "message.relayed").length;

function specialist(stage: Stage): unknown {
  return stage
    .program()
    .log()
    .findLast(({ event }) => event === "turn.ended")?.specialist;
}

async function holds(shown: () => Promise<string>, text: string, who: string): Promise<void> {
  let now = "";
  const lacking = () => partsOf(text).filter((part) => !now.toLowerCase().includes(part.toLowerCase()));
  await soon(
    async () => {
      now = await shown();
      return lacking().length === 0;
    },
    () => `${who} never saw ${JSON.stringify(lacking())}, only:\n${now.slice(-3_000)}`,
  );
}

/** A button is pressed as soon as it can be seen. */
async function pressed(press: () => Promise<void>): Promise<void> {
  let why = "";
  await soon(
    async () => {
      try {
        await press();
        return true;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
        if (/sees no (?:such )?button/.test(why)) return false;
        throw error;
      }
    },
    () => why,
  );
}

async function found(look: () => string | undefined): Promise<string> {
  let value: string | undefined;
  await soon(
    async () => {
      value = look();
      return value !== undefined;
    },
    () => "nothing was found",
  );
  return value ?? "";
}

async function soon(met: () => Promise<boolean>, story: () => string): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await met())) {
    if (performance.now() > end) throw new Error(story());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
