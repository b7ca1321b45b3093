import { describe, expect, it } from "vitest";
import { DeskError } from "../../../src/errors.ts";
import { eventually } from "../../contracts/platform.ts";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";
import { ask, gate, say, type TestDesk, useConnections, useDesks } from "./desk.ts";

const open = useDesks();
const dial = useConnections();

async function post(
  desk: TestDesk,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${desk.url}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem.status).toBe(response.status);
  return { status: response.status, problem };
}

const pointersOf = (problem: Record<string, unknown>) =>
  ((problem.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);

describe("what is no good request", () => {
  it("is told what in the body is wrong, and where", async () => {
    const desk = await open();
    const cases: [unknown, string[]][] = [
      [{}, [""]],
      [[], [""]],
      ["hello", [""]],
      [null, [""]],
      [{ message: "" }, ["/message"]],
      [{ message: " \n\u0000\u0007 " }, ["/message"]],
      [{ message: 7 }, ["/message"]],
      [{ message: { toString: "x" } }, ["/message"]],
      [{ message: "hi", session_id: 7 }, ["/session_id"]],
      [{ message: "hi", session_id: "" }, ["/session_id"]],
      [{ message: "hi", customer_id: "cust_001" }, ["/customer_id"]],
      [{ message: "hi", "a/b~c": 1 }, ["/a~1b~0c"]],
      [{ message: "hi", confirm: "in_1", session_id: "s" }, [""]],
      [{ session_id: "s", confirm: "in 1" }, ["/confirm"]],
      [{ session_id: "s", confirm: "x".repeat(65) }, ["/confirm"]],
      [{ session_id: "s", decline: ["in_1"] }, ["/decline"]],
    ];
    for (const [body, pointers] of cases) {
      const { status, problem } = await post(desk, JSON.stringify(body));
      expect(status, JSON.stringify(body)).toBe(400);
      expect(problem.type).toBe("urn:deskhand:problem:invalid-request");
      expect(pointersOf(problem), JSON.stringify(body)).toEqual(pointers);
    }
    expect(desk.received).toHaveLength(0);
  });

  it("cannot reach a prototype", async () => {
    const desk = await open();
    const { status, problem } = await post(
      desk,
      '{"message":"hi","__proto__":{"session_id":"x","polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(status).toBe(400);
    expect(pointersOf(problem).toSorted()).toEqual(["/__proto__", "/constructor"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect((await post(desk, '{"__proto__":{"message":"hi"}}')).status).toBe(400);
    expect(desk.received).toHaveLength(0);
  });

  it("is refused when it is no JSON, or no UTF-8", async () => {
    const desk = await open();
    for (const body of [
      "",
      "{",
      "message=hi",
      "NaN",
      '{"message":"a\nb"}',
      new Uint8Array([0x22, 0xff, 0x22]),
    ]) {
      expect((await post(desk, body)).status).toBe(400);
    }
  });

  it("is refused when it nests without end, or names a thousand unknown things", async () => {
    const desk = await open();
    const deep = `{"message":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
    expect((await post(desk, deep)).status).toBe(400);
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [`unknown_${n}_${"x".repeat(20)}`, n]),
    );
    const { status, problem } = await post(desk, JSON.stringify(many));
    expect(status).toBe(400);
    expect(JSON.stringify(problem).length).toBeLessThan(2_000);
  });

  it("is refused when it is not sent as JSON, or is compressed", async () => {
    const desk = await open();
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/jsonp",
      "",
      "text/json",
    ]) {
      expect((await post(desk, '{"message":"hi"}', { "content-type": type })).status, type).toBe(415);
    }
    expect((await post(desk, '{"message":"hi"}', { "content-encoding": "gzip" })).status).toBe(415);
    const sent = await fetch(`${desk.url}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: '{"message":"hi"}',
    });
    expect(sent.status).toBe(200);
  });

  it("finds nothing at unknown paths, and is told which methods a path takes", async () => {
    const desk = await open();
    for (const path of [
      "/",
      "/chat/",
      "/Chat",
      "/index.html",
      "/.env",
      "/conversation",
      "/conversation/a/b",
      "//chat",
      "/chat%2f",
    ]) {
      expect(await ask(desk, path), path).toMatchObject({
        status: 404,
        body: { type: "urn:deskhand:problem:unknown-path" },
      });
    }
    for (const [method, path, allow] of [
      ["GET", "/chat", "POST"],
      ["PUT", "/chat", "POST"],
      ["OPTIONS", "/chat", "POST"],
      ["DELETE", "/conversation/x", "GET, HEAD"],
      ["GET", "/conversation/x/reset", "POST"],
      ["POST", "/metrics", "GET, HEAD"],
    ] as const) {
      const response = await fetch(`${desk.url}${path}`, { method });
      expect(response.status, `${method} ${path}`).toBe(405);
      expect(response.headers.get("allow")).toBe(allow);
      expect(((await response.json()) as { type: string }).type).toBe(
        "urn:deskhand:problem:method-not-allowed",
      );
    }
  });
});

describe("what is too much", () => {
  it("is a body over the limit, announced or not; the desk is not asked", async () => {
    const desk = await open();
    const body = JSON.stringify({ message: "x".repeat(10 * 1024 * 1024) });
    expect((await post(desk, body)).status).toBe(413);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 100; n++) controller.enqueue(new Uint8Array(1_000).fill(0x20));
        controller.close();
      },
    });
    const chunked = await fetch(`${desk.url}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
    await chunked.body?.cancel();
    expect((await say(desk, "x".repeat(60_000))).status).toBe(200);
    expect(desk.received).toHaveLength(1);
  });

  it("is a flood of headers", async () => {
    const desk = await open();
    const { socket, text, ended } = dial(desk);
    socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n");
    for (let n = 0; n < 400; n++) socket.write(`x-${n}: ${"y".repeat(100)}\r\n`);
    await ended;
    expect(text()).toMatch(/^HTTP\/1\.1 431 /);
    expect(text()).toContain("urn:deskhand:problem:headers-too-large");
    expect((await say(desk, "Hello")).status).toBe(200);
  });

  it("is time: a body that does not come is answered 408", async () => {
    const clock = createVirtualClock();
    const desk = await open({ clock });
    const { socket, text } = dial(desk);
    socket.write(
      'POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"me',
    );
    await eventually(async () => {
      await clock.pass(15_000);
      expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    });
    expect(text()).toContain("urn:deskhand:problem:request-too-slow");
    expect(desk.received).toHaveLength(0);
  });

  it("is a head that does not come", async () => {
    const desk = await open({ limits: { bodyTimeoutMs: 50, closeGraceMs: 50 } });
    const { socket, text, ended } = dial(desk);
    socket.write("POST /chat HTTP/1.1\r\nhost: loc");
    await ended;
    expect(text()).toContain("urn:deskhand:problem:request-too-slow");
  });
});

describe("what is hardly HTTP", () => {
  it("is answered with a problem all the same, never with a page or a stack", async () => {
    const desk = await open();
    const requests: Record<string, string> = {
      nonsense: "hello there\r\n\r\n",
      "a bad length": "POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
      "two lengths":
        "POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "a broken chunk":
        "POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
      "no host": "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n",
      "a broken host": "GET /healthz HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n",
      "a broken path": "GET /\\..\\x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
      "another server's path":
        "GET http://evil.example/healthz HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
      "an asterisk": "OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
      "an odd expectation":
        "POST /chat HTTP/1.1\r\nhost: localhost\r\nexpect: wonders\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    };
    for (const [what, request] of Object.entries(requests)) {
      const { socket, text, ended } = dial(desk);
      socket.write(request);
      await ended;
      const [head = "", body = ""] = text().split("\r\n\r\n");
      expect(head, what).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(head, what).toContain("content-type: application/problem+json");
      expect(body, what).toContain("urn:deskhand:problem:");
      expect(text(), what).not.toMatch(/<html|\bat .*:\d+:\d+|node_modules/);
    }
    expect((await say(desk, "Hello")).status).toBe(200);
  });

  it("does not put a problem into the middle of a stream", async () => {
    const release = gate();
    const desk = await open({
      async answering() {
        await release.opened;
        return { text: "Hello." };
      },
    });
    const { socket, text, ended } = dial(desk);
    const body = '{"message":"Hi"}';
    socket.write(
      `POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(() => expect(text()).toContain("event: session"));
    socket.write("nonsense\r\n\r\n");
    await ended;
    release.open();
    expect(text()).not.toContain("problem");
    expect(text().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("does not mind connections that come and go", async () => {
    const desk = await open();
    for (let n = 0; n < 50; n++) {
      const { socket } = dial(desk);
      socket.once("connect", () => {
        socket.write(
          "POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
        );
        if (n % 2) socket.resetAndDestroy();
        else socket.end();
      });
    }
    expect((await say(desk, "Hello")).status).toBe(200);
    expect(desk.received).toHaveLength(1);
  });
});

describe("what people write", () => {
  it("comes and goes unharmed, whatever letters it is in", async () => {
    const desk = await open({ answering: ({ text }) => ({ text }) });
    for (const text of [
      "Grüße, 你好, مرحبا 👩‍👩‍👧",
      "<script>alert(1)</script>",
      "a\nb\tc",
      "'; DROP TABLE",
      "{{x}} %s $1",
      "a\u2028b",
    ]) {
      expect((await say(desk, text)).body.response).toBe(text);
    }
  });

  it("is mended where it is no text", async () => {
    const desk = await open({ answering: ({ text }) => ({ text }) });
    const raw = await fetch(`${desk.url}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"message":"a\\ud800b\\u0000c"}',
    });
    const { response } = (await raw.json()) as { response: string };
    expect(response).toBe("a\uFFFDbc");
    expect(desk.received[0]).toMatchObject({ message: { text: "a\uFFFDb\u0000c" } });
  });
});

describe("what breaks on our side", () => {
  it("is a problem without anything of the inside", async () => {
    const desk = await open({
      metrics: () => Promise.reject(new Error("secret detail at /root/deskhand/src/metrics.ts")),
    });
    const { status, body } = await ask(desk, "/metrics");
    expect({ status, body }).toEqual({
      status: 500,
      body: {
        type: "urn:deskhand:problem:internal-error",
        title: "Something broke on our side.",
        status: 500,
      },
    });
  });

  it("is told apart from a ledger that is busy", async () => {
    const desk = await open();
    desk.store.threads.get = () => {
      throw new DeskError("ledger_busy", "locked");
    };
    const { status, headers } = await ask(desk, "/conversation/some-session");
    expect(status).toBe(503);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
