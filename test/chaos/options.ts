/** What `npm run chaos` is told. */
import { parseArgs } from "node:util";
import { plants } from "./plants.ts";
import { points } from "./points.ts";

export interface ChaosOptions {
  seed: number;
  minutes: number;
  /** The run ends after so many deaths at random and so many at each point, or the minutes. */
  kills: number | undefined;
  each: number | undefined;
  db: "sqlite" | "postgres";
  platform: "slack" | "discord";
  /** How Slack brings events. */
  transport: "socket" | "http";
  /** Only this point; `random` for deaths at any moment; `none` for no deaths at all. */
  point: string | undefined;
  plant: string | undefined;
  messagesPerSecond: number;
  customers: number;
  /** Whether acknowledgements must be quick; pointless on a machine with other work. */
  speed: boolean;
  /** Keeps the run's folder. */
  keep: boolean;
}

export const help = `npm run chaos -- [options]: the desk under a load of customers, killed and troubled; judged from outside.

  --seed N              the same seed makes the same choices; a random one by default
  --minutes M           how long faults go on (default 2)
  --kills K             ends, if that comes before the minutes, once it has died K times at random
  --each E              and E times at each point
  --db sqlite|postgres  the ledger (default sqlite). On postgres two processes run the desk, and one at a time dies;
                        where a double ends them, it is both or any one
  --platform slack|discord   on Slack half of the customers are in a second workspace, with the ids of the first
  --transport socket|http    how Slack brings events (default socket); over HTTP it takes none whose clock is wrong
  --point NAME          dies only there; "random": at any moment; "none": never. Points:
${Object.entries(points)
  .map(([name, { story }]) => `      ${name.padEnd(18)}${story}`)
  .join("\n")}
  --plant NAME          takes a protection out of the program; the run must end red. Plants:
${Object.entries(plants)
  .map(([name, { takesOut }]) => `      ${name.padEnd(18)}${takesOut}`)
  .join("\n")}
  --rate R              messages a second (default 5)
  --customers C         (default 30)
  --no-speed            does not judge how quick acknowledgements are: for a machine with other work
  --keep                keeps the folder of the run: ledger, logs, record

Exit code 0: nothing was violated. 1: something was, and its story is printed. 2: the run could not be made.
`;

/** @throws an Error that says which option is wrong */
export function readOptions(args: string[]): ChaosOptions | "help" {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      seed: { type: "string" },
      minutes: { type: "string", default: "2" },
      kills: { type: "string" },
      each: { type: "string" },
      db: { type: "string", default: "sqlite" },
      platform: { type: "string", default: "slack" },
      transport: { type: "string", default: "socket" },
      point: { type: "string" },
      plant: { type: "string" },
      rate: { type: "string", default: "5" },
      customers: { type: "string", default: "30" },
      speed: { type: "boolean", default: true },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : number("seed", values.seed, 0),
    minutes: number("minutes", values.minutes, 0.05),
    kills: values.kills === undefined ? undefined : number("kills", values.kills, 0),
    each: values.each === undefined ? undefined : number("each", values.each, 0),
    db: oneOf("db", values.db, ["sqlite", "postgres"] as const),
    platform: oneOf("platform", values.platform, ["slack", "discord"] as const),
    transport: oneOf("transport", values.transport, ["socket", "http"] as const),
    point:
      values.point === undefined
        ? undefined
        : oneOf("point", values.point, ["random", "none", ...Object.keys(points)]),
    plant: values.plant === undefined ? undefined : oneOf("plant", values.plant, Object.keys(plants)),
    messagesPerSecond: number("rate", values.rate, 0.1),
    customers: number("customers", values.customers, 3),
    speed: values.speed,
    keep: values.keep,
  };
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least)
    throw new Error(`--${name} wants a number of at least ${least}`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, all: readonly T[]): T {
  const found = all.find((one) => one === text);
  if (found === undefined) throw new Error(`--${name} wants one of: ${all.join(", ")}`);
  return found;
}
