/**
 * What of a reply may be seen while it is still being written: whole words, once everything up to them has passed what
 * keeps a reply from harming anybody, and passes it as it is. An address is not seen before its end, and then only when
 * it may be; a number in groups not before its last group.
 */

/** Behind a word that no longer number goes on from, or behind a sentence of a script without spaces. */
const end = /(?<=^|\s)(?![\d-]+\s)\S+\s+|[。！？]/g;

/** How much more has to be there before it is looked at again: the longer the text, the more. */
const stepOf = (length: number): number => Math.floor(length / 6);

/**
 * Takes what is written piece by piece, and shows of it what passes.
 * @param passes whether this beginning of the reply is harmless as it is
 */
export function showPassing(
  show: (text: string) => void,
  passes: (text: string) => boolean,
): (delta: string) => void {
  let written = "";
  let shown = 0;
  let tried = 0;
  return (delta) => {
    written += delta;
    const whole = endOf(written, tried);
    if (whole === tried || whole - tried < stepOf(tried)) return;
    tried = whole;
    if (!passes(written.slice(0, whole))) return;
    show(written.slice(shown, whole));
    shown = whole;
  };
}

/** Where the last whole word ends; `from` when none has ended since. */
function endOf(text: string, from: number): number {
  let last = from;
  for (const match of text.slice(from).matchAll(end)) last = from + match.index + match[0].length;
  return last;
}
