/** Models for the benches, and the two requests that the bare loop sends to one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Agent } from "undici";

export const question = "Where is my order ord_1001?";

/** The scripted model, which answers without delay, in a process of its own. */
export async function startModel(): Promise<{ port: string; stop(): Promise<void> }> {
  const server = spawn(process.execPath, ["test/doubles/openai-server-process.js"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const { port } = JSON.parse(String(line)) as { port: number };
  return {
    port: String(port),
    async stop() {
      server.stdin.end();
      await once(server, "exit");
    },
  };
}

/** A model that notes when its first words leave, and says the rest a good while later. */
export async function createPausingModel(): Promise<{ port: number; saidAt(): number }> {
  let saidAt = 0;
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const server = createServer((request, response) => {
    request.resume().on("end", async () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chunk({ role: "assistant", content: "" }));
      await pause(100);
      saidAt = performance.now();
      response.write(chunk({ content: "Let me see what I can do for you, " }));
      await pause(1_500);
      response.end(`${chunk({ content: "please wait." })}${chunk({}, "stop")}data: [DONE]\n\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, saidAt: () => saidAt };
}

/** Two rounds with the model, of a usual size, read to the end; undici and nothing else. */
export function createRounds(agent: Agent, modelPort: string): () => Promise<void> {
  const filler = "x".repeat(5_500);
  const ask = async (role: string) => {
    const answer = await agent.request({
      origin: `http://127.0.0.1:${modelPort}`,
      path: "/v1/chat/completions",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        stream: true,
        messages: [
          { role: "system", content: filler },
          { role, content: question },
        ],
      }),
    });
    await answer.body.text();
  };
  return async () => {
    await ask("user");
    await ask("tool");
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
