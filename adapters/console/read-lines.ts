/** Lines from a stream of bytes: together as they arrived together, and no more of a line in memory than its limit. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A line, or how many characters one had of which nothing was kept. */
export type Line = string | { tooLong: number };

export interface LineHandlers {
  lineCharactersMax: number;
  lines(lines: Line[]): void;
  ended(): void;
}

export function readLines(input: Readable, handlers: LineHandlers): void {
  const decoder = new StringDecoder("utf8");
  let open = "";
  let openLength = 0;
  let over = false;

  function take(text: string, last: boolean): void {
    const parts = text.split("\n");
    const done: Line[] = [];
    parts.forEach((part, at) => {
      openLength += part.length;
      open = openLength > handlers.lineCharactersMax ? "" : open + part;
      if (at === parts.length - 1 && (!last || openLength === 0)) return;
      done.push(openLength > handlers.lineCharactersMax ? { tooLong: openLength } : open);
      open = "";
      openLength = 0;
    });
    if (done.length > 0) handlers.lines(done);
  }

  function end(): void {
    if (over) return;
    over = true;
    take(decoder.end(), true);
    handlers.ended();
  }

  input.on("data", (chunk: Buffer) => take(decoder.write(chunk), false));
  input.on("end", end);
  // A terminal that has gone away ends without an end.
  input.on("error", end);
  input.on("close", end);
}
