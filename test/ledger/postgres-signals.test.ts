/** Words between processes, when the server that they go over cannot be listened to, or falls silent. */
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Clock, createClock } from "../../src/clock.ts";
import { createSignals, type Signals } from "../../src/ledger/postgres-signals.ts";
import { createLog } from "../../src/log.ts";

const log = createLog("silent");
const real = createClock();
/** Seconds are hundredths of them. */
const clock: Clock = {
  ...real,
  after: (ms, call) => real.after(ms / 100, call),
  every: (ms, call) => real.every(ms / 100, call),
  sleep: (ms, signal) => real.sleep(ms / 100, signal),
};

/** What the server does with a connection that comes, and with what is asked on those that are there. */
type Manner = "answers" | "answers late" | "refuses to be listened to" | "silent";
let manner: Manner;
let came: number;
let server: Server;
const open = new Set<Socket>();
let signals: Signals;
let heard: (string | undefined)[];

/** As much of Postgres' protocol as is needed: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: string): Buffer {
  const bytes = Buffer.from(body, "latin1");
  const head = Buffer.from(`${type}\0\0\0\0`, "latin1");
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}
const ready = message("Z", "I");
const done = Buffer.concat([message("C", "SELECT 0\0"), ready]);
const isStandby = Buffer.concat([
  message("E", "SERROR\0C25006\0Mcannot execute LISTEN during recovery\0\0"),
  ready,
]);

beforeEach(async () => {
  manner = "answers";
  came = 0;
  heard = [];
  server = createServer((socket) => {
    came += 1;
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    let greeted = false;
    socket.on("data", async (data) => {
      if (manner === "silent") return;
      if (manner === "answers late") await real.sleep(10);
      const text = data.toString("latin1");
      if (!greeted) socket.write(Buffer.concat([message("R", "\0\0\0\0"), ready]));
      else if (text.startsWith("X")) socket.end();
      else socket.write(manner.startsWith("refuses") && text.includes("LISTEN ") ? isStandby : done);
      greeted = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const url = `postgres://desk:hush@127.0.0.1:${port}/desk`;
  signals = await createSignals({ url, hear: (word) => void heard.push(word), clock, log });
});
afterEach(async () => {
  manner = "answers";
  await signals.close();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function cut(): void {
  for (const socket of open) socket.destroy();
}

it("leave no connection behind on a server that only follows another, which has no room for many", async () => {
  manner = "refuses to be listened to";
  cut();
  await expect.poll(() => came).toBeGreaterThan(5);
  expect(open.size).toBeLessThanOrEqual(2);
  manner = "answers";
  await expect.poll(() => heard).toEqual([undefined]);
});

it.each([true, false])(
  "are heard again after a way that fell silent, whether anything was said: %s",
  async (said) => {
    manner = "silent";
    if (said) signals.tell("hello");
    await expect.poll(() => came).toBeGreaterThan(1);
    manner = "answers";
    await expect.poll(() => heard).toEqual([undefined]);
  },
);

it("keep nobody who stops waiting for an answer that does not come", async () => {
  manner = "silent";
  signals.tell("hello");
  await signals.close();
});

it("are closed for good also while they look for the server again", async () => {
  manner = "answers late";
  cut();
  await expect.poll(() => came, { interval: 1 }).toBe(2);
  await signals.close();
  await expect.poll(() => open.size).toBe(0);
  expect(heard).toEqual([]);
});
