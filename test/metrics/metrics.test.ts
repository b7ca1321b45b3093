import { Writable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { metered } from "../../src/metrics/metered.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

const clock = createClock();
const emptyLedger: Ledger = {
  write: () => Promise.reject(new Error("nobody writes here")),
  read: async (work) => work({ all: () => [], get: () => undefined }),
  close: async () => {},
};
const make = (ledger: Ledger = emptyLedger): Metrics =>
  createMetrics({ ledger, tools: ["lookup_order", "issue_refund"], clock });

/** The samples of one metric: `{labels} value`. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const lines = (await metrics.render()).split("\n");
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(name.length).trim());
}

const ended = (more = {}) => ({
  turn: "t_1",
  outcome: "answer",
  specialist: "support",
  model: "gpt",
  tokens_in: 100,
  tokens_out: 20,
  ms: 300,
  ...more,
});

let desk: DeskInARoom | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

describe("turns", () => {
  it("are counted by what they came to, with their time and tokens", async () => {
    const metrics = make();
    metrics.note("turn.ended", ended());
    metrics.note("turn.ended", ended({ ms: 5_000 }));
    metrics.note("turn.ended", ended({ outcome: "escalation", specialist: "billing" }));
    expect(await samples(metrics, "deskhand_turns_total")).toEqual([
      '{outcome="answer",specialist="support",model="gpt"} 2',
      '{outcome="escalation",specialist="billing",model="gpt"} 1',
    ]);
    expect(await samples(metrics, "deskhand_model_tokens_total")).toEqual([
      '{direction="in"} 300',
      '{direction="out"} 60',
    ]);
    expect(await samples(metrics, "deskhand_turn_seconds_bucket")).toEqual(
      expect.arrayContaining(['{le="0.25"} 0', '{le="0.5"} 2', '{le="4"} 2', '{le="8"} 3', '{le="+Inf"} 3']),
    );
    expect(await samples(metrics, "deskhand_turn_seconds_sum")).toEqual(["5.6"]);
    expect(await samples(metrics, "deskhand_turn_seconds_count")).toEqual(["3"]);
  });

  it("without a specialist or a model are counted as none", async () => {
    const metrics = make();
    metrics.note("turn.ended", { outcome: "answer", specialist: "", ms: "soon" });
    expect(await samples(metrics, "deskhand_turns_total")).toEqual([
      '{outcome="answer",specialist="none",model="none"} 1',
    ]);
    expect(await samples(metrics, "deskhand_turn_seconds_count")).toEqual(["0"]);
  });
});

describe("calls", () => {
  it("of tools are counted; a tool that a model has made up is unknown", async () => {
    const metrics = make();
    metrics.note("tool.called", { tool: "lookup_order", failed: false, ms: 20 });
    for (let n = 0; n < 1000; n++) metrics.note("tool.called", { tool: `made_up_${n}`, failed: true, ms: 1 });
    expect(await samples(metrics, "deskhand_tool_calls_total")).toEqual([
      '{tool="lookup_order",failed="false"} 1',
      '{tool="unknown",failed="true"} 1000',
    ]);
    expect(await samples(metrics, "deskhand_tool_seconds_count")).toEqual(["1001"]);
  });

  it("of tools have failed where a system did not answer, not where a call was refused", async () => {
    const metrics = make();
    for (const code of ["identity_needed", "tool_arguments", "tool_refused", "tool_failed", "tool_timeout"])
      metrics.note("tool.called", { tool: "lookup_order", failed: true, code, ms: 1 });
    expect(await samples(metrics, "deskhand_tool_calls_total")).toEqual([
      '{tool="lookup_order",failed="false"} 3',
      '{tool="lookup_order",failed="true"} 2',
    ]);
  });

  it("of the model that fail are counted by code", async () => {
    const metrics = make();
    metrics.note("model.failed", { error: new DeskError("model_timeout", "slow") });
    metrics.note("model.failed", { error: new Error("what?") });
    expect(await samples(metrics, "deskhand_model_failures_total")).toEqual([
      '{code="model_timeout"} 1',
      '{code="other"} 1',
    ]);
  });
});

describe("posts", () => {
  it("are counted by platform and by what became of them; a ticket's are the desk's", async () => {
    const metrics = make();
    metrics.note("send.done", { lane: "slack:T1:D1", message: "slack:T1:D1:17.1" });
    metrics.note("send.done", { lane: "ticket:7", message: "discord:1:2" });
    metrics.note("send.done", { lane: "ticket:7", message: undefined });
    metrics.note("send.failed", { lane: "slack:T1:D1" });
    metrics.note("send.cancelled", { thread: "http:open:s_1" });
    metrics.note("send.retried", { lane: "slack:T1:D1" });
    expect(await samples(metrics, "deskhand_sends_total")).toEqual([
      '{platform="slack",result="sent"} 1',
      '{platform="discord",result="sent"} 1',
      '{platform="desk",result="sent"} 1',
      '{platform="slack",result="failed"} 1',
      '{platform="http",result="cancelled"} 1',
    ]);
    expect(await samples(metrics, "deskhand_send_retries_total")).toEqual(["1"]);
  });
});

describe("labels", () => {
  it("are escaped and cut", async () => {
    const metrics = make();
    metrics.note("turn.ended", ended({ model: 'a"b\\c\nd\u0007', specialist: "x".repeat(500) }));
    const [line] = await samples(metrics, "deskhand_turns_total");
    expect(line).toBe(`{outcome="answer",specialist="${"x".repeat(64)}",model="a\\"b\\\\c\\nd "} 1`);
  });

  it("do not grow without end: what is too much is counted as other", async () => {
    const metrics = make();
    for (let n = 0; n < 5_000; n++) metrics.note("turn.ended", ended({ model: `model-${n}` }));
    const lines = await samples(metrics, "deskhand_turns_total");
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('{outcome="other",specialist="other",model="other"} 4800');
  });
});

describe("the document", () => {
  it("is in Prometheus' text format: every metric once, with help and type before its samples", async () => {
    const metrics = make();
    metrics.note("turn.ended", ended());
    metrics.note("tool.called", { tool: "lookup_order", failed: false, ms: 20 });
    const text = await metrics.render();
    expect(text.endsWith("\n")).toBe(true);
    const described = [...text.matchAll(/^# HELP (\S+) .+\n# TYPE \1 (counter|gauge|histogram)$/gm)];
    const names = described.map((match) => match[1]);
    expect(new Set(names).size).toBe(names.length);
    for (const line of text
      .trimEnd()
      .split("\n")
      .filter((one) => !one.startsWith("#"))) {
      expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="(\\.|[^"\\])*",?)+\})? -?[0-9.e+-]+$/);
      const name = /^[a-z_]+/.exec(line)?.[0].replace(/_(bucket|sum|count)$/, "");
      expect(names).toContain(name);
    }
  });

  it("begins with zeros where there are no labels, and tells of the process", async () => {
    const text = await make().render();
    expect(text).toMatch(/^deskhand_send_retries_total 0$/m);
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
    expect(text).toMatch(/^process_start_time_seconds [1-9][\d.]+$/m);
  });

  it("is there while the ledger cannot be read, and says so", async () => {
    const broken: Ledger = {
      ...emptyLedger,
      read: () => Promise.reject(new DeskError("ledger_failed", "x")),
    };
    const metrics = make(broken);
    metrics.note("turn.ended", ended());
    const text = await metrics.render();
    expect(text).toMatch(/^deskhand_ledger_up 0$/m);
    expect(text).toMatch(/^deskhand_turns_total\{.*\} 1$/m);
    expect(text).not.toMatch(/^deskhand_tickets_open/m);
  });
});

describe("a metered log", () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });

  it("counts at every level, also where nothing is logged", async () => {
    const metrics = make();
    const log = metered(createLog("silent"), metrics);
    log.info("turn.ended", ended());
    log.warn("model.failed", { error: new Error("x") });
    log.error("send.failed", { lane: "slack:T1:D1" });
    log.info("constructor");
    log.info("__proto__");
    expect(await samples(metrics, "deskhand_turns_total")).toHaveLength(1);
    expect(await samples(metrics, "deskhand_model_failures_total")).toHaveLength(1);
    expect(await samples(metrics, "deskhand_sends_total")).toHaveLength(1);
  });

  it("logs what it is given, with the fields of its children", () => {
    lines.length = 0;
    const log = metered(createLog("debug", sink), make());
    log.with({ platform: "slack" }).warn("send.retried", { attempt: 2 });
    log.debug("quiet.thing");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: "send.retried", platform: "slack", attempt: 2, level: "warn" },
      { event: "quiet.thing", level: "debug" },
    ]);
  });

  it("counts what a child says, but not what a company's tool says", async () => {
    const metrics = make();
    const log = metered(createLog("silent"), metrics);
    log.with({ platform: "slack" }).warn("send.retried");
    log.with({ tool: "lookup_order" }).warn("send.retried");
    expect(await samples(metrics, "deskhand_send_retries_total")).toEqual(["1"]);
  });
});

describe("a desk", () => {
  it("is counted while it works, and what waits is asked of its ledger", async () => {
    let metrics: Metrics | undefined;
    const log = metered(createLog("silent"), { note: (event, fields) => metrics?.note(event, fields) });
    desk = await openDesk({
      log,
      model: createScriptedModel(
        "Hello.",
        { calls: [{ name: "made_up", arguments: {} }] },
        { calls: [{ name: "escalate_to_human", arguments: { reason: "x", priority: "high" } }] },
      ),
    });
    metrics = createMetrics({ ledger: desk.ledger, tools: ["escalate_to_human"], clock });
    await desk.room.says("ann", "hello");
    await desk.quiet();
    await desk.room.says("ann", "help");
    await desk.quiet();
    const held = desk.room.hold("bob");
    desk.model.script = ["Hello, Bob."];
    await desk.room.says("bob", "hello");
    // Bob's reply is on its way and stays there.
    await expect
      .poll(() => samples(metrics as Metrics, "deskhand_turns_total"))
      .toEqual([
        '{outcome="answer",specialist="support",model="scripted"} 2',
        '{outcome="escalation",specialist="support",model="scripted"} 1',
      ]);
    expect(await samples(metrics, "deskhand_escalations_total")).toEqual([
      '{priority="high",queue="general"} 1',
    ]);
    // What was refused is nothing that anybody has to be woken for.
    expect(await samples(metrics, "deskhand_tool_calls_total")).toEqual([
      '{tool="unknown",failed="false"} 1',
      '{tool="escalate_to_human",failed="false"} 1',
    ]);
    expect(await samples(metrics, "deskhand_tickets_open")).toEqual(["1"]);
    expect(await samples(metrics, "deskhand_inbox_waiting")).toEqual(["0"]);
    expect(await samples(metrics, "deskhand_outbox_waiting")).toEqual(["1"]);
    expect(await samples(metrics, "deskhand_inbox_oldest_seconds")).toEqual(["0"]);
    const age = async () => Number((await samples(metrics as Metrics, "deskhand_outbox_oldest_seconds"))[0]);
    const before = await age();
    expect(before).toBeGreaterThan(0);
    await expect.poll(age).toBeGreaterThan(before);
    held();
    await desk.quiet();
    expect(await samples(metrics, "deskhand_sends_total")).toContain('{platform="room",result="sent"} 4');
    expect(await samples(metrics, "deskhand_outbox_oldest_seconds")).toEqual(["0"]);
  });
});
