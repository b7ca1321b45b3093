/** Lines that break between words, as wide as a terminal is. Pure. */

/** Narrower ones break words anyway. */
const columnsMin = 20;
const indentOf = /^\s*(?:[-*>•] )?/;

/**
 * One line as many: words that are too long for any line, such as links, stay whole. What follows stands below the first
 * word of a list's point.
 * @param columns undefined: the line stays as it is
 */
export function wrapped(line: string, columns: number | undefined): string[] {
  if (columns === undefined || columns < columnsMin || line.length <= columns) return [line];
  const indent = " ".repeat(Math.min(indentOf.exec(line)?.[0].length ?? 0, columnsMin / 2));
  const lines: string[] = [];
  let now = "";
  for (const word of line.split(/(?<=\S)(?= )/)) {
    if (now.trim() !== "" && now.length + word.length > columns) {
      lines.push(now);
      now = `${indent}${word.trimStart()}`;
    } else now += word;
  }
  return [...lines, now];
}
