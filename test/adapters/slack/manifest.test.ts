import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { incomingFrom, type Where } from "../../../adapters/slack/incoming.ts";
import { botScopes, commandName, events, methods, shortcutName } from "../../../adapters/slack/scopes.ts";

const root = new URL("../../../", import.meta.url);
const manifest = parse(readFileSync(new URL("manifest.yml", root), "utf8"));
const folder = new URL("adapters/slack/", root);
const code = readdirSync(folder)
  .filter((name) => name !== "scopes.ts")
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");

describe("manifest.yml", () => {
  it("asks for every scope that is needed, and for no other", () => {
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual(botScopes);
  });

  it("subscribes to every event that is listened to, and to no other", () => {
    expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual(Object.keys(events).sort());
  });

  it("offers the command and the shortcut that the desk answers", () => {
    expect(manifest.features.slash_commands.map((one: { command: string }) => one.command)).toEqual([
      commandName,
    ]);
    expect(manifest.features.shortcuts).toMatchObject([{ type: "message", callback_id: shortcutName }]);
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
    expect(manifest.settings.socket_mode_enabled).toBe(true);
    expect(manifest.features.app_home).toMatchObject({ home_tab_enabled: true, messages_tab_enabled: true });
    expect(manifest.features.assistant_view.assistant_description).not.toBe("");
  });

  it("keeps to the lengths that Slack allows", () => {
    const { name, description, long_description } = manifest.display_information;
    expect(name.length).toBeLessThanOrEqual(35);
    expect(description.length).toBeLessThanOrEqual(140);
    expect(long_description.length).toBeGreaterThanOrEqual(174);
    expect(long_description.length).toBeLessThanOrEqual(4_000);
    expect(manifest.features.bot_user.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
    expect(manifest.features.shortcuts[0].name.length).toBeLessThanOrEqual(24);
    expect(manifest.features.slash_commands[0].usage_hint.length).toBeLessThanOrEqual(1_000);
  });
});

describe("the table of what is asked of Slack", () => {
  it("has every method that the code calls, and no other", () => {
    const called = [...code.matchAll(/api\s*\.call\([^,()]+,\s*([^{]*?)(?:,\s*[{}\w])/gs)].flatMap((call) =>
      [...(call[1] ?? "").matchAll(/"([a-zA-Z.]+)"/g)].map((found) => found[1] ?? ""),
    );
    // Bolt's own client opens the Socket Mode connections.
    expect([...new Set([...called, "apps.connections.open"])].sort()).toEqual(Object.keys(methods).sort());
  });

  it("has every event that means something", () => {
    const where: Where = { team: "T1", bot: "UBOT", supportChannels: new Set(["C1"]), deskChannel: "C2" };
    const who = (user: string) => ({ id: `slack:T1:${user}`, tenant: "T1", name: user });
    const channel = "C1";
    const item = { type: "message", channel, ts: "1.1" };
    const handled = Object.keys(events).filter((name) => {
      const type = name.split(".")[0] ?? "";
      const fields = type.startsWith("reaction")
        ? { item, reaction: "eyes" }
        : { channel, ts: "1.1", text: "x" };
      return incomingFrom({ event: { type, user: "U1", ...fields } }, where, who) !== undefined;
    });
    expect([...handled, "assistant_thread_started"].sort()).toEqual(Object.keys(events).sort());
  });
});
