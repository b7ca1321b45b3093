import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that a system gives to whoever asks for any: until it is used, nobody is given it. */
const from = 10_000;
const to = 30_000;

/** A port for a server that is to have the same one after it was started again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(from, to);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
