/** Runs the double in a process of its own. */
import { fileURLToPath } from "node:url";
import { startDouble } from "../double-process.ts";
import type { Order } from "./remote.ts";

export interface SlackProcess {
  readonly pid: number;
  readonly url: string;
  readonly apiUrl: string;
  readonly appToken: string;
  readonly botToken: string;
  readonly signingSecret: string;
  /** `order({ as: "U1", do: "dm", args: ["hello"] })`. @throws what the order threw */
  order(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startSlackProcess(): Promise<SlackProcess> {
  type Known = Omit<SlackProcess, "pid" | "order" | "stop">;
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const { pid, known, orders, stop } = await startDouble<Known, Order>("slack", main);
  return { ...known, pid, order: orders(known.url), stop };
}
