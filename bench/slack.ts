/**
 * npm run bench:slack [-- --turns N --profile DIR]
 *
 * A signed event over HTTP → a durable turn with two rounds of the model and one tool call → chat.postMessage. Slack (its
 * double, which also writes as the customers), the model and the desk are processes of their own on loopback. Beside the
 * desk, in the same run, a bare loop: node:http, the signature, SQLite with a commit for the event, the turn and the
 * reply, undici.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent } from "undici";
import { createSlackAdapter } from "../adapters/slack/adapter.ts";
import { type Call, createSlackServer } from "../test/doubles/slack-server/slack-server.ts";
import { type Customers, runLive } from "./live.ts";
import { openBareDatabase, openLiveDesk } from "./live-desk.ts";
import { createPausingModel, createRounds, question } from "./live-model.ts";

const customersMax = 1_100;

export const main = (args: string[], compiled = ""): Promise<number> =>
  runLive(
    { perSecond: 30, eventsPerSecond: 200, customers: openSlack, bare: bareLoop, desk },
    args,
    compiled,
  );

/** What the customers' process tells the others. */
type Address = Record<"apiUrl" | "token" | "secret" | "modelPort", string>;

/** Slack and its people. */
async function openSlack(): Promise<Customers<Address>> {
  const slack = await createSlackServer();
  slack.addChannel("C2", { kind: "group" });
  for (let at = 0; at < customersMax; at++) slack.addUser(`U${1_000 + at}`);
  const people = Array.from({ length: customersMax }, (_, at) => slack.asUser(`U${1_000 + at}`));
  const channels = people.map((person) => person.directChannel);
  const waiting = new Map<string, () => void>();
  const model = await createPausingModel();
  // What has come in is not kept here: it is noticed.
  (slack.calls as Call[]).push = (call) => {
    const ends = call.method === "chat.postMessage" || call.method === "chat.stopStream";
    if (ends || (firstOnly && call.method === "chat.startStream")) waiting.get(String(call.args.channel))?.();
    return 0;
  };
  slack.deliveries.log.push = () => 0;
  let firstOnly = false;
  const said = (customer: number) =>
    new Promise<void>((resolve) => waiting.set(channels[customer] ?? "", resolve));
  return {
    address: {
      apiUrl: slack.apiUrl,
      token: slack.botToken,
      secret: slack.signingSecret,
      modelPort: String(model.port),
    },
    listening: (port) => slack.sendEventsTo(`http://127.0.0.1:${port}/slack/events`),
    say(customer) {
      const replied = said(customer);
      const acked = people[customer]?.dm(question).then(() => {}) ?? Promise.resolve();
      return { replied, acked };
    },
    async firstWords(customer) {
      firstOnly = true;
      const shown = said(customer);
      const threadTs = slack.addAssistantThread(people[customer]?.id ?? "");
      void people[customer]?.dm("What can you do for me?", { threadTs });
      await shown;
      return performance.now() - model.saidAt();
    },
  };
}

async function desk({ apiUrl, token, secret, modelPort }: Address): Promise<number> {
  let port = 0;
  await openLiveDesk({
    modelPort,
    deskChannel: "slack:C2",
    open: ({ clock, log }) =>
      createSlackAdapter({
        config: {
          botToken: token,
          signingSecret: secret,
          host: "127.0.0.1",
          port: 0,
          apiUrl,
          supportChannels: [],
          deskChannel: "C2",
          suggestedPrompts: [],
        },
        clock,
        log,
        onListening: (at) => {
          port = at;
        },
      }),
  });
  return port;
}

async function bareLoop({ apiUrl, token, secret, modelPort }: Address): Promise<number> {
  const agent = new Agent({ pipelining: 1 });
  const rounds = createRounds(agent, modelPort);
  const { commit } = openBareDatabase();
  const { origin } = new URL(apiUrl);
  const post = async (channel: string) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ channel, text: "Your order ord_1001 has been shipped." });
    const response = await agent.request({
      origin,
      path: "/api/chat.postMessage",
      method: "POST",
      headers,
      body,
    });
    await response.body.text();
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", async () => {
      const body = Buffer.concat(parts).toString();
      const signed = `v0:${request.headers["x-slack-request-timestamp"]}:${body}`;
      const wanted = Buffer.from(`v0=${createHmac("sha256", secret).update(signed).digest("hex")}`);
      if (!timingSafeEqual(wanted, Buffer.from(String(request.headers["x-slack-signature"])))) return;
      const { event } = JSON.parse(body) as { event: { channel: string; text: string; bot_id?: string } };
      if (event.bot_id === undefined) commit(body);
      response.writeHead(200).end();
      if (event.bot_id !== undefined) return;
      await rounds();
      commit("turn".repeat(200));
      await post(event.channel);
      commit("sent");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
