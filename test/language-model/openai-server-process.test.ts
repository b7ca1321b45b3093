import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { createOpenAIModel } from "../../src/language-model/openai-model.ts";
import { lookupOrder, modelParts, saying } from "./openai-desk.ts";

it("the server for measuring plays a tool call and an answer, turn after turn, and ends with its input", async () => {
  const script = fileURLToPath(new URL("../doubles/openai-server-process.js", import.meta.url));
  const server = spawn(process.execPath, [script, "--text", "It is on its way."], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void server.kill());
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const { port } = JSON.parse(String(line)) as { port: number };
  const model = createOpenAIModel(await modelParts(`http://127.0.0.1:${port}/v1`));
  const signal = new AbortController().signal;
  const request = saying("Where is ord_1001?", { tools: [lookupOrder] });
  const ids = new Set<string>();
  for (let turn = 0; turn < 2; turn++) {
    const { calls } = await model.step(request, { signal });
    expect(calls).toMatchObject([{ name: "lookup_order", arguments: '{"order_id":"ord_1001"}' }]);
    ids.add(calls[0]!.id);
    const answered = {
      ...request,
      transcript: [
        ...request.transcript,
        { role: "calls" as const, text: "", calls },
        { role: "result" as const, id: calls[0]!.id, name: "lookup_order", failed: false, result: {} },
      ],
    };
    expect(await model.step(answered, { signal })).toEqual({
      text: "It is on its way.",
      calls: [],
      usage: { input: 900, output: 30 },
    });
  }
  expect(ids.size).toBe(2);
  server.stdin.end();
  expect(await once(server, "exit")).toEqual([0, null]);
});
