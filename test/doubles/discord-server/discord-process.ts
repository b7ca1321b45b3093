/** Runs the double in a process of its own. */
import { fileURLToPath } from "node:url";
import { startDouble } from "../double-process.ts";
import type { Order } from "./remote.ts";

export interface DiscordProcess {
  readonly pid: number;
  /** What DISCORD_API_URL is set to. */
  readonly url: string;
  readonly origin: string;
  readonly token: string;
  readonly guild: string;
  readonly support: string;
  /** Seen only by who has the role `agents`: `order({ do: "giveRole", args: ["Maya", agents] })`. */
  readonly desk: string;
  readonly agents: string;
  /** `order({ as: "Ana", do: "dm", args: ["hello"] })`. @throws what the order threw */
  order(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startDiscordProcess(): Promise<DiscordProcess> {
  type Known = Omit<DiscordProcess, "pid" | "order" | "stop">;
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const { pid, known, orders, stop } = await startDouble<Known, Order>("discord", main);
  return { ...known, pid, order: orders(known.origin), stop };
}
