/** Several processes of one desk, as if they were one that loses a part of itself: see desk-process.ts. */
import type { DeskProcess } from "./desk-process.ts";
import type { Outage } from "./record.ts";

/** What a dead process had in hand waits for its claims to run out (10 s), and for somebody to look (each 2.5 s). */
const takeoverMs = 15_000;

/** What is asked of the desk as a whole. */
export type Desk = Pick<DeskProcess, "start" | "stop" | "log"> & {
  readonly alive: boolean;
  readonly outages: Outage[];
  readonly fell: DeskProcess["fell"];
};

export function createDeskCrew(members: readonly DeskProcess[]): Desk {
  return {
    /** Starts those that are dead. Ready when all are. */
    async start() {
      const ends = await Promise.all(members.filter((one) => !one.alive).map((one) => one.start()));
      return ends.every((end) => end === "ready") ? "ready" : "dead";
    },
    get alive() {
      return members.some((one) => one.alive);
    },
    async stop() {
      const began = Date.now();
      const ends = await Promise.all(members.map((one) => one.stop()));
      const bad = ends.find((end) => end.code !== 0);
      return { code: bad ? bad.code : 0, tookMs: Date.now() - began };
    },
    get outages() {
      const [first, ...others] = members.map((one) => one.outages);
      const takeovers = members.flatMap((one) => one.outages.map(({ from }) => takenOver(one, from)));
      return [...(others.length > 0 ? takeovers : []), ...others.reduce(common, first ?? [])];
    },
    get fell() {
      return members.flatMap((one) => one.fell);
    },
    log: () => members.map((one) => one.log()).join(""),
  };
}

/** Whoever waited for what this process had in hand waits for somebody else to take it up. */
export const takenOver = ({ name }: DeskProcess, from: number): Outage => ({
  from,
  to: from + takeoverMs,
  what: "a process was taken over",
  takenFrom: name,
});

/** When both were. */
function common(some: Outage[], others: Outage[]): Outage[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const from = Math.max(one.from, other.from);
      const to = Math.min(one.to, other.to);
      return from < to ? [{ from, to, what: one.what }] : [];
    }),
  );
}
