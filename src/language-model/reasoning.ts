/**
 * Some servers hand out a model's thinking as part of its text, between `<think>` and `</think>` before the answer. It
 * is not for customers. Text that does not begin so passes through untouched and, but for a possible beginning of the
 * tag, at once. Other models have other words for it.
 */
export interface ReasoningFilter {
  /** The part of what has come so far that may be shown now. */
  take(delta: string): string;
  /** The part that was held back because it might have become a tag, or thinking. */
  rest(): string;
}

const closing = "</think>";
/** How thinking begins, and what ends it. */
const tags: readonly (readonly [opening: string, closing: string])[] = [
  ["<think>", closing],
  ["<thinking>", "</thinking>"],
  ["<thought>", "</thought>"],
  ["<reasoning>", "</reasoning>"],
  ["[THINK]", "[/THINK]"],
  ["◁think▷", "◁/think▷"],
  ["<|channel|>analysis<|message|>", "<|channel|>final<|message|>"],
];

/** @param begun the model is known to begin with its thinking, and to close it without having opened it */
export function createReasoningFilter(begun = false): ReasoningFilter {
  let state: "presumed" | "undecided" | "thinking" | "between" | "answer" = begun ? "presumed" : "undecided";
  let end = closing;
  let held = "";

  /** What may be shown of the text that is held. */
  function decide(): string {
    if (state === "undecided") {
      const start = held.trimStart();
      const tag = tags.find(([opening]) => start.startsWith(opening));
      if (tag) {
        state = "thinking";
        end = tag[1];
        held = start.slice(tag[0].length);
      } else if (!tags.some(([opening]) => opening.startsWith(start))) state = "answer";
    }
    if (state === "thinking" || state === "presumed") {
      const at = held.indexOf(end);
      if (at >= 0) {
        state = "between";
        held = held.slice(at + end.length);
      } else if (state === "thinking") held = held.slice(1 - end.length); // as much as may be the beginning of the tag
    }
    if (state === "between") {
      held = held.trimStart();
      if (held) state = "answer";
    }
    return state === "answer" ? held : "";
  }

  return {
    take(delta) {
      if (state === "answer") return delta;
      held += delta;
      return decide();
    },
    rest: () => (state === "undecided" || state === "presumed" ? held : ""),
  };
}

/**
 * A whole text without what a model has thought in the middle of it, or before a `</think>` that nothing opens: the
 * templates of some models open it in the prompt. Whether there was such a one is told as well.
 */
export function withoutThoughts(text: string): { text: string; unopened: boolean } {
  if (!text.includes(closing)) return { text, unopened: false };
  const said = text.replace(/<think>[\s\S]*?<\/think>\s*/g, "");
  const at = said.lastIndexOf(closing);
  return at < 0
    ? { text: said, unopened: false }
    : { text: said.slice(at + closing.length).trimStart(), unopened: true };
}
