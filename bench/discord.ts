/**
 * npm run bench:discord [-- --turns N --profile DIR]
 *
 * A dispatch of the gateway → a durable turn with two rounds of the model and one tool call → the reply's POST. Discord
 * (its double, which also writes as the customers), the model and the desk are processes of their own on loopback. Beside
 * the desk, in the same run, a bare loop: a WebSocket, SQLite with a commit for the message, the turn and the reply, undici.
 * The desk's own pace of calls is raised as far as the double goes; latency is measured at Discord's real limit.
 */
import { Agent, WebSocket } from "undici";
import { createDiscordAdapter } from "../adapters/discord/adapter.ts";
import { readMark, readMarks, writeMarks } from "../src/ledger/marks.ts";
import { createDiscordServer } from "../test/doubles/discord-server/discord-server.ts";
import type { Call } from "../test/doubles/discord-server/rest.ts";
import { type Customers, runLive } from "./live.ts";
import { openBareDatabase, openLiveDesk } from "./live-desk.ts";
import { createPausingModel, createRounds, question } from "./live-model.ts";

const callsPerSecond = 100_000;

export const main = (args: string[], compiled = ""): Promise<number> =>
  runLive({ perSecond: 45, customers: openDiscord, bare: bareLoop, desk }, args, compiled);

/** What the customers' process tells the others. */
type Address = Record<"url" | "token" | "desk" | "modelPort", string>;

/** Discord and its people. */
async function openDiscord(): Promise<Customers<Address>> {
  const discord = await createDiscordServer({
    bucket: { limit: callsPerSecond, perMs: 1_000 },
    globalPerSecond: callsPerSecond,
  });
  const channel = discord.addChannel("desk");
  const model = await createPausingModel();
  const waiting = new Map<string, () => void>();
  // What has come in is not kept here: it is noticed.
  (discord.rest.calls as Call[]).push = ({ method, path }) => {
    const place = /^\/channels\/(\d+)\/messages$/.exec(path)?.[1];
    if (method === "POST" && place) waiting.get(place)?.();
    return 0;
  };
  const say = (customer: number, text: string) => {
    const person = discord.asUser(`Customer ${customer}`);
    const said = new Promise<void>((resolve) => waiting.set(person.directChannel.id, resolve));
    person.dm(text);
    return said;
  };
  return {
    address: { url: discord.url, token: discord.token, desk: channel.id, modelPort: String(model.port) },
    say: (customer) => ({ replied: say(customer, question), acked: Promise.resolve() }),
    async firstWords(customer) {
      await say(customer, "What can you do for me?");
      return performance.now() - model.saidAt();
    },
  };
}

async function desk({ url, token, desk: channel, modelPort }: Address): Promise<undefined> {
  const deskChannel = `discord:${channel}`;
  await openLiveDesk({
    modelPort,
    deskChannel,
    open: ({ clock, log, ledger }) =>
      createDiscordAdapter({
        config: { token, apiUrl: url, guilds: [], supportChannels: [], deskChannel, callsPerSecond },
        marks: {
          read: (name) => ledger.read((tx) => readMark(tx, "discord", name)),
          load: () => ledger.read((tx) => readMarks(tx, "discord")),
          save: (changes) => ledger.write((tx) => writeMarks(tx, "discord", changes)),
        },
        clock,
        log,
      }),
  });
}

interface Dispatch {
  op: number;
  t: string | null;
  s: number | null;
  d: { heartbeat_interval: number; channel_id: string; author: { bot?: boolean }; content: string };
}

/** Resolves when the gateway is ready. */
async function bareLoop({ url, token, modelPort }: Address): Promise<undefined> {
  const agent = new Agent({ pipelining: 1 });
  const rounds = createRounds(agent, modelPort);
  const { commit } = openBareDatabase();
  const { origin } = new URL(url);
  const headers = { authorization: `Bot ${token}`, "content-type": "application/json" };
  const call = async (method: "GET" | "POST", path: string, body?: object) => {
    const sent = body === undefined ? null : JSON.stringify(body);
    const response = await agent.request({ origin, path: `/api/v10${path}`, method, headers, body: sent });
    return (await response.body.json()) as Record<string, unknown>;
  };
  const { url: gateway } = await call("GET", "/gateway/bot");
  const socket = new WebSocket(`${gateway}?v=10&encoding=json`);
  let seen: number | null = null;
  const send = (op: number, d: unknown) => socket.send(JSON.stringify({ op, d }));
  async function turn(text: string, channel: string): Promise<void> {
    commit(text);
    await rounds();
    commit("turn".repeat(200));
    await call("POST", `/channels/${channel}/messages`, { content: "Your order ord_1001 has been shipped." });
    commit("sent");
  }
  await new Promise<void>((ready) => {
    socket.addEventListener("message", ({ data }) => {
      const { op, t, s, d } = JSON.parse(String(data)) as Dispatch;
      seen = s ?? seen;
      if (op === 10) {
        setInterval(() => send(1, seen), d.heartbeat_interval);
        send(2, { token, intents: 1 << 12, properties: { os: "linux", browser: "bench", device: "bench" } });
      }
      if (t === "READY") ready();
      if (t === "MESSAGE_CREATE" && !d.author.bot) void turn(String(data), d.channel_id);
    });
  });
}
