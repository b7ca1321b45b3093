/** Server-sent events: one response that tells what happens until it ends. */
import type { Clock } from "../../src/clock.ts";

export type Send = (event: string, data: unknown) => void;

/**
 * @param run tells its events; the stream ends when it does, and it must not reject
 * @param heartbeatMs after so long in silence a comment shows that the connection lives
 */
export function eventStream(
  parts: { heartbeatMs: number; clock: Clock },
  run: (send: Send) => Promise<void>,
): Response {
  const encoder = new TextEncoder();
  let open = true;
  let stopHeartbeat = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string): void => {
        if (open) controller.enqueue(encoder.encode(text));
      };
      stopHeartbeat = parts.clock.every(parts.heartbeatMs, () => write(": still here\n\n"));
      // JSON has no line ends of its own, so the data is always one line.
      const send: Send = (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      void run(send).finally(() => {
        stopHeartbeat();
        if (open) controller.close();
        open = false;
      });
    },
    cancel() {
      open = false;
      stopHeartbeat();
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" },
  });
}
