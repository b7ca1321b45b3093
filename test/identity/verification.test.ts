import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, createClock } from "../../src/clock.ts";
import type { Mail } from "../../src/identity/mailer.ts";
import { createVerification, type UnderWay } from "../../src/identity/verification.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import type { Ledger, Row } from "../../src/ledger.ts";
import { createLog, type Log } from "../../src/log.ts";
import type { Person } from "../../src/message.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { eraseCustomer } from "../../src/records/erase-customer.ts";
import { forgettingIn } from "../../src/records/forgetting.ts";
import { createRetention } from "../../src/records/retention.ts";
import type { Identity } from "../../src/tool.ts";
import { openLedger } from "../doubles/ledgers.ts";
import { createShortMemory } from "../doubles/short-memory.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const claimed = "victim@example.com";

let now: number;
const clock = { ...createClock(), now: () => now };
let logged: string[];
const log: Log = createLog("info", { write: (line) => void logged.push(line) });
let folder: ReturnType<typeof temporaryFolder>;
let ledger: Ledger;
let mails: Mail[];
let send: (mail: Mail) => Promise<string | undefined>;

beforeEach(async () => {
  now = 1_790_000_000_000;
  logged = [];
  mails = [];
  send = async (mail) => {
    mails.push(mail);
    return undefined;
  };
  folder = temporaryFolder();
  ledger = await openLedger(folder.path, { clock, log });
  await migrate(ledger, migrations, { clock, log });
});
afterEach(async () => {
  await ledger.close();
  folder.remove();
});

/** A process of the desk, with a memory of its own. */
const process = (id?: RegExp, other: { clock?: Clock; find?: Identity["find"] } = {}) =>
  createVerification({
    method: "email_code",
    reverifyMs: day,
    identity: {
      ...(id ? { id } : {}),
      find:
        other.find ??
        ((claim) => ([claimed, "vic_001"].includes(claim) ? { id: "vic_001", email: claimed } : undefined)),
    },
    mailer: { send: (mail) => send(mail) },
    company: "Shop",
    ledger,
    store: createShortMemory().store<UnderWay>("verification"),
    clock: other.clock ?? clock,
    log,
  });

let visitors = 0;
/** Somebody whom nobody has seen before, who has asked for something of an account. */
async function visitor(desk = process()) {
  const name = `visitor${++visitors}`;
  const person: Person = { id: `http:key:${name}`, tenant: "key", name };
  await desk.offer(`http:${name}`, person, "Where is my order?");
  const hear = (...asked: string[]) => desk.hear(`http:${name}`, person, asked);
  return {
    hear,
    async says(...asked: string[]): Promise<string | undefined> {
      const heard = await hear(...asked);
      return heard?.does === "say" ? heard.text : heard?.does;
    },
  };
}

const codeIn = (mail: Mail | undefined): string => /\b\d{6}\b/.exec(mail?.text ?? "")?.[0] ?? "";
const wrong = (): string => (codeIn(mails.at(-1)) === "000000" ? "111111" : "000000");
const audited = (): Promise<Row[]> =>
  ledger.read((tx) =>
    tx.all("SELECT subject, detail FROM audit WHERE action = 'identity.limited' ORDER BY id"),
  );
const kept = (): Promise<Row[]> =>
  ledger.read((tx) => tx.all("SELECT name, value FROM marks WHERE platform = 'identity'"));

async function triesWrong(times: number): Promise<void> {
  for (let left = times; left > 0; ) {
    now += 13 * minute;
    const somebody = await visitor();
    await somebody.says(claimed);
    for (let at = 0; at < 5 && left > 0; at++, left--) await somebody.says(wrong());
  }
}

describe("codes to one customer", () => {
  it("are five an hour, whoever asks, in whatever process; who asks is told the same", async () => {
    const answers = new Set<string | undefined>();
    for (let at = 0; at < 8; at++) answers.add(await (await visitor()).says(claimed));
    answers.add(await (await visitor()).says("nobody@example.com"));
    expect(mails).toHaveLength(5);
    expect([...answers]).toEqual([expect.stringContaining("a code is on its way")]);
    now += hour;
    await (await visitor()).says(claimed);
    expect(mails).toHaveLength(6);
  });

  it("are five also when everybody asks at once", async () => {
    const crowd = await Promise.all(Array.from({ length: 20 }, () => visitor()));
    await Promise.all(crowd.map((one) => one.says(claimed)));
    expect(mails).toHaveLength(5);
  });

  it("that are not sent any more are on record once a day, and in the log without a name", async () => {
    for (let at = 0; at < 9; at++) await (await visitor()).says(claimed);
    expect(await audited()).toEqual([{ subject: "vic_001", detail: '{"codes":5}' }]);
    const lines = logged.filter((line) => line.includes("identity.limited"));
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toMatch(/vic_001|victim/);
  });

  it("do not keep the answer waiting for the mail, which would tell that there is one", async () => {
    send = () => new Promise(() => {});
    expect(await (await visitor()).says(claimed)).toContain("a code is on its way");
  });

  it("may be typed in the digits of any script", async () => {
    for (const zero of [0xff10, 0x0660, 0x0966]) {
      const somebody = await visitor();
      await somebody.says(claimed);
      const typed = codeIn(mails.at(-1)).replace(/\d/g, (digit) => String.fromCharCode(zero + Number(digit)));
      const heard = await somebody.hear(`${typed}。`);
      expect(heard).toMatchObject({ does: "goOn", customer: { id: "vic_001" } });
      expect(heard?.keep?.(`${typed}。`)).toBe("[verification code]。");
    }
  });

  it("do not wait for a company's lookup that never answers", async () => {
    const plain = createClock();
    const hasty = { ...clock, after: (_ms: number, call: () => void) => plain.after(5, call) };
    const desk = process(undefined, { clock: hasty, find: () => new Promise(() => {}) });
    await expect((await visitor(desk)).says(claimed)).rejects.toMatchObject({ code: "tool_timeout" });
  });

  it("that cannot be mailed are told in no other words", async () => {
    send = () => Promise.reject(new Error("the mail server is down"));
    const known = await (await visitor()).says(claimed);
    expect(known).toBe(await (await visitor()).says("nobody@example.com"));
    await expect.poll(() => logged.join()).toContain("mail.failed");
  });
});

describe("wrong tries at one customer's codes", () => {
  it("are twenty a day; then no code is sent any more until the next", async () => {
    await triesWrong(20);
    const sent = mails.length;
    now += hour;
    expect(await (await visitor()).says(claimed)).toContain("a code is on its way");
    expect(mails).toHaveLength(sent);
    expect(await audited()).toEqual([{ subject: "vic_001", detail: '{"tries":20}' }]);
    now += day;
    const victim = await visitor();
    await victim.says(claimed);
    expect(await victim.says(codeIn(mails.at(-1)))).toBe("goOn");
  });

  it("are counted together: after twenty a code that was sent before is not good either", async () => {
    const crowd = await Promise.all(Array.from({ length: 5 }, () => visitor()));
    const codes: string[] = [];
    for (const one of crowd) {
      await one.says(claimed);
      codes.push(codeIn(mails.at(-1)));
    }
    for (const one of crowd.slice(0, 4)) for (let at = 0; at < 5; at++) await one.says(wrong());
    expect(await crowd[4]?.says(codes[4] ?? "")).toContain("That is not the code");
  });

  it("do not count against those who type the right one", async () => {
    await triesWrong(19);
    const victim = await visitor();
    await victim.says(claimed);
    expect(await victim.says(codeIn(mails.at(-1)))).toBe("goOn");
  });
});

describe("what is taken for a claim", () => {
  it("is an id, on file or not, with the same answer", async () => {
    const known = await (await visitor()).says("vic_001");
    const unknown = await (await visitor()).says("vic_002");
    expect(known).toContain("a code is on its way");
    expect(unknown).toBe(known);
    expect(mails).toHaveLength(1);
  });

  it("is an address anywhere in a message, without the signs around it", async () => {
    for (const text of [`It is ${claimed}.`, `My e-mail:${claimed}!`, `(<${claimed}>)`])
      await (await visitor()).says(text);
    expect(mails).toHaveLength(3);
  });

  it("is no sentence in which something stands that looks like an id", async () => {
    for (const text of ["Where is ord_1001?", "vic_001 is not me", "My iPhone15 is broken", "yes", "4711"])
      expect(await (await visitor()).says(text)).toBeUndefined();
  });

  it("is no other word where the company has said what its ids look like", async () => {
    const form = /^vic_\d+$/g;
    const somebody = await visitor(process(form));
    expect(await somebody.says("ord_1001")).toBeUndefined();
    for (const id of ["vic_001", "vic_002."]) expect(await somebody.says(id)).toContain("on its way");
  });

  it("is looked for in each message of a burst", async () => {
    expect(await (await visitor()).says("My order is late.", "vic_001")).toContain("a code is on its way");
  });
});

describe("what is counted of a customer", () => {
  const erase = () => {
    mkdirSync(folder.path, { recursive: true });
    return eraseCustomer(
      {
        ledger,
        memory: forgettingIn(createShortMemory()),
        files: createCustomerFiles(folder.path, clock),
        clock,
        log,
      },
      "vic_001",
    );
  };

  it("names nobody", async () => {
    await (await visitor()).says(claimed);
    expect(await kept()).toHaveLength(1);
    expect(JSON.stringify(await kept())).not.toMatch(/vic|example/);
  });

  it("goes with the customer, who has never been here, and with it the name in the record", async () => {
    for (let at = 0; at < 6; at++) await (await visitor()).says(claimed);
    const erased = await erase();
    expect(erased.customers).toEqual(["vic_001"]);
    expect(await kept()).toEqual([]);
    expect(await audited()).toEqual([
      { subject: expect.stringMatching(/^erased:/) as string, detail: '{"codes":5}' },
    ]);
  });

  it("is gone a day after it has last been of use", async () => {
    await (await visitor()).says(claimed);
    await (await visitor()).says("nobody@example.com");
    const sweep = createRetention({
      ledger,
      files: createCustomerFiles(folder.path, clock),
      sessionIdleMs: day,
      retentionMs: 30 * day,
      cardOf: async () => [],
      clock,
      log,
    });
    now += day - 1;
    await sweep.run();
    expect(await kept()).toHaveLength(2);
    now += 1;
    await sweep.run();
    expect(await kept()).toEqual([]);
  });
});
