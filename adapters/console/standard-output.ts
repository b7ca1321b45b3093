/** Standard output, written to at once and whole: when it returns, the reader has it or is gone. */
import { writeSync } from "node:fs";

const pauseMs = 5;

export function writeToStandardOutput(text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A pipe that is closed has no reader to serve.
      if (code === "EPIPE" || code === "EIO" || code === "EBADF") return;
      if (code !== "EAGAIN") throw error;
      // One that is full for the moment is waited for: a reply is posted when it has been written.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
