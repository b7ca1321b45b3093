/** `deskhand doctor` on ledgers and memories: what keeps a desk from starting, before it is started. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { askPostgres } from "../doubles/postgres-ask.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { type RedisServer, startRedis } from "../doubles/redis-server.ts";
import { temporaryFolder } from "../journeys/terminal.ts";
import { run } from "./run.ts";
import { writeTickets } from "./write-tickets.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
let redis: RedisServer | undefined;
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  mkdirSync(data);
});
afterEach(async () => {
  await redis?.close();
  redis = undefined;
  folder.remove();
});

const doctor = (env: Record<string, string> = {}) => run(["doctor", "--data", data], { env });

const later =
  "INSERT INTO migrations (number, name, hash, applied_at) VALUES (99, 'from the future', 'x', 0)";

describe("doctor, on a ledger in a file", () => {
  it("finds nothing wrong where there is none yet, and makes none", async () => {
    expect(await doctor()).toMatchObject({ code: 0, err: "" });
    expect(existsSync(join(data, "ledger.sqlite"))).toBe(false);
  });

  it("takes one of this version, and says of a newer one that it will not start on it", async () => {
    await writeTickets(data, 1, "Hello?");
    expect(await doctor()).toMatchObject({ code: 0 });
    const file = new DatabaseSync(join(data, "ledger.sqlite"));
    file.exec(later.replace("99", "(SELECT MAX(number) + 1 FROM migrations)"));
    file.close();
    const { code, out } = await doctor();
    expect(code).toBe(2);
    expect(out).toContain(`✗ ${data}: data_unusable: the ledger was made by a newer version`);
    expect(out).toContain("from the future");
  });
});

describe.skipIf(postgres.missing)("doctor, on a ledger in Postgres", () => {
  it("takes an empty database as it is, and says of a newer ledger that it will not start on it", async () => {
    const url = await postgres.place();
    expect(await doctor({ DATABASE_URL: url })).toMatchObject({ code: 0 });
    expect(await askPostgres(url, "SELECT 1 FROM pg_tables WHERE schemaname = current_schema()")).toEqual([]);
    expect((await run(["tickets", "--data", data], { env: { DATABASE_URL: url } })).code).toBe(0);
    expect(await doctor({ DATABASE_URL: url })).toMatchObject({ code: 0 });
    await askPostgres(url, later.replace("99", "(SELECT MAX(number) + 1 FROM migrations)"));
    const { code, out } = await doctor({ DATABASE_URL: url });
    expect(code).toBe(2);
    expect(out).toContain("✗ DATABASE_URL: data_unusable: the ledger was made by a newer version");
  });

  it("says what the user of the database may not make, and that of what is there already nothing has to be made", async () => {
    const url = new URL(await postgres.place());
    const user = `low_${randomUUID().replaceAll("-", "")}`;
    const database = url.pathname.slice(1);
    const [own] = await askPostgres(url.href, "SELECT current_schema() AS schema");
    const schema = String(own?.schema);
    await askPostgres(url.href, `CREATE ROLE ${user} LOGIN PASSWORD 'hush'`);
    await askPostgres(url.href, `GRANT USAGE ON SCHEMA ${schema} TO ${user}`);
    const low = new URL(url);
    low.username = user;
    low.password = "hush";
    const noTables = await doctor({ DATABASE_URL: low.href });
    expect(noTables.code).toBe(2);
    expect(noTables.out).toContain(`may not make tables in the schema ${schema}`);
    await askPostgres(url.href, `GRANT CREATE ON SCHEMA ${schema} TO ${user}`);
    const noQueue = await doctor({ DATABASE_URL: low.href });
    expect(noQueue.code).toBe(2);
    expect(noQueue.out).toContain(`may not make the schema ${schema}_queue`);
    await askPostgres(url.href, `CREATE SCHEMA ${schema}_queue`);
    expect((await doctor({ DATABASE_URL: low.href })).code).toBe(0);
    await askPostgres(url.href, `DROP SCHEMA ${schema}_queue`);
    await askPostgres(url.href, `GRANT CREATE ON DATABASE "${database}" TO ${user}`);
    expect((await doctor({ DATABASE_URL: low.href })).code).toBe(0);
    await askPostgres(url.href, `DROP OWNED BY ${user}`);
    await askPostgres(url.href, `DROP ROLE ${user}`);
  });

  it("says that it is not let in, and where nobody answers, without the password", async () => {
    const wrong = new URL(await postgres.place());
    wrong.password = "hush-typo";
    const refused = await doctor({ DATABASE_URL: wrong.href });
    expect(refused).toMatchObject({ code: 2, out: expect.stringContaining("does not let us in") });
    wrong.port = "1";
    const nobody = await doctor({ DATABASE_URL: wrong.href });
    expect(nobody).toMatchObject({
      code: 2,
      out: expect.stringContaining("✗ DATABASE_URL: ledger_busy: the database does not answer"),
    });
    expect(refused.out + refused.err + nobody.out + nobody.err).not.toContain("hush");
  });
});

describe("doctor, on a memory elsewhere", () => {
  it("finds Redis, and doubts what cannot be had, because a desk runs without it; no password is shown", async () => {
    redis = await startRedis({ password: "hush" });
    expect(await doctor({ KEYV_URI: redis.url })).toMatchObject({ code: 0 });
    const { code, out, err } = await doctor({ KEYV_URI: redis.url.replace("hush", "hush-typo") });
    expect(code).toBe(0);
    expect(out).toContain("? KEYV_URI: memory_failed: no answer within 1000 ms: WRONGPASS");
    expect(out + err).not.toContain("hush");
    const unknown = await doctor({ KEYV_URI: "redi://127.0.0.1" });
    expect(unknown.code).toBe(2);
    expect(unknown.out).toContain("✗ KEYV_URI: config_invalid: KEYV_URI must begin with one of");
  });
});
