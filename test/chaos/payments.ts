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
    const effect = effects.find((one) => one.key === id);
    if (what === "orders") answer(response, 200, orderOf(id));
    else if (request.method === "GET") answer(response, effect ? 200 : 404, effect ? resultOf(effect) : {});
    else {
      const key = String(request.headers["idempotency-key"]);
      pay(key, JSON.parse(Buffer.concat(parts).toString()) as Wish, response);
    }
  }

  function pay(key: string, wish: Wish, response: ServerResponse): void {
    const before = underWay.has(key) ? twin : (stored.get(key) ?? failure(key));
    if (before) {
      answer(response, before.status, before.body);
      return;
    }
    const fails = broken.times > 0;
    if (fails) broken.times -= 1;
    const effect = { at: Date.now(), key, ...wish };
    effects.push(effect);
    refunded.set(wish.subject, (refunded.get(wish.subject) ?? 0) + wish.minor);
    const result: Stored = fails ? internal : { status: 200, body: resultOf(effect) };
    stored.set(key, result);
    const then = withheld;
    withheld = undefined;
    if (!then) {
      answer(response, result.status, result.body);
      return;
    }
    underWay.add(key);
    response.on("close", () => underWay.delete(key));
    then();
  }

  /** A failure that moves nothing, when one is due. */
  function failure(key: string): Stored | undefined {
    if (broken.times === 0 || broken.moved) return undefined;
    broken.times -= 1;
    stored.set(key, internal);
    return internal;
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

const internal: Stored = { status: 500, body: { error: "internal" } };
const twin: Stored = { status: 409, body: { error: "a request with this key is under way" } };

const resultOf = ({ subject, minor }: Effect) => ({ paid: true, subject, minor });

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
