import type { Mark } from "../../../src/platform.ts";
import {
  describePlatform,
  type Fault,
  type PlatformHarness,
  type Visible,
} from "../../contracts/platform.ts";
import type { Trouble } from "../../doubles/discord-server/rest.ts";
import type { Component, Message } from "../../doubles/discord-server/world.ts";
import { createSetting } from "./setting.ts";

const marks: Readonly<Record<string, Mark>> = { "✅": "sent", "⚠️": "failed", "⏳": "working" };
const ourId = (message: Message) => `discord:${message.channel.id}:${message.id}`;

function textOf(message: Message): string {
  const words = (value: unknown): string[] =>
    typeof value === "string"
      ? [value]
      : Array.isArray(value)
        ? value.flatMap(words)
        : value !== null && typeof value === "object"
          ? Object.values(value).flatMap(words)
          : [];
  const labels = (component: Component): string[] => [component.label ?? "", component.placeholder ?? ""];
  const components = message.components.flatMap((row) => row.components.flatMap(labels));
  // What a person sees of escaped text is the text.
  return [message.content, ...words(message.embeds), ...components]
    .join("\n")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1");
}

async function makeHarness(): Promise<PlatformHarness> {
  const { server, support, desk, agents, adapter, dispose } = await createSetting();
  const ana = server.asUser("Ana");
  const bob = server.asUser("Bob");
  let last: Message | undefined;
  const byId = (id: string): Message => {
    const [, channel, message] = id.split(":");
    const found = server.messages(channel ?? "").find((one) => one.id === message);
    if (!found) throw new Error(`no message ${id}`);
    return found;
  };
  const visible = (message: Message): Visible => ({
    id: ourId(message),
    text: textOf(message),
    byBot: message.author === server.bot,
    marks: [...message.reactions].flatMap(([emoji, who]) =>
      who.has(server.bot.id) && marks[emoji] ? [marks[emoji]] : [],
    ),
    live: message.notified,
  });
  return {
    platform: adapter(),
    another: adapter,
    async customerSays(text) {
      last = ana.dm(text);
      return { id: ourId(last) };
    },
    async visibleMessages(target) {
      const id = "thread" in target ? target.thread.split(":")[2] : target.channel.split(":")[1];
      return server
        .messages(id ?? "")
        .filter((one) => [0, 19].includes(one.type))
        .map(visible);
    },
    dispose,
    elsewhere: { channel: `discord:${desk.id}` },
    injectFault(fault) {
      const trouble: Record<Exclude<Fault, "unavailable">, Trouble> = {
        rate_limited: { kind: "limited", seconds: 30 },
        lost_answer: { kind: "reset", after: true },
        unauthorized: { kind: "status", status: 401, message: "401: Unauthorized" },
        unreachable: {
          kind: "status",
          status: 403,
          code: 50007,
          message: "Cannot send messages to this user",
        },
      };
      const path = new RegExp(`^/channels/${ana.directChannel.id}/messages$`);
      // The gateway's own answer for "not taken": the channel is overloaded.
      const unavailable: Trouble = {
        kind: "status",
        status: 503,
        code: 130000,
        message: "API resource is overloaded",
      };
      server.rest.fault({
        method: "POST",
        path,
        trouble: fault === "unavailable" ? unavailable : trouble[fault],
      });
    },
    async redeliver() {
      if (last) server.gateway.redeliver(last);
    },
    async customerEdits(message, text) {
      ana.edit(byId(message), text);
    },
    async customerDeletes(message) {
      ana.remove(byId(message));
    },
    async customerSends(file) {
      last = ana.dm("", { files: [file] });
    },
    async customerAsksInPublic(text) {
      last = ana.say(support, text);
      return { id: ourId(last) };
    },
    async customerMentions(before, after) {
      last = ana.dm(`${before} <@${bob.id}> ${after}`);
    },
    async customerReacts(message, added) {
      ana.react(byId(message), "👍", added);
    },
    async customerPresses(label, reason) {
      const pressed = ana.click(label);
      if (reason === undefined) return;
      await server.waitFor(() => pressed.modal, "a modal");
      ana.submitModal(pressed, reason);
    },
    async customerCommands(text) {
      ana.command(ana.directChannel, "support", text);
    },
    privatelyShown: async () => ana.shownPrivately().map(textOf),
    groups: { customer: `discord:0:${ana.id}`, member: `discord:${support.id}`, stranger: agents.id },
  };
}

describePlatform("discord", makeHarness);
