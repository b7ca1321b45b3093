import { EventEmitter } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import type { Backend } from "../../src/memory/backend.ts";
import { createMemory, memoryOver } from "../../src/memory/memory.ts";
import type { Memory } from "../../src/memory.ts";
import { describeMemory } from "../contracts/memory.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";

const clock = createClock();
const events: string[] = [];
const log = createLog("debug", { write: (line: string) => void events.push(JSON.parse(line).event) });

let dir: string;
let path: string;
const opened: Memory[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "deskhand-memory-"));
  path = join(dir, "memory.sqlite");
  events.length = 0;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((memory) => memory.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function open(options: Partial<Parameters<typeof createMemory>[0]> = {}): Promise<Memory> {
  const memory = await createMemory({ path, clock, log, ...options });
  opened.push(memory);
  return memory;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );
}

describeMemory("SQLite", async () => {
  const folder = mkdtempSync(join(tmpdir(), "deskhand-memory-"));
  const file = join(folder, "memory.sqlite");
  return {
    open: () => createMemory({ path: file, clock, log }),
    async spoil(key, text) {
      const other = new DatabaseSync(file);
      other.prepare("UPDATE keyv SET value = ? WHERE key = ?").run(text, `deskhand:notes:${key}`);
      other.close();
    },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

describe("a memory in a file", () => {
  it("deletes what is over from the disk, though nobody asks for it again", async () => {
    const manual = createVirtualClock();
    const memory = await open({ clock: { ...manual, now: () => clock.now() + 60_000 } });
    const store = memory.store<string>("codes");
    for (let n = 0; n < 500; n++) await store.set(`over${n}`, "the code is 123456", 1_000);
    await store.set("kept", "still good", 600_000);
    await store.set("always", "always good");
    await manual.pass(50_000);
    const file = new DatabaseSync(path);
    expect(file.prepare("SELECT key FROM keyv ORDER BY key").all()).toEqual([
      { key: "deskhand:codes:always" },
      { key: "deskhand:codes:kept" },
    ]);
    file.close();
    expect(await store.get("always")).toBe("always good");
  });

  it("a lock held elsewhere fails as memory_failed, and then works again", async () => {
    const store = (await open()).store("notes");
    const file = new DatabaseSync(path);
    file.exec("BEGIN IMMEDIATE");
    expect(codeOf(await failureOf(store.set("a", 1)))).toBe("memory_failed");
    expect(await store.get("a")).toBe(undefined);
    file.exec("ROLLBACK");
    file.close();
    await store.set("a", 1);
    expect(await store.get("a")).toBe(1);
  });
});

describe("a memory somewhere else", () => {
  /** A backend with real values that can fall silent, or fail, for as long as it lives. */
  function setUp() {
    const values = new Map<string, string>();
    const state = { silent: false, opened: 0, closed: 0 };
    const open = async (): Promise<Backend> => {
      const number = ++state.opened;
      const answer = async <T>(value: T): Promise<T> => {
        if (state.silent) await new Promise(() => {});
        if (number < state.opened) throw new Error("connection is closed");
        return value;
      };
      const store = Object.assign(new EventEmitter(), {
        opts: {},
        get: (key: string) => answer(values.get(key)),
        set: async (key: string, value: string) => void values.set(key, await answer(value)),
        delete: async (key: string) => answer(values.delete(key)),
        clear: () => answer(undefined),
      });
      return { store: store as unknown as Backend["store"], close: async () => void state.closed++ };
    };
    return { state, open };
  }

  it("that falls silent fails a second later, then at once for a while, and is asked again after that", async () => {
    const manual = createVirtualClock();
    const { state, open } = setUp();
    const store = (await memoryOver(open, { clock: manual, log })).store<number>("notes");
    await store.set("a", 1);
    state.silent = true;
    const first = failureOf(store.get("a"));
    await manual.pass(1_000);
    expect([codeOf(await first), faultOf(await first)]).toEqual([
      "memory_failed",
      "no answer within 1000 ms",
    ]);
    state.silent = false;
    expect(faultOf(await failureOf(store.get("a")))).toContain("not answered lately");
    await manual.pass(5_000);
    expect(await store.get("a")).toBe(1);
  });

  it("that has been silent for long is opened anew", async () => {
    const manual = createVirtualClock();
    const { state, open } = setUp();
    const store = (await memoryOver(open, { clock: manual, log })).store<number>("notes");
    await store.set("a", 1);
    state.silent = true;
    for (let n = 0; n < 3; n++) {
      const failing = failureOf(store.get("a"));
      await manual.pass(6_000);
      await failing;
    }
    expect([state.opened, state.closed]).toEqual([2, 1]);
    state.silent = false;
    expect(await store.get("a")).toBe(1);
  });

  it("that is silent at the start is a warning", async () => {
    const manual = createVirtualClock();
    const { state, open } = setUp();
    state.silent = true;
    const opening = memoryOver(open, { clock: manual, log });
    await manual.pass(0);
    await manual.pass(1_000);
    const store = (await opening).store<number>("notes");
    expect(events).toContain("memory.unreachable");
    state.silent = false;
    await manual.pass(5_000);
    await store.set("a", 1);
    expect(await store.get("a")).toBe(1);
  });
});

describe("a broken memory file", () => {
  it("at the start is set aside under a number, and a new one is begun", async () => {
    for (const number of [1, 2]) {
      writeFileSync(path, "not a database\n".repeat(500));
      const memory = await open();
      await memory.store("notes").set("a", number);
      expect(await memory.store("notes").get("a")).toBe(number);
      expect(events).toContain("memory.set_aside");
      expect(readFileSync(`${path}.broken-${number}`, "utf8")).toContain("not a database");
      await memory.close();
    }
  });

  it("again and again does not fill the disk: the last few are kept", async () => {
    for (let n = 0; n < 6; n++) {
      writeFileSync(path, `not a database ${n}\n`.repeat(500));
      await (await open()).close();
    }
    expect(readdirSync(dir).filter((name) => /broken-\d+$/.test(name))).toHaveLength(3);
    expect(readFileSync(`${path}.broken-3`, "utf8")).toContain("not a database 5");
  });

  it("with a broken schema is set aside too", async () => {
    const memory = await open();
    await memory.store("notes").set("a", 1);
    await memory.close();
    writeFileSync(path, Buffer.alloc(3000, 0xff), { flag: "r+" });
    const again = await open();
    expect(await again.store("notes").get("a")).toBe(undefined);
    expect(existsSync(`${path}.broken-1`)).toBe(true);
  });

  it("while the desk runs: one operation fails, the next works, and a restart has a new file", async () => {
    const memory = await open();
    for (let n = 0; n < 200; n++) await memory.store("notes").set(`n${n}`, "x".repeat(1000));
    await memory.close();
    const running = await open();
    const notes = running.store<string>("notes");
    const content = readFileSync(path);
    writeFileSync(path, content.fill(0x5a, 4096));
    expect(codeOf(await failureOf(notes.get("n100")))).toBe("memory_failed");
    await notes.set("n100", "new");
    expect(await notes.get("n100")).toBe("new");
    expect(existsSync(`${path}.broken-1`)).toBe(true);
    await running.close();
    const next = (await open()).store<string>("notes");
    await next.set("n1", "next");
    expect(await next.get("n1")).toBe("next");
    expect(existsSync(path)).toBe(true);
  });

  it("that was deleted while the desk was stopped is begun anew", async () => {
    const memory = await open();
    await memory.store("notes").set("a", 1);
    await memory.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    expect(await (await open()).store("notes").get("a")).toBe(undefined);
    expect(events).not.toContain("memory.set_aside");
  });

  it("in a folder that is missing, or with a folder in its place, is refused as data_unusable, and named", async () => {
    const nowhere = join(dir, "nowhere", "memory.sqlite");
    const missing = await failureOf(createMemory({ path: nowhere, clock, log }));
    expect([codeOf(missing), faultOf(missing)]).toEqual(["data_unusable", expect.stringContaining(nowhere)]);
    mkdirSync(path);
    expect(codeOf(await failureOf(createMemory({ path, clock, log })))).toBe("data_unusable");
  });
});

describe("the memory's file", () => {
  it("can be read by its owner only", async () => {
    const memory = await open();
    await memory.store("notes").set("a", 1);
    for (const file of readdirSync(dir)) expect(statSync(join(dir, file)).mode & 0o077).toBe(0);
  });

  it("holds nothing of what was deleted, once scrubbed", async () => {
    const memory = await open();
    const store = memory.store<string>("notes");
    const secret = "the customer lives in Elm Street";
    await store.set("a", secret.repeat(300));
    await store.set("b", "something else");
    await memory.scrub?.();
    expect(readFileSync(path).includes(secret)).toBe(true);
    await store.delete("a");
    await memory.scrub?.();
    for (const file of readdirSync(dir)) {
      expect(readFileSync(join(dir, file)).includes(secret), file).toBe(false);
    }
    expect(await store.get("b")).toBe("something else");
  });
});

describe("KEYV_URI", () => {
  it("sqlite:// takes a file of its own", async () => {
    const other = join(dir, "other.sqlite");
    const memory = await open({ uri: `sqlite://${other}` });
    await memory.store("notes").set("a", 1);
    expect(existsSync(other)).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  it.each(["redi://127.0.0.1", "memory.sqlite", "", "constructor://x"])(
    "%j is refused as config_invalid",
    async (uri) => {
      const error = await failureOf(createMemory({ uri, path, clock, log }));
      expect(codeOf(error)).toBe("config_invalid");
      expect(faultOf(error)).toContain("redis://");
    },
  );

  it.skipIf(isInstalled("@keyv/etcd"))(
    "one whose package is not installed (@keyv/etcd must be absent) is refused, naming the package, not the password",
    async () => {
      const uri = "etcd://user:hunter2@127.0.0.1:2379";
      const error = await failureOf(createMemory({ uri, path, clock, log }));
      expect(codeOf(error)).toBe("config_invalid");
      expect(faultOf(error)).toContain("npm install @keyv/etcd");
      expect(faultOf(error)).not.toContain("hunter2");
    },
  );
});

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
