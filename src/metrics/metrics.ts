/**
 * What operators watch, at /metrics. Counted are the events that the desk logs (`metered`), at whatever level it is told
 * to log; how much waits is asked of the ledger when somebody looks.
 */
import { performance } from "node:perf_hooks";
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger.ts";
import { type Counted, createCounted } from "./counted.ts";
import { createCounter, renderValue } from "./instruments.ts";

export interface Metrics extends Pick<Counted, "note"> {
  /** Prometheus' text format 0.0.4; without the ledger's numbers while it cannot be read. */
  render(): Promise<string>;
}

export function createMetrics(parts: {
  ledger: Ledger;
  /** Names of all that a model may call, the desk's own included. */
  tools: Iterable<string>;
  clock: Clock;
}): Metrics {
  const { ledger, clock } = parts;
  const startedAt = clock.now();
  const counted = createCounted(new Set(parts.tools));
  const tickets = createTicketCounter(ledger, startedAt);

  async function waiting(): Promise<string> {
    try {
      await tickets.count();
      const depths = depthsOf.map(async ({ sql, ...named }) => {
        const row = await ledger.read((tx) => tx.get<{ count: number }>(sql));
        return renderValue(named, "gauge", Number(row?.count ?? 0));
      });
      const ages = agesOf.map(async ({ sql, ...named }) => {
        const row = await ledger.read((tx) => tx.get<{ since: number | null }>(sql));
        const ms = row?.since == null ? 0 : clock.now() - Number(row.since);
        return renderValue(named, "gauge", Math.max(0, ms / 1000));
      });
      return [renderValue(ledgerUp, "gauge", 1), ...(await Promise.all([...depths, ...ages]))].join("");
    } catch {
      return renderValue(ledgerUp, "gauge", 0);
    }
  }

  return {
    note: counted.note,
    async render() {
      const depths = await waiting();
      return [counted.render(), tickets.render(), depths, processNumbers(startedAt)].join("");
    },
  };
}

/** Tickets are counted where they are numbered: whoever opens one, and however. */
function createTicketCounter(ledger: Ledger, startedAt: number) {
  const escalations = createCounter({
    name: "deskhand_escalations_total",
    help: "Tickets that have been opened.",
    labels: ["priority", "queue"],
  });
  /** Tickets up to this number are counted, or older than this process. */
  let last: number | undefined;

  async function count(): Promise<void> {
    last ??= await ledger.read(async (tx) => {
      const row = await tx.get<{ last: number | null }>(
        "SELECT MAX(number) AS last FROM tickets WHERE opened_at < ?",
        startedAt,
      );
      return Number(row?.last ?? 0);
    });
    const after = last;
    const fresh = await ledger.read((tx) =>
      tx.all<{ priority: string; queue: string; opened: number; last: number }>(
        `SELECT priority, queue, COUNT(*) AS opened, MAX(number) AS last FROM tickets
         WHERE number > ? GROUP BY priority, queue`,
        after,
      ),
    );
    // Of two who look at once, one counts.
    if (after !== last) return;
    for (const row of fresh) {
      escalations.add([row.priority, row.queue], Number(row.opened));
      last = Math.max(last, Number(row.last));
    }
  }

  return { count, render: escalations.render };
}

const ledgerUp = { name: "deskhand_ledger_up", help: "Whether the ledger could be read just now." };

const depthsOf = [
  {
    name: "deskhand_outbox_waiting",
    help: "Posts that are not sent yet.",
    sql: "SELECT COUNT(*) AS count FROM outbox WHERE state IN ('drafting', 'waiting', 'sending')",
  },
  {
    name: "deskhand_inbox_waiting",
    help: "Events that nobody has dealt with yet.",
    sql: "SELECT COUNT(*) AS count FROM inbox WHERE state = 'waiting'",
  },
  {
    name: "deskhand_tickets_open",
    help: "Tickets that are not resolved.",
    sql: "SELECT COUNT(*) AS count FROM tickets WHERE state <> 'resolved'",
  },
];

/** A few that do not end are found by how long they have waited, whatever goes on around them. */
const agesOf = [
  {
    name: "deskhand_outbox_oldest_seconds",
    help: "Age of the oldest post that is not sent yet; 0 when there is none.",
    sql: "SELECT MIN(created_at) AS since FROM outbox WHERE state IN ('drafting', 'waiting', 'sending')",
  },
  {
    name: "deskhand_inbox_oldest_seconds",
    help: "Age of the oldest event that nobody has dealt with yet; 0 when there is none.",
    sql: "SELECT MIN(received_at) AS since FROM inbox WHERE state = 'waiting'",
  },
];

/** Under the names that Prometheus' own clients give them. */
function processNumbers(startedAt: number): string {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  const { utilization } = performance.eventLoopUtilization();
  const gauge = (name: string, help: string, value: number): string =>
    renderValue({ name, help }, "gauge", value);
  const cpuSeconds = { name: "process_cpu_seconds_total", help: "CPU time used." };
  return [
    renderValue(cpuSeconds, "counter", (cpu.user + cpu.system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory.", memory.rss),
    gauge("process_start_time_seconds", "When this desk began, since 1970.", startedAt / 1000),
    gauge("nodejs_heap_size_used_bytes", "Used heap.", memory.heapUsed),
    gauge(
      "nodejs_eventloop_utilization",
      "Share of its time that the event loop has been busy.",
      utilization,
    ),
  ].join("");
}
