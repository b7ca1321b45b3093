/**
 * npm run bench:ledger [-- --seconds N --writers N]
 *
 * Durable writes a second by many at once, each writer on its own threads, in the three writes that a turn makes: a
 * message comes in; the turn ends; its reply has been sent. SQLite and Postgres in one run, and beside them the other
 * way in which Postgres could keep writes apart: a transaction to each, serializable, run again after a conflict.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Clock, createClock } from "../src/clock.ts";
import { codeOf } from "../src/errors.ts";
import { audit } from "../src/ledger/audit.ts";
import { admit, markDone, waitingIn } from "../src/ledger/inbox.ts";
import { migrate } from "../src/ledger/migrate.ts";
import { migrations } from "../src/ledger/migrations.ts";
import { enqueue, markSent } from "../src/ledger/outbox.ts";
import { openConnection } from "../src/ledger/postgres-connection.ts";
import { leaseOf } from "../src/ledger/postgres-lease.ts";
import { createPostgresLedger } from "../src/ledger/postgres-ledger.ts";
import { createSqliteLedger } from "../src/ledger/sqlite-ledger.ts";
import { advanceThread, findThread, openThread } from "../src/ledger/threads.ts";
import { writeMessage } from "../src/ledger/transcript.ts";
import type { Ledger } from "../src/ledger.ts";
import { createLog } from "../src/log.ts";
import type { Message } from "../src/message.ts";
import { startPostgres } from "../test/doubles/postgres-server.ts";

type Write = Ledger["write"];

const clock = createClock();
const parts = { clock, log: createLog("silent") };
/** Of each writer. */
const threads = 50;
const pauseMsMax = 10;

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { seconds: { type: "string", default: "5" }, writers: { type: "string", default: "16" } },
  });
  const [ms, writers] = [Number(values.seconds) * 1000, Number(values.writers)];
  const folder = mkdtempSync(join(tmpdir(), "bench-ledger-"));
  const file = await createSqliteLedger({ path: join(folder, "ledger.sqlite"), ...parts });
  await migrate(file, migrations, parts);
  await measure("SQLite", [file.write], ms, writers);
  await file.close();
  rmSync(folder, { recursive: true });

  const server = await startPostgres();
  try {
    const url = await server.database();
    const ledgers = await Promise.all([1, 2].map(() => createPostgresLedger({ url, ...parts })));
    await migrate(ledgers[0]!, migrations, parts);
    await measure("Postgres", [ledgers[0]!.write], ms, writers);
    await measure("Postgres, two ledgers", [ledgers[0]!.write, ledgers[1]!.write], ms, writers);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
    await measureSerializable(url, ms, writers);
  } finally {
    await server.remove();
  }
  return 0;
}

async function measure(name: string, writes: Write[], ms: number, writers: number): Promise<void> {
  const times: number[] = [];
  const since = clock.elapsed();
  const writing = Array.from({ length: writers }, async (_, writer) => {
    const write = writes[writer % writes.length]!;
    const timed: Write = async (work) => {
      const begun = clock.elapsed();
      const result = await write(work);
      times.push(clock.elapsed() - begun);
      return result;
    };
    for (let n = 0; clock.elapsed() - since < ms; n++) {
      await turn(timed, `bench:${clock.id("t")}`, `room:t:${name}-${writer}-${n % threads}`, clock);
    }
  });
  await Promise.all(writing);
  const perSecond = (1000 * times.length) / (clock.elapsed() - since);
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
  process.stdout.write(`${name}: ${perSecond.toFixed(0)} writes/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`);
}

async function turn(write: Write, id: string, thread: string, on: Clock): Promise<void> {
  const author = { id: `user:${thread}`, tenant: "t", name: "Ann" };
  const message: Message = {
    ...{ id, thread, channel: thread, author, text: "Where is my order?", sentAt: on.now(), order: id },
    ...{ visibility: "private", addressed: true, files: [] },
  };
  const admitted = await write((tx) => admit(tx, thread, { kind: "message", keys: [id], message }, on));
  const row = await write(async (tx) => {
    await openThread(tx, message, on.now());
    const found = await findThread(tx, thread);
    await waitingIn(tx, thread, 100);
    const seq = await advanceThread(tx, found!, { count: 2, turn: true, now: on.now() });
    await writeMessage(tx, thread, seq + 1, { id, author: "customer", text: message.text, at: on.now() });
    await markDone(tx, admitted ? [admitted.id] : []);
    await audit(tx, on, { actor: "bot", action: "turn.ended", subject: "bench", thread });
    const send = { does: "post", to: { thread }, post: { text: "It is on its way." } } as const;
    return enqueue(tx, on, { lane: thread, thread, author: "bot", fence: 1, send });
  });
  await write((tx) => markSent(tx, row.id, { id: `p:${row.id}`, thread }, on.now()));
}

async function measureSerializable(url: string, ms: number, writers: number): Promise<void> {
  const all = await Promise.all(
    Array.from({ length: writers }, () => openConnection({ url, clock, answerMaxMs: 10_000 })),
  );
  const free = [...all];
  let conflicts = 0;
  let commits = 0;
  const write: Write = async <T>(work: Parameters<Write>[0]) => {
    const connection = free.pop()!;
    for (;;) {
      try {
        await connection.command("BEGIN ISOLATION LEVEL SERIALIZABLE");
        const outcome = await leaseOf(connection, clock.now()).run(work);
        if (!outcome.ok) throw outcome.error;
        await connection.command("COMMIT");
        commits += 1;
        free.push(connection);
        return outcome.value as T;
      } catch (error) {
        await connection.command("ROLLBACK");
        if (codeOf(error) !== "ledger_busy") throw error;
        conflicts += 1;
        await clock.sleep(1 + pauseMsMax * clock.random());
      }
    }
  };
  await measure("Postgres, serializable", [write], ms, writers);
  process.stdout.write(`  run again after a conflict: ${conflicts} of ${conflicts + commits}\n`);
  await Promise.all(all.map((connection) => connection.close()));
}
