import { createHmac } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../doubles/free-port.ts";
import {
  createOpenAIServer,
  type OpenAIServer,
  type ReceivedRequest,
  type Reply,
} from "../doubles/openai-server.ts";
import { closeTerminals, openTerminal, root, type Terminal, temporaryFolder } from "./terminal.ts";

const secret = "a-secret-that-only-the-shop-and-the-desk-know";
const folder = { remove: () => {}, path: "" };
let server: OpenAIServer;
let desk: Terminal;
let port: number;

/** The example's desk, with its policy: here the customer's own request stands for the confirmation. */
function workspaceWithoutQuestions(): string {
  const path = join(folder.path, "desk");
  cpSync(join(root, "example"), path, { recursive: true });
  const file = join(path, "desk.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("confirm: customer", "confirm: none"));
  return path;
}

/** What a model would do in each turn, by the customer's words. */
function script({ body }: ReceivedRequest): Reply {
  const messages = body.messages as { role: string; content: string | null; tool_calls?: unknown[] }[];
  const last = messages.findLastIndex((message) => message.role === "user");
  const asked = String(messages[last]?.content);
  const results = messages.slice(last).filter((message) => message.role === "tool").length;
  const result = String(messages.at(-1)?.content);
  const call = (name: string, args: object = {}) => ({ calls: [{ name, arguments: JSON.stringify(args) }] });
  if (asked.includes("billing issue")) {
    if (results === 0) return { calls: [call("lookup_customer").calls[0]!, call("lookup_orders").calls[0]!] };
    if (results === 2) return call("transfer_to_billing", { reason: "billing" });
    return { text: "You have ord_1001 (299.98) and ord_1002 (49.99). What is it about?" };
  }
  if (asked.includes("API credits")) {
    if (results === 0)
      return call("issue_refund", { order_id: "ord_1002", reason: "The credits were never used" });
    return { text: "I have refunded 49.99; it arrives in 3-5 business days." };
  }
  if (asked.includes("downgrade")) {
    if (results === 0) return call("update_customer_plan", { new_plan: "free" });
    return { text: "You are on the free plan now." };
  }
  const wanted = /(refund|cancel) (ord_\d+)/i.exec(asked);
  const offered = (body.tools as { function: { name: string } }[]).map((tool) => tool.function.name);
  const called = messages
    .slice(last)
    .flatMap((message) => (message.tool_calls ?? []) as { function: { name: string } }[]);
  const acted = called.some(({ function: { name } }) => name === "issue_refund" || name === "cancel_order");
  if (wanted && !acted) {
    if (!offered.includes("issue_refund")) return call("transfer_to_billing", { reason: "billing" });
    const [, what, order_id] = wanted;
    return what?.toLowerCase() === "refund"
      ? call("issue_refund", { order_id, reason: "The customer wants it" })
      : call("cancel_order", { order_id });
  }
  return { text: `The store says: ${result}` };
}

const tokenFor = (customer: string): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: customer, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};

interface Answered {
  session_id: string;
  response: string;
  agent: string;
  turn: number;
}

async function ask(
  path: string,
  customer: string,
  body?: object,
): Promise<{ status: number; json: Answered & Record<string, unknown> }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: body ? "POST" : "GET",
    headers: {
      authorization: "Bearer shop-key",
      "deskhand-customer": tokenFor(customer),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, json: (await answer.json()) as Answered & Record<string, unknown> };
}

async function open(workspace: string): Promise<void> {
  desk = await openTerminal(join(folder.path, "data"), {
    args: ["--workspace", workspace, "--console"],
    env: {
      OPENAI_BASE_URL: `${server.url}`,
      OPENAI_API_KEY: "sk-test",
      HTTP_PORT: String(port),
      HTTP_API_KEYS: "shop-key",
      HTTP_CUSTOMER_SECRET: secret,
    },
  });
}

beforeEach(async () => {
  Object.assign(folder, temporaryFolder());
  server = await createOpenAIServer({ script });
  port = await freePort();
});
afterEach(async () => {
  closeTerminals();
  await server.close();
  folder.remove();
});

describe("the stateful desk over HTTP", () => {
  it("helps with billing, refunds and a plan in one session, over a restart, money once", async () => {
    const workspace = workspaceWithoutQuestions();
    await open(workspace);
    const first = await ask("/chat", "cust_001", {
      message: "Hi, I'm customer cust_001 and I need help with a billing issue.",
    });
    expect(first.json).toMatchObject({ agent: "billing", turn: 1 });
    for (const said of ["ord_1001", "299.98", "ord_1002", "49.99"])
      expect(first.json.response).toContain(said);
    const { session_id } = first.json;

    const second = await ask("/chat", "cust_001", {
      session_id,
      message: "I'd like a refund for the API credits order, I haven't used them yet.",
    });
    expect(second.json).toMatchObject({ agent: "billing", turn: 2 });
    expect(second.json.response).toMatch(/49\.99.*3-5 business days/s);

    await desk.kill();
    await open(workspace);
    const third = await ask("/chat", "cust_001", {
      session_id,
      message: "Can you also downgrade my plan to free?",
    });
    expect(third.json).toMatchObject({ agent: "billing", turn: 3 });
    expect(third.json.response).toContain("free");

    const again = await ask("/chat", "cust_001", { session_id, message: "Refund ord_1002 again" });
    expect(again.json.response).toContain("already been refunded");

    const seen = await ask(`/conversation/${session_id}`, "cust_001");
    expect(seen.json).toMatchObject({
      session_id,
      customer_id: "cust_001",
      current_agent: "billing",
      total_turns: 4,
    });
    expect((await ask(`/conversation/${session_id}`, "cust_002")).status).toBe(404);
    expect((await ask(`/conversation/${session_id}/reset`, "cust_001", {})).json).toMatchObject({
      status: "reset",
      session_id,
    });
  });

  it("refuses what is not the customer's, what is not pending, and what has no reason, in the store's words", async () => {
    await open(workspaceWithoutQuestions());
    const says = async (customer: string, message: string) =>
      (await ask("/chat", customer, { message })).json.response;
    const others = await says("cust_001", "Refund ord_2001 please");
    expect(others.replaceAll("ord_2001", "ord_9999")).toBe(await says("cust_001", "Refund ord_9999 please"));
    expect(await says("cust_001", "Cancel ord_1001")).toMatch(/delivered/);
    expect(await says("cust_001", "Refund ord_1001")).toContain("documented reason");
  });

  it("puts a refund above the limit to a person, who approves it once", async () => {
    await open(workspaceWithoutQuestions());
    const { json } = await ask("/chat", "cust_002", { message: "Refund ord_2001 please" });
    expect(json.response).toContain("approval");
    await desk.sees("Approval #1: Refund 999.99 USD for ord_2001");
    await desk.say("@staff approve 1");
    const seen = await ask(`/conversation/${json.session_id}`, "cust_002");
    expect(JSON.stringify(seen.json.messages)).toContain("Done: Refund 999.99 USD for ord_2001");
    await desk.say("@staff approve 1");
    expect(desk.output().match(/Done: Refund 999\.99/g)).toHaveLength(1);
  });
});
