import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { methods } from "../../../adapters/slack/scopes.ts";
import type { Call } from "../../doubles/slack-server/slack-server.ts";
import { openDesk } from "./harness.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Everything that the adapter does, once. */
async function callsOfEverything(): Promise<Call[]> {
  const { slack, platform, close } = await openDesk({
    config: { greeting: "Hi.", suggestedPrompts: ["Where is my order?"], loadingMessages: ["Reading…"] },
  });
  const folder = mkdtempSync(join(tmpdir(), "deskhand-slack-"));
  const path = join(folder, "a.txt");
  writeFileSync(path, "content");
  try {
    const ana = slack.asUser("U1");
    const pane = await ana.openAssistant();
    await ana.dm("Where is it?", { threadTs: pane });
    const ts = await ana.say("C1", "How?");
    const thread = `slack:T1:C1:${ts}`;
    const shared = { name: "b.txt", mimetype: "text/plain", content: Buffer.from("b") };
    await slack.asUser("U3").say("C1", "See this.", { files: [shared] });
    const post = {
      text: "See **this**.",
      as: "Maya",
      sources: [{ title: "A", url: "https://example.com" }],
      feedback: "turn_1",
      buttons: [
        { label: "Take", action: "take", value: "1", style: "primary" as const },
        { label: "Deny", action: "deny", value: "1", ask: { title: "Deny", label: "Why?" } },
      ],
      menus: [{ label: "Transfer", action: "transfer", options: [{ label: "Billing", value: "billing" }] }],
      card: {
        title: "T",
        facts: [{ label: "a", value: "b" }],
        sections: [{ label: "a", text: "b" }],
        footer: "f",
      },
      files: [{ name: "a.txt", mediaType: "text/plain", bytes: 7, path }],
    };
    const posted = await platform.post({ thread }, post, "o_1");
    await platform.find?.({ thread }, "o_1");
    await platform.find?.({ channel: "slack:T1:C2" }, "o_0");
    await platform.edit?.(posted.id, post);
    await slack.asUser("U2").click("Deny", { reason: "no" });
    await platform.mark?.(posted.id, "sent", true);
    await platform.mark?.(posted.id, "sent", false);
    await platform.working?.(thread, "Reading");
    await platform.answer?.(`${thread}:U1:long_ago`, { text: "psst" });
    await platform.direct?.({ id: "slack:T1:U1", tenant: "T1", name: "Ana" });
    await platform.home?.("slack:T1:U1", post);
    await platform.belongs?.("slack:T1:U1", "C1");
    await platform.belongs?.("slack:T1:U1", "S1");
    await platform.examine?.();
    for (const text of ["One, two.", "Another."]) {
      const draft = platform.draft?.({ thread }, `o_${text.length}`);
      draft?.step?.("t1", "Looking", "running");
      draft?.append("One, ");
      await slack.waitFor(() => slack.messages("C1", ts).some((seen) => seen.streaming));
      draft?.append("two");
      await slack.waitFor(() => slack.messages("C1", ts).some((seen) => seen.text.includes("two")));
      await draft?.finish({ ...post, text, card: undefined, as: undefined, files: undefined } as never);
    }
    await platform.remove?.(posted.id);
    await slack.waitFor(() => slack.callsOf("assistant.threads.setTitle").length > 0);
    return slack.calls.filter((call) => call.ok);
  } finally {
    await close();
    rmSync(folder, { recursive: true });
    expect(slack.violations).toEqual([]);
  }
}

/** The arguments as they were before the SDK wrote them into a form. */
function literal(args: Call["args"]): string {
  const numbers = new Set(["limit", "length"]);
  // Sent for its effect in Slack's clients; the SDK's types do not know it.
  const { client_msg_id: _, ...known } = args;
  return JSON.stringify(known, (key, value) => {
    if (value === "true" || value === "false") return value === "true";
    return numbers.has(key) ? Number(value) : value;
  });
}

it("every request is of the types that Slack's own SDK gives its methods", async () => {
  const calls = await callsOfEverything();
  expect([...new Set(calls.map((call) => call.method))].sort()).toEqual(Object.keys(methods).sort());
  const folder = mkdtempSync(join(tmpdir(), "deskhand-types-"));
  try {
    const file = join(folder, "calls.ts");
    const lines = calls.map(
      (call, n) =>
        `export const call${n}: ArgumentsOf<${JSON.stringify(call.method)}> = ${literal(call.args)};`,
    );
    const from = JSON.stringify(join(root, "adapters/slack/web-api.ts"));
    writeFileSync(file, [`import type { ArgumentsOf } from ${from};`, ...lines].join("\n"));
    const options =
      "--ignoreConfig --noEmit --strict --skipLibCheck --allowImportingTsExtensions --module nodenext --target es2023 --types node";
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const typeRoots = join(root, "node_modules/@types");
    const check = (path: string) =>
      spawnSync(process.execPath, [tsc, ...options.split(" "), "--typeRoots", typeRoots, path], {
        encoding: "utf8",
      });
    const { stdout, status } = check(file);
    expect(stdout).toBe("");
    expect(status).toBe(0);
    // And the check would find a fault.
    writeFileSync(
      file,
      `import type { ArgumentsOf } from ${from};\nexport const call: ArgumentsOf<"chat.delete"> = { channel: 5, ts: "1" };`,
    );
    expect(check(file).stdout).toContain("TS2322");
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
