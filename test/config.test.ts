import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nearest } from "../src/config/nearest.ts";
import { variables } from "../src/config/variables.ts";
import { type Config, policyOf, readConfig, type Sources } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { isCurrency, minorUnits } from "../src/money.ts";
import type { Problem } from "../src/platform.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deskhand-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The sources of a workspace whose desk.yaml is this. */
function desk(yaml: string, env: Record<string, string> = {}, options: Sources = {}): Sources {
  writeFileSync(join(folder, "desk.yaml"), yaml);
  return { env, currentFolder: folder, ...options };
}

const problemsOf = (sources: Sources): readonly Problem[] => readConfig(sources).problems;

/** Of sources without a fault. */
function configOf(sources: Sources): Config {
  const { config, problems } = readConfig(sources);
  expect(problems).toEqual([]);
  return config;
}

/** `WHERE FAULT` of each. */
const lines = (problems: readonly Problem[]) => problems.map(({ where, fault }) => `${where} ${fault}`);

const slack = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1", DESK_CHANNEL: "slack:C1" };

describe("where a setting comes from", () => {
  it("has every default when desk.yaml is empty", () => {
    const config = configOf(desk(""));
    expect(config).toMatchObject({
      name: "Support",
      entry: undefined,
      languages: ["en"],
      queues: ["general", "billing", "technical"],
      model: { endpoint: undefined, name: "gpt-4.1-mini", temperature: 0.3, contextTokens: 128_000 },
      limits: { stepsMax: 5, toolTimeoutMs: 10_000, sessionIdleMs: 604_800_000, retentionMs: 31_536_000_000 },
      knowledge: { passageTokensMin: 200, passageTokensMax: 500, passagesPerQuestion: 3 },
      identity: { method: "email_code", reverifyMs: 86_400_000 },
      desk: { channel: undefined, staff: "members", notePrefix: "//", relay: "assignee" },
      settleMs: 1000,
      settleCapMs: 3000,
      logLevel: "info",
    });
    expect(config.folders).toEqual({
      workspace: folder,
      data: join(folder, ".deskhand"),
      knowledge: join(folder, "knowledge"),
    });
  });

  it("takes desk.yaml over the default and the environment over desk.yaml", () => {
    const yaml = "model: { name: from-yaml, embedding: embed-yaml }\nslack: { support_channels: [C7, C8] }";
    expect(configOf(desk(yaml)).model.name).toBe("from-yaml");
    const env = { ...slack, OPENAI_MODEL: "from-env", SLACK_SUPPORT_CHANNELS: "C9, C10," };
    const config = configOf(desk(yaml, env));
    expect(config.model).toMatchObject({ name: "from-env", embeddingName: "embed-yaml" });
    expect(config.slack?.supportChannels).toEqual(["C9", "C10"]);
  });

  it("takes --data over DESKHAND_DATA, both from the current folder", () => {
    expect(configOf(desk("", { DESKHAND_DATA: "here" })).folders.data).toBe(join(folder, "here"));
    const given = configOf(desk("", { DESKHAND_DATA: "here" }, { data: "there" }));
    expect(given.folders.data).toBe(join(folder, "there"));
  });

  it("treats an empty variable, and a key with nothing behind it, as not set", () => {
    const config = configOf(desk("limits:\n  # steps_max: 3\nmodel:\n  name: null\n", { LOG_LEVEL: " " }));
    expect(config.limits.stepsMax).toBe(5);
    expect(config.model.name).toBe("gpt-4.1-mini");
    expect(config.logLevel).toBe("info");
  });

  it("takes the current folder, or example in it, when no workspace is given", () => {
    const sources = desk("name: Here");
    expect(configOf(sources).name).toBe("Here");
    rmSync(join(folder, "desk.yaml"));
    mkdirSync(join(folder, "example"));
    writeFileSync(join(folder, "example", "desk.yaml"), "name: Example");
    expect(configOf(sources).name).toBe("Example");
  });

  it("says so when there is no workspace, and never guesses one further away", () => {
    const [problem] = problemsOf({ env: {}, currentFolder: folder });
    expect(problem?.where).toBe("--workspace");
    expect(problem?.remedy).toContain("deskhand init");
    const missing = problemsOf({ env: {}, currentFolder: folder, workspace: "nowhere" });
    expect(missing[0]?.fault).toBe(`${join(folder, "nowhere")} does not exist`);
  });

  it("cannot be changed afterwards", () => {
    const config = configOf(desk("queues: [a, b]"));
    expect(() => Object.assign(config.limits, { stepsMax: 50 })).toThrow(TypeError);
    expect(() => Array.prototype.push.call(config.queues, "c")).toThrow(TypeError);
  });
});

describe("what is switched on", () => {
  it("opens the console when neither a platform nor HTTP is configured, or when asked to", () => {
    expect(configOf(desk("")).console).toEqual({ thread: undefined, as: undefined });
    expect(configOf(desk("", slack)).console).toBeUndefined();
    expect(configOf(desk("", { HTTP_PORT: "0" })).console).toBeUndefined();
    expect(configOf(desk("", slack, { console: true, as: "cust_001" })).console?.as).toBe("cust_001");
  });

  it("talks to a model with a key, or with an address alone", () => {
    const { endpoint } = configOf(desk("", { OPENAI_API_KEY: "sk-1" })).model;
    expect(endpoint?.baseUrl).toBe("https://api.openai.com/v1");
    expect(endpoint?.apiKey?.reveal()).toBe("sk-1");
    const local = configOf(desk("", { OPENAI_BASE_URL: "http://127.0.0.1:11434/v1/" })).model.endpoint;
    expect(local).toEqual({ baseUrl: "http://127.0.0.1:11434/v1", apiKey: undefined });
  });

  it("receives from Slack in the one way that is configured", () => {
    const socket = configOf(desk("", slack)).slack;
    expect(socket).toMatchObject({ receive: { way: "socket" }, apiUrl: "https://slack.com/api/" });
    const env = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_SIGNING_SECRET: "abc", DESK_CHANNEL: "slack:C1" };
    const http = configOf(
      desk("", { ...env, SLACK_PORT: "0", SLACK_API_URL: "http://127.0.0.1:1/api" }),
    ).slack;
    expect(http).toMatchObject({ receive: { way: "http", host: "127.0.0.1", port: 0 } });
    expect(http?.apiUrl).toBe("http://127.0.0.1:1/api/");
  });

  it.each(["/api", "/api/", "/api/v10", "/api/v10/"])("takes an API of Discord at %s", (path) => {
    const DISCORD_API_URL = `http://127.0.0.1:1${path}`;
    const config = configOf(desk("", { DISCORD_TOKEN: "t", DESK_CHANNEL: "discord:1", DISCORD_API_URL }));
    expect(config.discord?.apiUrl).toBe(DISCORD_API_URL.replace(/\/$/, ""));
  });

  it("takes support channels of further workspaces, named with them", () => {
    const env = { ...slack, SLACK_SUPPORT_CHANNELS: "C5,slack:T2:C6" };
    expect(configOf(desk("", env)).slack?.supportChannels).toEqual(["C5", "slack:T2:C6"]);
  });

  it("lets further workspaces install the app where all that it takes is set, over either way", () => {
    const install = {
      SLACK_CLIENT_ID: "1.2",
      SLACK_CLIENT_SECRET: "s",
      SLACK_STATE_SECRET: "x".repeat(32),
      SLACK_PORT: "0",
    };
    expect(configOf(desk("", { ...slack, ...install })).slack).toMatchObject({
      receive: { way: "socket" },
      install: { clientId: "1.2", host: "127.0.0.1", port: 0 },
    });
    expect(configOf(desk("", slack)).slack?.install).toBeUndefined();
  });
});

describe("tool policies", () => {
  it("reads amounts as integers of the currency's minor units", () => {
    const yaml = `tools:
  refund_usd: { money: { at_once_under: "100.00", with_reason_up_to: 250.5, per_order_max: "900.00" } }
  refund_jpy: { money: { currency: JPY }, approvers: { people: [U1], groups: [S1] } }`;
    const config = configOf(desk(yaml));
    expect(policyOf(config, "refund_usd").money).toEqual({
      currency: "USD",
      atOnceUnderMinor: 10_000,
      withReasonUpToMinor: 25_050,
      perOrderMaxMinor: 90_000,
      perCustomerPerDayMaxMinor: 50_000,
      ageDaysMax: 90,
    });
    expect(policyOf(config, "refund_jpy")).toMatchObject({
      confirm: "customer",
      money: { atOnceUnderMinor: 100, perOrderMaxMinor: "captured" },
      approvers: ["U1", "S1"],
    });
  });

  it("asks the customer first where nothing is said, whatever the tool is called", () => {
    const config = configOf(desk(""));
    for (const tool of ["cancel_order", "constructor", "__proto__"])
      expect(policyOf(config, tool)).toEqual({ confirm: "customer", money: undefined, approvers: ["staff"] });
  });

  it("knows minor units by ISO 4217", () => {
    expect(minorUnits("1.5", "USD")).toBe(150);
    expect(minorUnits("100.00", "HUF")).toBe(10_000);
    expect(minorUnits("7", "JPY")).toBe(7);
    expect(minorUnits("1.234", "KWD")).toBe(1234);
    for (const [text, currency] of [
      ["7.00", "JPY"],
      ["-1", "USD"],
      ["1e3", "USD"],
      ["1,000", "USD"],
      ["1.999", "USD"],
    ] as const)
      expect(minorUnits(text, currency)).toBeUndefined();
    expect(isCurrency("EUR")).toBe(true);
    expect(isCurrency("EURO")).toBe(false);
    expect(isCurrency("QQQ")).toBe(false);
  });
});

describe("office hours", () => {
  it("become spans of minutes for each day", () => {
    const yaml = `office_hours:
  zone: Europe/Berlin
  week: { mon-thu: "09:00-12:00, 13:00-17:00", fri: "9:00-15:30" }
  outside: We are back at 9.`;
    const hours = configOf(desk(yaml)).officeHours;
    expect(hours?.week.tue).toEqual([
      { fromMinute: 540, toMinute: 720 },
      { fromMinute: 780, toMinute: 1020 },
    ]);
    expect(hours?.week.fri).toEqual([{ fromMinute: 540, toMinute: 930 }]);
    expect(hours?.week.sun).toEqual([]);
  });
});

describe("problems", () => {
  it("are reported all together, each with its place, fault and remedy", () => {
    const yaml = `limits:
  step_max: 4
  steps_max: 0
office_hours: { zone: Europe/Berln, week: { mon-fri: "9-17", everyday: "09:00-10:00" } }
knowledge: { passage_tokens: [500, 200] }
tools:
  issue_refund: { money: { currency: JPY, at_once_under: "100.00" } }
queues: [a, a]
discord: { support_channels: [80351110224678912] }
links: { allow: ["https://shop.example.com/x"] }`;
    const env = { HTTP_PORT: "99999", OPENAI_BASE_URL: "localhost", SLACK_BOT_TOKEN: "xoxb-1" };
    const problems = problemsOf(desk(yaml, env));
    expect(lines(problems)).toEqual([
      'OPENAI_BASE_URL "localhost" is not an http or https address without user name and password',
      'HTTP_PORT "99999" is not a whole number from 0 to 65535',
      'desk.yaml:8 queues ["a","a"] is not a list that names each entry once',
      'desk.yaml:4 office_hours.zone "Europe/Berln" is not a time zone like Europe/Berlin',
      'desk.yaml:4 office_hours.week.mon-fri "9-17" is not times like "09:00-17:00", none overlapping',
      'desk.yaml:4 office_hours.week.everyday "everyday" is not a day like mon or days like mon-fri',
      "desk.yaml:3 limits.steps_max 0 is not a whole number from 1 to 50",
      "desk.yaml:2 limits.step_max is not a known key",
      "desk.yaml:5 knowledge.passage_tokens [500,200] is not two whole numbers from 20 to 4000, the smaller first, like [200, 500]",
      'desk.yaml:7 tools.issue_refund.money.at_once_under "100.00" is not an amount with as many decimals as JPY has (0)',
      'desk.yaml:9 discord.support_channels.0 80351110224678910 is not an id in quotes, like "80351110224678912"',
      'desk.yaml:10 links.allow.0 "https://shop.example.com/x" is not a host like shop.example.com',
      "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET Slack is configured, but neither is set",
      "DESK_CHANNEL is not set; with Slack or Discord, escalations need a channel with people in it",
    ]);
    for (const problem of problems) expect(problem.remedy).toMatch(/^\S.*[.?]$/);
  });

  it("name the nearest known key of an unknown one, at any depth", () => {
    const remedies = problemsOf(
      desk("limit: {}\ntools: { x: { money: { curency: USD } } }\nzzzzzzzzz: 1"),
    ).map(({ where, remedy }) => [where, remedy]);
    expect(remedies[0]).toEqual(["desk.yaml:2 tools.x.money.curency", "Did you mean currency?"]);
    expect(remedies[1]).toEqual(["desk.yaml:1 limit", "Did you mean limits?"]);
    expect(remedies[2]?.[1]).toMatch(/^Known here: name, entry, /);
    expect(nearest("passage", ["name", "desk"])).toBeUndefined();
  });

  it("give line and column of bad YAML", () => {
    const [problem] = problemsOf(desk("name: x\nlimits: { steps_max: 3\nqueues: [a]\n"));
    expect(problem?.where).toMatch(/^desk\.yaml:\d+:\d+$/);
    expect(problem?.fault).toMatch(/^is not valid YAML: /);
    expect(problemsOf(desk("name: a\nname: b"))[0]?.where).toBe("desk.yaml:2:1");
  });

  it("refuse a desk.yaml that is no UTF-8 text or no group of keys", () => {
    writeFileSync(join(folder, "desk.yaml"), Buffer.from([0x6e, 0xff, 0xfe]));
    expect(lines(problemsOf({ env: {}, currentFolder: folder }))).toEqual(["desk.yaml is not UTF-8 text"]);
    expect(lines(problemsOf(desk("- a\n- b")))).toEqual(['desk.yaml ["a","b"] is not a group of keys']);
  });

  it("name a desk.yml, whose limits would otherwise not be those of the desk", () => {
    for (const name of ["desk.yml", "Desk.YAML"]) {
      writeFileSync(join(folder, name), "name: A\n");
      expect(lines(problemsOf({ env: {}, currentFolder: folder, workspace: folder }))).toContain(
        `${name} is not read: its name is not desk.yaml`,
      );
      rmSync(join(folder, name));
    }
  });

  it("name the line of a star that YAML takes for an alias", () => {
    const [problem, ...more] = problemsOf(desk("name: A\nlinks:\n  allow: [example.com, *.example.com]\n"));
    expect(more).toEqual([]);
    expect(problem?.where).toBe("desk.yaml:3:24");
    expect(problem?.fault).toContain("*.example.com");
    expect(problem?.remedy).toContain("in quotes");
  });

  it("refuse aliases that unfold without end", () => {
    const rows = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const [problem] = problemsOf(desk(`a0: &a0 [x]\n${rows.join("\n")}`));
    expect(problem?.fault).toBe("has aliases that refer to too much");
  });

  it("leave what is faulty at its default, so that the rest can be examined", () => {
    const { config, problems } = readConfig(desk("entry: billing\nlimits: { steps_max: 0 }"));
    expect(problems).toHaveLength(1);
    expect(config.entry).toBe("billing");
    expect(config.limits.stepsMax).toBe(5);
  });
});

describe("settings that must agree", () => {
  const faults: [what: string, env: Record<string, string>, options: Sources, where: string][] = [
    [
      "Slack with both ways to receive",
      { ...slack, SLACK_SIGNING_SECRET: "s" },
      {},
      "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET",
    ],
    [
      "installing on Slack without its secrets",
      { ...slack, SLACK_CLIENT_ID: "1.2" },
      {},
      "SLACK_CLIENT_SECRET, SLACK_STATE_SECRET",
    ],
    [
      "a secret for installing that could be guessed",
      { ...slack, SLACK_CLIENT_ID: "1.2", SLACK_CLIENT_SECRET: "s", SLACK_STATE_SECRET: "short" },
      {},
      "SLACK_STATE_SECRET",
    ],
    ["Slack without its bot token", { SLACK_APP_TOKEN: "xapp-1" }, {}, "SLACK_BOT_TOKEN"],
    ["tokens of Slack that are swapped", { ...slack, SLACK_BOT_TOKEN: "xapp-1" }, {}, "SLACK_BOT_TOKEN"],
    ["Slack without a human channel", { ...slack, DESK_CHANNEL: "" }, {}, "DESK_CHANNEL"],
    ["Discord without a human channel", { DISCORD_TOKEN: "t" }, {}, "DESK_CHANNEL"],
    [
      "a human channel on a platform that is off",
      { ...slack, DESK_CHANNEL: "discord:1" },
      {},
      "DESK_CHANNEL",
    ],
    ["a human channel that customers read", { ...slack, SLACK_SUPPORT_CHANNELS: "C1" }, {}, "DESK_CHANNEL"],
    [
      "a human channel that customers read, named with its workspace",
      { ...slack, SLACK_SUPPORT_CHANNELS: "C2,slack:T1:C1" },
      {},
      "DESK_CHANNEL",
    ],
    ["a human channel of no known platform", { DESK_CHANNEL: "teams:1" }, {}, "DESK_CHANNEL"],
    [
      "a support channel named twice",
      { ...slack, SLACK_SUPPORT_CHANNELS: "C2,C2" },
      {},
      "SLACK_SUPPORT_CHANNELS",
    ],
    ["an API of Discord without /api", { DISCORD_API_URL: "http://127.0.0.1:1" }, {}, "DISCORD_API_URL"],
    [
      "HTTP open to the network without keys",
      { HTTP_PORT: "8080", HTTP_HOST: "0.0.0.0" },
      {},
      "HTTP_API_KEYS",
    ],
    [
      "HTTP keys that are none",
      { HTTP_PORT: "0", HTTP_HOST: "0.0.0.0", HTTP_API_KEYS: " ," },
      {},
      "HTTP_API_KEYS",
    ],
    ["a model's key of several words", { OPENAI_API_KEY: "sk 1" }, {}, "OPENAI_API_KEY"],
    ["mail without a sender", { SMTP_URL: "smtp://127.0.0.1:25" }, {}, "MAIL_FROM"],
    ["a ledger that is not Postgres", { DATABASE_URL: "mysql://h/d" }, {}, "DATABASE_URL"],
    ["a session store without an address", { KEYV_URI: "redis" }, {}, "KEYV_URI"],
    ["a time that is no number", { SETTLE_MS: "1s" }, {}, "SETTLE_MS"],
    ["an unknown log level", { LOG_LEVEL: "verbose" }, {}, "LOG_LEVEL"],
    ["--as without the console", slack, { as: "cust_001" }, "--as"],
    ["--thread without the console", { HTTP_PORT: "0" }, { thread: "t" }, "--thread"],
  ];
  for (const [what, env, options, where] of faults) {
    it(`refuses ${what}`, () => {
      expect(problemsOf(desk("", env, options)).map((problem) => problem.where)).toEqual([where]);
    });
  }

  it("takes HTTP without keys on this machine's own addresses", () => {
    for (const host of ["127.0.0.1", "::1", "localhost"])
      expect(problemsOf(desk("", { HTTP_PORT: "0", HTTP_HOST: host }))).toEqual([]);
  });

  it("warns of variables that change nothing, and of a secret that can be guessed", () => {
    const idle = configOf(desk("", { HTTP_HOST: "0.0.0.0", MAIL_FROM: "a@example.com" })).warnings;
    expect(idle.map(({ where }) => where)).toEqual(["HTTP_HOST", "MAIL_FROM"]);
    const short = configOf(desk("", { HTTP_PORT: "0", HTTP_CUSTOMER_SECRET: "abc" })).warnings;
    expect(short.map(({ where }) => where)).toContain("HTTP_CUSTOMER_SECRET");
  });

  it("warns where a ticket would reach nobody", () => {
    const alone = (more: Record<string, string>, options = {}) =>
      configOf(desk("", { HTTP_PORT: "0", ...more }, options)).warnings.map(({ where }) => where);
    expect(alone({})).toEqual(["HTTP_PORT"]);
    expect(alone({ DISCORD_TOKEN: "t", DESK_CHANNEL: "discord:1" })).toEqual([]);
    expect(alone({}, { console: true })).toEqual([]);
  });
});

describe("secrets", () => {
  const secrets = {
    DATABASE_URL: "postgres://u:hush-1@127.0.0.1/d",
    KEYV_URI: "redis://:hush-2@127.0.0.1",
    OPENAI_API_KEY: "hush-3",
    SLACK_BOT_TOKEN: "hush-4",
    SLACK_APP_TOKEN: "hush-5",
    SLACK_CLIENT_SECRET: "hush-11",
    SLACK_STATE_SECRET: "hush-12-of-thirty-two-characters-or-more",
    DISCORD_TOKEN: "hush-6",
    HTTP_API_KEYS: "hush-7,hush-8",
    HTTP_CUSTOMER_SECRET: "hush-9",
    SMTP_URL: "smtp://u:hush-10@127.0.0.1",
  };
  const others = {
    SLACK_CLIENT_ID: "1.2",
    HTTP_PORT: "0",
    DESK_CHANNEL: "slack:C1",
    MAIL_FROM: "desk@example.com",
  };

  it("are never printed, in whatever way the configuration is", () => {
    const config = configOf(desk("", { ...secrets, ...others }));
    const logged: string[] = [];
    createLog("info", { write: (line: string) => logged.push(line) }).info("config.read", { config });
    const printed = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      `${config.databaseUrl}`,
      String(config.http?.apiKeys),
      logged.join(),
    ];
    for (const text of printed) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain("hush");
    }
    expect(config.http?.apiKeys.map((key) => key.reveal())).toEqual(["hush-7", "hush-8"]);
  });

  it("are not quoted when they are wrong", () => {
    const env = {
      DATABASE_URL: "hush",
      HTTP_API_KEYS: "hush,hush",
      OPENAI_BASE_URL: "http://u:hush@127.0.0.1",
    };
    const problems = problemsOf(desk("", { ...env, HTTP_PORT: "0" }));
    expect(problems).toHaveLength(3);
    expect(JSON.stringify(problems)).not.toContain("hush");
  });
});

describe(".env.example", () => {
  it("lists every variable with its words and default, in order, and nothing else", () => {
    const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
    const listed = [...text.matchAll(/^# (.+)\n# ([A-Z_]+)=(.*)$/gm)].map(([, about, name, byDefault]) => ({
      name,
      byDefault,
      about,
    }));
    expect(listed).toEqual(variables);
    expect(text.match(/^#? ?[A-Z_]+=/gm)).toHaveLength(variables.length);
  });

  it("gives defaults that are the ones in force", () => {
    const env = Object.fromEntries(variables.map(({ name, byDefault }) => [name, byDefault]));
    const { endpoint, ...model } = configOf(desk("", env)).model;
    expect(endpoint?.baseUrl).toBe("https://api.openai.com/v1");
    const { endpoint: none, ...bare } = configOf(desk("")).model;
    expect(none).toBeUndefined();
    expect(model).toEqual(bare);
    const platforms = {
      ...slack,
      SLACK_APP_TOKEN: "",
      SLACK_SIGNING_SECRET: "s",
      DISCORD_TOKEN: "t",
      HTTP_PORT: "0",
    };
    const given = configOf(desk("", { ...env, ...platforms, OPENAI_BASE_URL: "" }));
    const left = configOf(desk("", platforms));
    expect({ ...given, warnings: [] }).toEqual({ ...left, warnings: [] });
  });
});

describe("the example of every key", () => {
  it("keeps its keys and defaults", () => {
    const complete = `name: Example Store
entry: triage
languages: [en]
model: { name: gpt-4.1-mini, temperature: 0.3, context_tokens: 128000, embedding: null, transcription: null }
queues: [general, billing, technical]
office_hours: null
limits:
  steps_max: 5
  tool_timeout_ms: 10000
  turns_per_session_max: 30
  history_items_max: 60
  tool_calls_per_minute_max: 20
  messages_per_minute_max: 20
  tokens_per_customer_per_day_max: 200000
  tokens_per_day_max: 5000000
  message_characters_max: 8000
  session_idle_days: 7
  retention_days: 365
knowledge: { folder: knowledge, passage_tokens: [200, 500], passages_per_question: 3 }
identity: { method: email_code, reverify_hours: 24 }
tools:
  issue_refund:
    confirm: customer
    money:
      currency: USD
      at_once_under: "100.00"
      with_reason_up_to: "500.00"
      per_order_max: captured
      per_customer_per_day_max: "500.00"
      age_days_max: 90
    approvers: [staff]
  cancel_order: { confirm: customer }
  update_customer_plan: { confirm: customer }
desk: { channel: null, staff: members, note_prefix: "//", relay: assignee }
slack: { support_channels: [], suggested_prompts: [] }
discord: { guilds: [], support_channels: [] }
links: { allow: [] }`;
    const config = configOf(desk(complete));
    const { tools, name, entry, ...rest } = config;
    const { tools: none, name: _name, entry: _entry, ...defaults } = configOf(desk(""));
    expect(rest).toEqual(defaults);
    expect(none).toEqual({});
    expect([name, entry]).toEqual(["Example Store", "triage"]);
    expect(tools.issue_refund?.money).toMatchObject({
      atOnceUnderMinor: 10_000,
      perOrderMaxMinor: "captured",
    });
    expect(tools.issue_refund?.approvers).toEqual(["staff"]);
  });
});
