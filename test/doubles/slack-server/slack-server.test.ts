import { afterEach, describe, expect, it } from "vitest";
import { startSlackProcess } from "./slack-process.ts";
import { createSlackServer, type SlackServer } from "./slack-server.ts";

let open: SlackServer[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});
async function start(): Promise<SlackServer> {
  const slack = await createSlackServer({ ackTimeoutMs: 100, retryDelaysMs: [] });
  open.push(slack);
  slack.addUser("U1");
  slack.addChannel("C1", { members: ["U1"] });
  return slack;
}
async function call(
  slack: SlackServer,
  method: string,
  args: Record<string, unknown>,
  token = slack.botToken,
) {
  const response = await fetch(`${slack.apiUrl}${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  return (await response.json()) as { ok: boolean; error?: string } & Record<string, unknown>;
}
const off = { unfurl_links: false, unfurl_media: false };

describe("the double of Slack", () => {
  it("refuses what Slack refuses", async () => {
    const slack = await start();
    slack.addChannel("C8", { archived: true });
    slack.world.channels.get("T1 C1")?.members.add("U1");
    const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });
    const refused: [string, Record<string, unknown>, string][] = [
      ["chat.postMessage", { channel: "C1" }, "no_text"],
      ["chat.postMessage", { channel: "C404", text: "x" }, "channel_not_found"],
      ["chat.postMessage", { channel: "C8", text: "x" }, "is_archived"],
      ["chat.postMessage", { channel: "C1", text: "x".repeat(40_001) }, "msg_too_long"],
      ["chat.postMessage", { channel: "C1", text: "x", thread_ts: "1.1" }, "thread_not_found"],
      [
        "chat.postMessage",
        { channel: "C1", text: "x", blocks: Array.from({ length: 51 }, () => section("x")) },
        "invalid_blocks",
      ],
      [
        "chat.postMessage",
        { channel: "C1", text: "x", blocks: [section("x".repeat(3_001))] },
        "invalid_blocks",
      ],
      ["chat.postMessage", { channel: "C1", text: "x", blocks: [section("")] }, "invalid_blocks"],
      ["chat.postMessage", { channel: "C1", text: "x", blocks: [{ type: "nonsense" }] }, "invalid_blocks"],
      ["chat.postMessage", { channel: "C1", text: "x", metadata: {} }, "invalid_metadata_format"],
      ["chat.startStream", { channel: "C1" }, "invalid_arguments"],
      ["chat.update", { channel: "C1", ts: "1.1", text: "x" }, "message_not_found"],
      ["views.open", { trigger_id: "old", view: {} }, "expired_trigger_id"],
      ["no.such.method", {}, "unknown_method"],
    ];
    for (const [method, args, error] of refused) {
      expect((await call(slack, method, args)).error, `${method} ${error}`).toBe(error);
    }
    expect((await call(slack, "auth.test", {}, "xoxb-wrong")).error).toBe("invalid_auth");
    expect((await call(slack, "auth.test", {}, "")).error).toBe("not_authed");
    slack.world.teams.get("T1")?.scopes.delete("chat:write");
    expect(await call(slack, "chat.postMessage", { channel: "C1", text: "x" })).toMatchObject({
      error: "missing_scope",
      needed: "chat:write",
    });
  });

  it("keeps what is posted, with its metadata only for those who ask for it", async () => {
    const slack = await start();
    const metadata = { event_type: "a", event_payload: { id: "k" } };
    const root = await slack.asUser("U1").say("C1", "question");
    for (let n = 0; n < 5; n += 1) {
      await call(slack, "chat.postMessage", {
        channel: "C1",
        text: `${n}`,
        thread_ts: root,
        metadata,
        ...off,
      });
    }
    const ask = (more: object) =>
      call(slack, "conversations.replies", { channel: "C1", ts: root, limit: 2, ...more });
    const texts: unknown[] = [];
    let cursor = "";
    do {
      const page = await ask(cursor ? { cursor } : {});
      for (const message of page.messages as Record<string, unknown>[]) {
        texts.push(message.text);
        expect(message.metadata).toBeUndefined();
      }
      cursor = (page.response_metadata as { next_cursor: string }).next_cursor;
    } while (cursor);
    expect(texts).toEqual(["question", "0", "1", "2", "3", "4"]);
    const [, with_] = (await ask({ include_all_metadata: true })).messages as Record<string, unknown>[];
    expect(with_?.metadata).toEqual(metadata);
    expect(slack.violations).toEqual([]);
  });

  it("notices what nobody should do", async () => {
    const slack = await start();
    await call(slack, "chat.postMessage", { channel: "C1", text: "x" });
    slack.faults.add({ kind: "rate_limited", seconds: 5 });
    await call(slack, "chat.postMessage", { channel: "C1", text: "x", ...off });
    await call(slack, "chat.postMessage", { channel: "C1", text: "x", ...off });
    expect(slack.violations).toEqual([
      "unfurl_links not off",
      "unfurl_media not off",
      "chat.postMessage inside of a Retry-After",
    ]);
  });

  it("runs as a process of its own, and takes orders", async () => {
    const slack = await startSlackProcess();
    try {
      await slack.order({ do: "addUser", args: ["U1", { name: "Ana" }] });
      await slack.order({ as: "U1", do: "dm", args: ["hello"] });
      const messages = (await slack.order({ do: "messages", args: ["D1"] })) as { text: string }[];
      expect(messages.map((message) => message.text)).toEqual(["hello"]);
      await slack.order({
        do: "faults.add",
        args: [{ kind: "error", error: "fatal_error" }, { method: "auth.test" }],
      });
      await expect(slack.order({ as: "U404", do: "dm", args: ["x"] })).rejects.toThrow("no user U404");
    } finally {
      await slack.stop();
    }
  });
});
