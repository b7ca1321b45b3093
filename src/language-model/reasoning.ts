/**
 * Some servers hand out a model's thinking as part of its text, between `<think>` and `</think>` before the answer. It
 * is not for customers. Text that does not begin so passes through untouched and, but for a possible beginning of the
 * tag, at once.
 */
export interface ReasoningFilter {
  /** The part of what has come so far that may be shown now. */
  take(delta: string): string;
  /** The part that was held back because it might have become a tag. */
  rest(): string;
}

const opening = "<think>";
const closing = "</think>";

export function createReasoningFilter(): ReasoningFilter {
  let state: "undecided" | "thinking" | "between" | "answer" = "undecided";
  let held = "";

  /** What may be shown of the text that is held. */
  function decide(): string {
    if (state === "undecided") {
      const start = held.trimStart();
      if (start.startsWith(opening)) {
        state = "thinking";
        held = start.slice(opening.length);
      } else if (!opening.startsWith(start)) state = "answer";
    }
    if (state === "thinking") {
      const end = held.indexOf(closing);
      if (end >= 0) {
        state = "between";
        held = held.slice(end + closing.length);
      } else held = held.slice(1 - closing.length); // as much as may be the beginning of the closing tag
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
    rest: () => (state === "undecided" ? held : ""),
  };
}
