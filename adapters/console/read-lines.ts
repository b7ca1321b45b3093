/** Lines from a stream of bytes: together as they arrived together, none longer than the limit is kept. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

export interface LineHandlers {
  lineCharactersMax: number;
  lines(lines: string[]): void;
  tooLong(characters: number): void;
  ended(): void;
}

export function readLines(input: Readable, handlers: LineHandlers): void {
  const decoder = new StringDecoder("utf8");
  let open = "";
  let openLength = 0;

  function take(text: string, last: boolean): void {
    const parts = text.split(/\r?\n/);
    const done: string[] = [];
    parts.forEach((part, at) => {
      openLength += part.length;
      if (openLength <= handlers.lineCharactersMax) open += part;
      if (at === parts.length - 1 && !last) return;
      if (openLength > handlers.lineCharactersMax) handlers.tooLong(openLength);
      else done.push(open);
      open = "";
      openLength = 0;
    });
    if (done.length > 0) handlers.lines(done);
  }

  input.on("data", (chunk: Buffer) => take(decoder.write(chunk), false));
  input.on("end", () => {
    take(decoder.end(), true);
    handlers.ended();
  });
  input.on("error", () => handlers.ended());
}
