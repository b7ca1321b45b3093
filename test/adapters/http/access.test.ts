import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAccess, isLoopback } from "../../../adapters/http/access.ts";
import { createHttpAdapter } from "../../../adapters/http/adapter.ts";
import { createApi } from "../../../adapters/http/api.ts";
import { createLife } from "../../../adapters/http/life.ts";
import { httpLimits } from "../../../adapters/http/limits.ts";
import { newSession, threadOf, userOf } from "../../../adapters/http/thread-id.ts";
import { createClock } from "../../../src/clock.ts";
import { createLog } from "../../../src/log.ts";
import { ask, type Reply, say, type TestDesk, useDesks } from "./desk.ts";

const open = useDesks();

const secret = "a-secret-of-the-company-with-many-characters";
const now = () => Math.floor(Date.now() / 1000);

/** A token made by hand: whatever a hostile signer could send. */
function tokenOf(
  claims: unknown,
  { header = { alg: "HS256", typ: "JWT" }, key = secret }: { header?: unknown; key?: string } = {},
): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

const asCustomer = (id: string, more: object = {}) => ({
  "deskhand-customer": tokenOf({ sub: id, exp: now() + 60, ...more }),
});
const withKey = (key: string) => ({ authorization: `Bearer ${key}` });

describe("API keys", () => {
  it("lets in who carries one of them, and nobody else", async () => {
    const desk = await open({ config: { apiKeys: ["key-one", "key-two"] } });
    for (const key of ["key-one", "key-two"]) {
      expect((await say(desk, "Hello", undefined, withKey(key))).status).toBe(200);
    }
    const refused = ["", "key-on", "key-one x", "KEY-ONE", "key-onekey-one", "key-one,key-two"];
    for (const headers of [{}, ...refused.map(withKey), { authorization: "Basic a2V5LW9uZTo=" }]) {
      const { status, body, headers: answered } = await say(desk, "Hello", undefined, headers);
      expect(status).toBe(401);
      expect(body).toMatchObject({ type: "urn:deskhand:problem:key-required", status: 401 });
      expect(answered.get("www-authenticate")).toBe('Bearer realm="deskhand"');
    }
    expect(desk.received).toHaveLength(2);
  });

  it("asks for one on every path that shows or changes a conversation", async () => {
    const desk = await open({ config: { apiKeys: ["key-one"] } });
    const session = (await say(desk, "Hello", undefined, withKey("key-one"))).body.session_id;
    expect((await ask(desk, `/conversation/${session}`)).status).toBe(401);
    expect((await ask(desk, `/conversation/${session}/reset`, {})).status).toBe(401);
    expect((await say(desk, "Hello", session)).status).toBe(401);
  });

  it("is every local program's right to ask where none is configured", async () => {
    const desk = await open();
    expect((await say(desk, "Hello")).status).toBe(200);
    expect((await say(desk, "Hello", undefined, withKey("whatever"))).status).toBe(200);
  });

  it("does not start without keys anywhere but on loopback", async () => {
    const adapter = createHttpAdapter({
      config: { host: "0.0.0.0", port: 0, apiKeys: [] },
      sessions: {
        find: async () => undefined,
        messages: async () => [],
        reset: async () => {},
        knows: async () => false,
      },
      idle: async () => {},
      metrics: async () => "",
      ready: async () => ({ ready: true }),
      clock: createClock(),
      log: createLog("silent"),
    });
    await expect(adapter.connect({ receive: async () => {}, suggest: async () => [] })).rejects.toMatchObject(
      {
        code: "config_invalid",
      },
    );
    expect(adapter.address()).toBeUndefined();
    await adapter.close();
  });

  it("never stands in an id: the tenant is a slow hash of it, the same after a restart", async () => {
    const [first, second] = await Promise.all([
      createAccess(["key-one"]),
      createAccess(["key-two", "key-one"]),
    ]);
    const tenant = first.tenantOf("Bearer key-one");
    expect(tenant).toMatch(/^[0-9A-Za-z_-]{12}$/);
    expect(second.tenantOf("bearer  key-one")).toBe(tenant);
    expect(second.tenantOf("Bearer key-two")).not.toBe(tenant);
    expect(first.tenantOf(undefined)).toBeUndefined();
  });

  it("is not let in through another name of this machine when there is no key", async () => {
    const desk = await open();
    const port = desk.adapter.address()?.port;
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, "127.8.9.1"]) {
      expect(await statusAs(desk, host)).toBe(200);
    }
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1.evil.example",
      "localhost.evil.example",
    ]) {
      expect(await statusAs(desk, host)).toBe(421);
    }
    expect(["::1", "[::1]", "[::1]:80", "LOCALHOST"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["::", "[::2]:80", "10.0.0.1", "", "1270.0.0.1", "127.0.0.1x"].some(isLoopback)).toBe(false);
  });
});

/** `fetch` does not let a test choose the Host header. */
async function statusAs(desk: TestDesk, host: string): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request(`${desk.url}/healthz`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("the customer's token", () => {
  it("verifies the customer, with the name that staff will read", async () => {
    const desk = await open({ config: { customerSecret: secret } });
    const headers = asCustomer("cust_001", { name: "Ana\u202e \u0007", locale: "de-DE" });
    const { body } = await say(desk, "Hello", undefined, headers);
    expect(desk.received[0]).toMatchObject({
      message: {
        author: { id: "http:open:customer/cust_001", customer: "cust_001", name: "Ana", locale: "de-DE" },
      },
    });
    const shown = await ask(desk, `/conversation/${body.session_id}`, undefined, asCustomer("cust_001"));
    expect(shown.body.customer_id).toBe("cust_001");
  });

  it("makes one user of a customer in all their sessions", async () => {
    const desk = await open({ config: { customerSecret: secret } });
    await say(desk, "one", undefined, asCustomer("cust_001"));
    await say(desk, "two", undefined, asCustomer("cust_001"));
    const users = desk.received.map((event) => event.kind === "message" && event.message.author.id);
    expect(new Set(users).size).toBe(1);
    expect(desk.store.threads.size).toBe(2);
  });

  it("is refused when anything about it is wrong, and nothing is taken", async () => {
    const desk = await open({ config: { customerSecret: secret } });
    const good = { sub: "cust_001", exp: now() + 60 };
    const [head, , signature] = tokenOf(good).split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    const payload = Buffer.from(JSON.stringify(good)).toString("base64url");
    const bad: Record<string, string> = {
      "signed by somebody else": tokenOf(good, { key: "another-secret" }),
      "signed with nothing": tokenOf(good, { key: "" }),
      "not signed": `${none}.${payload}.`,
      "says none, is signed": tokenOf(good, { header: { alg: "none", typ: "JWT" } }),
      "says HS512": tokenOf(good, { header: { alg: "HS512", typ: "JWT" } }),
      "says RS256": tokenOf(good, { header: { alg: "RS256", typ: "JWT" } }),
      "other claims under the same signature": `${head}.${Buffer.from(JSON.stringify({ ...good, sub: "cust_002" })).toString("base64url")}.${signature}`,
      "has critical extensions": tokenOf(good, { header: { alg: "HS256", crit: ["b64"], b64: false } }),
      "has no end": tokenOf({ sub: "cust_001" }),
      "has ended": tokenOf({ ...good, exp: now() - 1 }),
      "ends now": tokenOf({ ...good, exp: now() }),
      "ends in milliseconds, which is never": tokenOf({ ...good, exp: Date.now() + 60_000 }),
      "ends in a text": tokenOf({ ...good, exp: String(now() + 60) }),
      "ends in infinity": tokenOf({ ...good, exp: null }),
      "has not begun": tokenOf({ ...good, nbf: now() + 60 }),
      "was made in the future": tokenOf({ ...good, iat: now() + 60 }),
      "begins in a text": tokenOf({ ...good, nbf: "0" }),
      "names nobody": tokenOf({ exp: good.exp }),
      "names an empty customer": tokenOf({ ...good, sub: "" }),
      "names a number": tokenOf({ ...good, sub: 1 }),
      "names with control characters": tokenOf({ ...good, sub: "cust\n001" }),
      "names half a character": tokenOf({ ...good, sub: "cust_\ud800" }),
      "names at length": tokenOf({ ...good, sub: "x".repeat(201) }),
      "is large": tokenOf({ ...good, padding: "x".repeat(5_000) }),
      "is no object": tokenOf("cust_001"),
      "is null": tokenOf(null),
      "is a list": tokenOf([good]),
      "is no token": "cust_001",
      "is two": `${tokenOf(good)}, ${tokenOf(good)}`,
      "is empty": "",
      "is dots": "..",
    };
    for (const [what, token] of Object.entries(bad)) {
      const reply = await say(desk, "Hello", undefined, { "deskhand-customer": token });
      expect(reply.status, what).toBe(401);
      expect(reply.body.type, what).toBe("urn:deskhand:problem:customer-token-invalid");
      expect(JSON.stringify(reply.body), what).not.toContain(payload);
      expect(reply.headers.get("www-authenticate")).toContain("Deskhand-Customer");
    }
    expect(desk.received).toHaveLength(0);
    expect((await say(desk, "Hello", undefined, { "deskhand-customer": tokenOf(good) })).status).toBe(200);
  });

  it("bears a signer whose clock is a little ahead", async () => {
    const desk = await open({ config: { customerSecret: secret } });
    const headers = asCustomer("cust_001", { nbf: now() + 2, iat: now() + 2 });
    expect((await say(desk, "Hello", undefined, headers)).status).toBe(200);
  });

  it("is never believed, and never ignored, where no secret is configured", async () => {
    for (const customerSecret of [undefined, ""]) {
      const desk = await open({ config: { customerSecret } });
      const token = tokenOf({ sub: "cust_001", exp: now() + 60 }, { key: customerSecret ?? "" });
      expect((await say(desk, "Hello", undefined, { "deskhand-customer": token })).status).toBe(401);
    }
  });

  it("does not stand in any log line, nor does a key", async () => {
    const lines: string[] = [];
    const log = createLog("debug", { write: (line: string) => void lines.push(line) });
    const desk = await open({ config: { customerSecret: secret, apiKeys: ["the-key-itself"] }, log });
    const bad = tokenOf({ sub: "cust_001", exp: now() - 1 });
    const good = asCustomer("cust_001");
    await say(desk, "my password is hunter2", undefined, { ...good, ...withKey("the-key-itself") });
    await say(desk, "Hello", undefined, { "deskhand-customer": bad, ...withKey("the-key-itself") });
    await say(desk, "Hello", undefined, withKey("a-wrong-key"));
    const all = lines.join("\n");
    expect(all).toContain("http.answered");
    for (const word of ["the-key-itself", "a-wrong-key", secret, bad, good["deskhand-customer"], "hunter2"]) {
      expect(all).not.toContain(word);
    }
  });
});

describe("a session", () => {
  it("is unknown to everybody but the key and the customer that opened it, to the last letter", async () => {
    const desk = await open({ config: { customerSecret: secret, apiKeys: ["key-one", "key-two"] } });
    const owner = { ...withKey("key-one"), ...asCustomer("cust_001") };
    const anonymous = withKey("key-one");
    const own = (await say(desk, "mine", undefined, owner)).body.session_id;
    const unverified = (await say(desk, "nobody's", undefined, anonymous)).body.session_id;
    const strangers: [unknown, Record<string, string>][] = [
      [own, anonymous],
      [own, { ...withKey("key-one"), ...asCustomer("cust_002") }],
      [own, { ...withKey("key-two"), ...asCustomer("cust_001") }],
      [unverified, owner],
      [unverified, withKey("key-two")],
    ];
    const everything = async (session: unknown, headers: Record<string, string>): Promise<Reply[]> => [
      await ask(desk, `/conversation/${session}`, undefined, headers),
      await ask(desk, `/conversation/${session}/reset`, {}, headers),
      await say(desk, "let me in", session, headers),
      await ask(desk, "/chat", { session_id: session, confirm: "in_1" }, headers),
    ];
    const received = desk.received.length;
    for (const [session, headers] of strangers) {
      const refused = await everything(session, headers);
      const unknown = await everything(newSession(createClock()), headers);
      for (const [at, { status, body }] of refused.entries()) {
        expect(status).toBe(404);
        expect(body).toEqual(unknown[at]?.body);
        expect(unknown[at]?.status).toBe(404);
      }
    }
    expect(desk.received).toHaveLength(received);
    expect((await say(desk, "still mine", own, owner)).status).toBe(200);
    expect((await say(desk, "still nobody's", unverified, anonymous)).status).toBe(200);
  });

  it("belongs to the same after a restart", async () => {
    const config = { customerSecret: secret, apiKeys: ["key-one"] };
    const first = await open({ config });
    const owner = { ...withKey("key-one"), ...asCustomer("cust_001") };
    const session = (await say(first, "mine", undefined, owner)).body.session_id;
    await first.close();
    const second = await open({ config, store: first.store });
    expect((await say(second, "again", session, owner)).status).toBe(200);
    expect((await say(second, "again", session, withKey("key-one"))).status).toBe(404);
  });

  it("is not found under names that could lead elsewhere", async () => {
    const desk = await open();
    const session = String((await say(desk, "hello")).body.session_id);
    for (const id of [
      `../${session}`,
      `open:${session}`,
      `http:open:${session}`,
      "a/b",
      "%2e%2e",
      "__proto__",
      "x".repeat(200),
      "%",
      "a b",
      "%00",
    ]) {
      const { status, body } = await ask(desk, `/conversation/${id}`);
      expect([404, 400], id).toContain(status);
      expect(body.type).toMatch(/^urn:deskhand:problem:/);
      expect((await say(desk, "hello", id)).status, id).toBe(404);
    }
    expect(threadOf("open", "a:b")).toBeUndefined();
  });

  it("has a name that cannot be guessed, and a customer's user cannot be mistaken for another's", () => {
    const clock = createClock();
    const names = Array.from({ length: 200 }, () => newSession(clock));
    expect(new Set(names).size).toBe(200);
    const endings = names.map((name) => name.slice(-24));
    expect(new Set(endings).size).toBe(200);
    expect(userOf("t", "s", "a/b:c")).toBe("http:t:customer/a%2Fb%3Ac");
    expect(userOf("t", "s", "session/s")).not.toBe(userOf("t", "s", undefined));
  });
});

describe("metrics and readiness", () => {
  it("shows figures to this machine without a key, but not through a proxy", async () => {
    const desk = await open({ config: { apiKeys: ["key-one"] } });
    const figures = await fetch(`${desk.url}/metrics`);
    expect(figures.status).toBe(200);
    expect(figures.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await figures.text()).toContain("deskhand_turns_total 1");
    const proxied = { "x-forwarded-for": "203.0.113.9" };
    expect((await ask(desk, "/metrics", undefined, proxied)).status).toBe(401);
    const known = await fetch(`${desk.url}/metrics`, { headers: { ...proxied, ...withKey("key-one") } });
    expect(known.status).toBe(200);
  });

  it("asks for the key when the server can be reached from elsewhere", async () => {
    const clock = createClock();
    const unused = () => Promise.reject(new Error("not asked"));
    const fetch = createApi({
      access: await createAccess(["key-one"]),
      host: "0.0.0.0",
      customerSecret: undefined,
      intake: { take: unused, own: unused, mayGoOn: () => {}, inTurn: unused },
      chat: { reply: unused, stream: () => new Response() },
      sessions: { find: unused, messages: unused, reset: unused, knows: unused },
      metrics: async () => "deskhand_turns_total 1\n",
      ready: async () => ({ ready: true }),
      life: createLife(),
      limits: httpLimits,
      clock,
      log: createLog("silent"),
    });
    const statusOf = async (headers: Record<string, string>) =>
      (await fetch(new Request("http://desk.example/metrics", { headers }))).status;
    expect(await statusOf({})).toBe(401);
    expect(await statusOf(withKey("key-one"))).toBe(200);
  });

  it("tells whether the desk takes messages, to whoever asks", async () => {
    let ready = true;
    const desk = await open({
      config: { apiKeys: ["key-one"] },
      ready: async () => ({ ready, checks: { ledger: ready } }),
    });
    expect(await ask(desk, "/readyz")).toMatchObject({
      status: 200,
      body: { status: "ready", checks: { ledger: true } },
    });
    ready = false;
    expect(await ask(desk, "/readyz")).toMatchObject({
      status: 503,
      body: { type: "urn:deskhand:problem:not-ready", checks: { ledger: false } },
    });
    expect(await ask(desk, "/healthz")).toMatchObject({ status: 200, body: { status: "alive" } });
  });
});
