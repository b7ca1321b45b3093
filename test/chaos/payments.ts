/**
 * A payment backend as they are: money moves once per idempotency key, but only as long as the key is remembered (a day);
 * a 500 is stored and said again; a twin of a request that is under way gets 409. What was done can be looked up for ever.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { approvalAboveMinor } from "./company.ts";
import type { Effect } from "./record.ts";

export interface Payments {
  url: string;
  effects: Effect[];
  /** Moves the next payment's money and never answers; `then` is called at once. */
  withholdNext(then: () => void): void;
  /** The next payments fail with a 500 that is stored: with the money moved, or not. */
  breakNext(times: number, moved: boolean): void;
  /** A day passes: keys are forgotten. */
  dayPasses(): void;
  clearFaults(): void;
  close(): Promise<void>;
}

interface Stored {
  status: number;
  body: unknown;
}

export async function createPayments(): Promise<Payments> {
  const effects: Effect[] = [];
  const stored = new Map<string, Stored>();
  const underWay = new Set<string>();
  const refunded = new Map<string, number>();
  let withheld: (() => void) | undefined;
  let broken = { times: 0, moved: false };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const [, what = "", id = ""] = (request.url ?? "").split("/");
    if (what === "orders") return answer(response, 200, orderOf(id));
    if (request.method === "GET") {
      const effect = effects.find((one) => one.key === id);
      return effect ? answer(response, 200, resultOf(effect)) : answer(response, 404, {});
    }
    const key = String(request.headers["idempotency-key"]);
    pay(key, JSON.parse(Buffer.concat(parts).toString()) as Wish, response);
  }

  function pay(key: string, wish: Wish, response: ServerResponse): void {
    if (underWay.has(key)) return answer(response, 409, { error: "a request with this key is under way" });
    const before = stored.get(key);
    if (before) return answer(response, before.status, before.body);
    const fails = broken.times > 0;
    if (fails) broken.times -= 1;
    if (fails && !broken.moved) {
      stored.set(key, { status: 500, body: { error: "internal" } });
      return answer(response, 500, { error: "internal" });
    }
    const effect = { at: Date.now(), key, ...wish };
    effects.push(effect);
    refunded.set(wish.subject, (refunded.get(wish.subject) ?? 0) + wish.minor);
    const result: Stored = fails
      ? { status: 500, body: { error: "internal" } }
      : { status: 200, body: resultOf(effect) };
    stored.set(key, result);
    const then = withheld;
    withheld = undefined;
    if (!then) return answer(response, result.status, result.body);
    underWay.add(key);
    response.on("close", () => underWay.delete(key));
    then();
  }

  const orderOf = (id: string) => ({
    captured_minor: capturedFor(id),
    refunded_minor: refunded.get(id) ?? 0,
    placed: new Date().toISOString().slice(0, 10),
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    effects,
    withholdNext(then) {
      withheld = then;
    },
    breakNext(times, moved) {
      broken = { times, moved };
    },
    dayPasses: () => stored.clear(),
    clearFaults() {
      withheld = undefined;
      broken = { times: 0, moved: false };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Wish {
  subject: string;
  minor: number;
  customer: string;
}

/** Every seventh order is worth more than the desk may pay back without a person. */
export function capturedFor(order: string): number {
  const number = Number(order.replace(/\D/g, ""));
  return number % 7 === 0 ? approvalAboveMinor + number : 100 + (number % 9_000);
}

const resultOf = ({ subject, minor }: Effect) => ({ paid: true, subject, minor });

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
