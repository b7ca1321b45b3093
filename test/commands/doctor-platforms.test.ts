/** `deskhand doctor` where platforms are configured: it asks them, and only them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createInhabitedSlack } from "../adapters/slack/harness.ts";
import { createDiscordServer } from "../doubles/discord-server/discord-server.ts";
import { permissions } from "../doubles/discord-server/world.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { temporaryFolder } from "../journeys/terminal.ts";
import { run } from "./run.ts";

let folder: ReturnType<typeof temporaryFolder>;
let closing: (() => Promise<unknown>)[];
beforeEach(() => {
  folder = temporaryFolder();
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  folder.remove();
});

function doctor(env: Record<string, string>) {
  const shop = join(folder.path, "shop");
  mkdirSync(shop, { recursive: true });
  writeShop(shop, careful);
  return run(["doctor", "--workspace", shop, "--data", join(folder.path, "data")], { env });
}

async function slackAndDiscord() {
  const slack = await createInhabitedSlack();
  const discord = await createDiscordServer();
  closing.push(slack.close, discord.close);
  const support = discord.addChannel("support");
  const env = {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    SLACK_SUPPORT_CHANNELS: "C1",
    DESK_CHANNEL: "slack:C2",
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.url,
    DISCORD_SUPPORT_CHANNELS: support.id,
  };
  return { slack, discord, support, env };
}

it("finds nothing wrong with good installations, and connects to neither", async () => {
  const { slack, env } = await slackAndDiscord();
  const { code, out } = await doctor(env);
  expect(out).toContain("0 problems, 0 doubts");
  expect(out).toContain("platforms  slack, discord");
  expect(code).toBe(0);
  expect(slack.deliveries.sockets).toEqual([]);
  expect(slack.callsOf("chat.postMessage")).toEqual([]);
});

it("says what is missing in which channel of which platform, and shows no token", async () => {
  const { slack, discord, support, env } = await slackAndDiscord();
  slack.world.channels.get("T1 C1")?.members.delete("UBOTT1");
  slack.world.teams.get("T1")?.scopes.delete("reactions:write");
  discord.world.changeChannel(support, {
    overwrites: [{ id: discord.bot.id, type: 1, allow: 0n, deny: permissions.attachFiles }],
  });
  const { code, out, err } = await doctor({ ...env, SLACK_APP_TOKEN: "xapp-wrong" });
  expect(code).toBe(2);
  expect(out).toContain("✗ Slack app, bot token scopes: missing: reactions:write\n");
  expect(out).toContain("✗ SLACK_SUPPORT_CHANNELS: the bot is not a member of C1\n    Write /invite");
  expect(out).toContain("✗ SLACK_APP_TOKEN: apps.connections.open: invalid_auth");
  expect(out).toContain("In #support the bot lacks: Attach Files.");
  expect(out).toContain("4 problems, 0 doubts");
  for (const token of [slack.botToken, "xapp-wrong", discord.token]) expect(out + err).not.toContain(token);
});

it("says which platform does not answer, and which refuses its token", async () => {
  const { slack, discord, env } = await slackAndDiscord();
  await slack.close();
  const { code, out } = await doctor({ ...env, DISCORD_TOKEN: `${discord.token}x` });
  expect(code).toBe(2);
  expect(out).toMatch(
    /✗ SLACK_BOT_TOKEN: auth\.test: ECONNREFUSED\n {4}Check the network and SLACK_API_URL\./,
  );
  expect(out).toContain("✗ DISCORD_TOKEN:");
});
