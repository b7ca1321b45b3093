/** Told to stop with customers waiting: a Slack that asks to wait, a model that hangs. */
import { afterEach, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";
import { until } from "./terminal.ts";

/** What the program promises, and what a busy machine takes for the rest. */
const stopMaxMs = 20_000 + 3_000;

let desk: SlackDesk;
let model: OpenAIServer | undefined;
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  await model?.close();
  model = undefined;
  expect(violations).toEqual([]);
});

async function stopped(): Promise<{ code: number | null; ms: number }> {
  const began = performance.now();
  const code = await desk.stop();
  return { code, ms: performance.now() - began };
}

describe("told to stop before Slack", () => {
  it("while it is asked to wait 24 s, it does not wait for that: the next process says it, once, in its time", async () => {
    desk = await openSlackDesk();
    const { slack } = desk;
    const jo = slack.asUser("U1");
    let refused = false;
    slack.faults.add({ kind: "rate_limited", seconds: 24 }, { channel: jo.directChannel });
    await jo.dm("How long does express shipping take?");
    await until(
      () => {
        refused ||= desk.program.log().some(({ event }) => event === "send.retried");
        return refused;
      },
      () => desk.program.errors(),
    );
    const { code, ms } = await stopped();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(stopMaxMs);
    expect(desk.byBot(jo.directChannel).join()).not.toContain("1-2 business days");
    await desk.start();
    const said = () => desk.byBot(jo.directChannel).filter((text) => text.includes("1-2 business days"));
    await until(() => said().length > 0, desk.program.errors, 45_000);
    expect(said()).toHaveLength(1);
  }, 180_000);

  it("while the model hangs in twenty conversations, it ends in time, and the next process answers each once", async () => {
    let hangs = true;
    const answer = { text: "Express takes 1-2 business days [1]." };
    model = await createOpenAIServer({ script: () => (hangs ? { fault: "hang" } : answer) });
    desk = await openSlackDesk({ modelUrl: model.url, server: { retryDelaysMs: [0, 500, 5_000, 10_000] } });
    const { slack } = desk;
    const people = Array.from({ length: 20 }, (_, at) => slack.addUser(`U${2_000 + at}`).id);
    await Promise.all(people.map((id) => slack.asUser(id).dm("How long does express shipping take?")));
    await until(
      () => (model?.chats().length ?? 0) >= 20,
      () => desk.program.errors(),
    );
    const late = slack.addUser("U3000").id;
    const stopping = stopped();
    await desk.program.logs("desk.stopping");
    const coming = slack.asUser(late).dm("How long does express shipping take?");
    const { code, ms } = await stopping;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(stopMaxMs);
    hangs = false;
    await desk.start();
    await coming;
    const said = (id: string) =>
      desk.byBot(slack.asUser(id).directChannel).filter((text) => text.includes("1-2 business days"));
    const everybody = [...people, late];
    await until(
      () => everybody.every((id) => said(id).length > 0),
      () => desk.program.errors().slice(-4_000),
      30_000,
    );
    expect(everybody.map((id) => said(id).length)).toEqual(everybody.map(() => 1));
  }, 180_000);
});
