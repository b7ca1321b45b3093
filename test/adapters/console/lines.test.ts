import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConsoleAdapter } from "../../../adapters/console/adapter.ts";
import { staffLine } from "../../../adapters/console/incoming.ts";
import { linesForCustomer, linesForStaff } from "../../../adapters/console/outgoing.ts";
import { openPrinted } from "../../../adapters/console/printed.ts";
import { type Line, readLines } from "../../../adapters/console/read-lines.ts";
import { createLog } from "../../../src/log.ts";
import type { Incoming } from "../../../src/message.ts";
import type { Receiver } from "../../../src/platform.ts";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";

describe("a line that begins with @staff", () => {
  it.each([
    ["@staff take", { does: "press", action: "ticket.take", ticket: undefined }],
    ["  @Staff: take #12 ", { does: "press", action: "ticket.take", ticket: "12" }],
    ["@staff take ticket 3", { does: "press", action: "ticket.take", ticket: "3" }],
    ["@staff hand  back", { does: "press", action: "ticket.hand_back", ticket: undefined }],
    ["@staff hand-back 4", { does: "press", action: "ticket.hand_back", ticket: "4" }],
    ["@staff Resolve", { does: "press", action: "ticket.resolve", ticket: undefined }],
    ["@staff approve 3", { does: "decide", action: "intent.approve", approval: "3" }],
    [
      "@staff deny 3 no receipt",
      { does: "decide", action: "intent.deny", approval: "3", reason: "no receipt" },
    ],
    ["@staff take the blue cable", { does: "write", text: "take the blue cable" }],
    ["@staff resolve it yourself", { does: "write", text: "resolve it yourself" }],
    ["@staff // a note", { does: "write", text: "// a note" }],
    ["@staff", { does: "write", text: "" }],
  ])("means something: %s", (line, meaning) => expect(staffLine(line)).toEqual(meaning));

  it.each(["staff take", "hello @staff take", "@staffing costs", "take"])("is a customer's: %s", (line) =>
    expect(staffLine(line)).toBeUndefined(),
  );
});

describe("a yes in a script", () => {
  it("comes after what the line before it has led to, and longer lines come together", async () => {
    const input = new PassThrough();
    const come: string[] = [];
    const adapter = createConsoleAdapter({
      config: {},
      input,
      write: () => {},
      printed: { threadOf: () => undefined, add: () => {}, forget: () => {} },
      interactive: false,
      idle: async () => void come.push("(settled)"),
      summary: async () => "",
      openTicket: async () => undefined,
      ended: () => {},
      lineCharactersMax: 8000,
      clock: createVirtualClock(),
      log: createLog("silent"),
    });
    const receive = async (event: Incoming) =>
      void come.push(event.kind === "message" ? event.message.text : "");
    await adapter.connect({ receive } as Receiver);
    input.write("How long does shipping take?\nRefund ord_1001, it came broken.\nYes, please!\n");
    await expect.poll(() => come).toHaveLength(5);
    expect(come).toEqual([
      "How long does shipping take?",
      "Refund ord_1001, it came broken.",
      "(settled)",
      "Yes, please!",
      "(settled)",
    ]);
    await adapter.close();
  });
});

describe("what is printed", () => {
  it("staff see everything behind [desk], one fact a line", () => {
    const card = {
      title: "Ticket #1: Help",
      facts: [
        { label: "Priority", value: "high" },
        { label: "Queue", value: "billing" },
      ],
      sections: [
        { label: "Tried", text: "- Shipping" },
        { label: "Facts", text: "- one\n- two" },
      ],
      footer: "Waiting for a person",
    };
    expect(linesForStaff({ text: "", card, buttons: [{ label: "Take", action: "a", value: "1" }] })).toEqual([
      "[desk] Ticket #1: Help",
      "[desk] Priority: high · Queue: billing",
      "[desk] Tried: Shipping",
      "[desk] Facts:",
      "[desk]   - one",
      "[desk]   - two",
      "[desk] — Waiting for a person",
      "[desk] [Take]",
    ]);
  });

  it("nothing said to a customer passes for what staff see, or moves the cursor", () => {
    const text = "one\n[desk] Taken by Maya\n  [desk] two\n\u001B[2Jthree\u202E\r";
    expect(linesForCustomer({ text, as: "Maya" })).toEqual([
      "Maya: one",
      "> [desk] Taken by Maya",
      ">   [desk] two",
      "[2Jthree",
    ]);
  });
});

describe("lines out of a stream", () => {
  function collect(lineCharactersMax: number) {
    const input = new PassThrough();
    const lines: Line[] = [];
    const ended = new Promise<void>((resolve) => {
      readLines(input, { lineCharactersMax, lines: (read) => lines.push(...read), ended: resolve });
    });
    return { input, lines, ended };
  }

  it("come whole, however they are cut, and the last without its end", async () => {
    const { input, lines, ended } = collect(100);
    for (const byte of Buffer.from("déjà vu\n\nsecond\r\nlast")) input.write(Buffer.from([byte]));
    input.end();
    await ended;
    expect(lines).toEqual(["déjà vu", "", "second\r", "last"]);
  });

  it("that are too long leave only their length", async () => {
    const { input, lines, ended } = collect(5);
    for (const part of ["12345\n", "123", "456", "789\nnext", "\n123456"]) input.write(part);
    input.end();
    await ended;
    expect(lines).toEqual(["12345", { tooLong: 9 }, "next", { tooLong: 6 }]);
  });

  it("end when the stream breaks", async () => {
    const { input, lines, ended } = collect(5);
    input.write("one\ntw");
    await new Promise((resolve) => setImmediate(resolve));
    input.destroy(new Error("gone"));
    await ended;
    expect(lines).toEqual(["one", "tw"]);
  });
});

describe("what a terminal has been given", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "printed-"));
    path = join(folder, "console.printed");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is known to the next process", () => {
    const first = openPrinted(path);
    first.add("o_1", "console:local:a b");
    first.add("o_2", "console:local:desk/7");
    const second = openPrinted(path);
    expect(second.threadOf("o_1")).toBe("console:local:a b");
    expect(second.threadOf("o_2")).toBe("console:local:desk/7");
    expect(second.threadOf("o_3")).toBeUndefined();
  });

  it("a line that broke off counts for nothing", () => {
    writeFileSync(path, "o_1 console:local:a\no_2 console:lo");
    const printed = openPrinted(path);
    expect(printed.threadOf("o_1")).toBe("console:local:a");
    expect(printed.threadOf("o_2")).toBeUndefined();
    printed.add("o_3", "console:local:c");
    expect(openPrinted(path).threadOf("o_3")).toBe("console:local:c");
  });

  it("does not grow for ever", () => {
    const printed = openPrinted(path);
    for (let post = 0; post < 25_000; post++) printed.add(`o_${post}`, "console:local:main");
    expect(readFileSync(path, "utf8").split("\n").length).toBeLessThanOrEqual(10_001);
    expect(openPrinted(path).threadOf("o_24999")).toBe("console:local:main");
    expect(printed.threadOf("o_1")).toBeUndefined();
  });

  it("does not write back what is to be forgotten", () => {
    const printed = openPrinted(path);
    printed.add("o_1", "console:local:zoe");
    printed.add("o_2", "console:local:main");
    printed.forget(["console:local:zoe"]);
    expect(readFileSync(path, "utf8")).toBe("o_2 console:local:main\n");
    for (let post = 0; post < 10_001; post++) printed.add(`o_${post + 3}`, "console:local:main");
    expect(readFileSync(path, "utf8")).not.toContain("zoe");
    expect(printed.threadOf("o_1")).toBeUndefined();
  });

  it("cannot be kept on a disk that takes nothing, and that is no trouble", () => {
    const printed = openPrinted(join(folder, "missing", "console.printed"));
    printed.add("o_1", "console:local:a");
    expect(printed.threadOf("o_1")).toBe("console:local:a");
  });
});
