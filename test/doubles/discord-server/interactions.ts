/** Buttons, menus, commands and modals: what people do with them, and what the bot answers in its three seconds. */
import type { Gateway } from "./gateway.ts";
import { type MessageBody, Refusal } from "./limits.ts";
import type { Answer, Call } from "./rest.ts";
import {
  type Channel,
  channelJson,
  type Message,
  memberJson,
  messageJson,
  type User,
  userJson,
  type World,
} from "./world.ts";

export interface Modal {
  custom_id: string;
  title: string;
  components: { components: { custom_id: string; label?: string; style?: number }[] }[];
}

export interface Interaction {
  id: string;
  token: string;
  /** 2 command, 3 component, 4 autocomplete, 5 modal. */
  type: number;
  by: User;
  channel: Channel;
  /** The message whose component was used. */
  message: Message | undefined;
  at: number;
  /** How the bot first answered: its type of callback. */
  answered: number | undefined;
  modal: Modal | undefined;
  choices: { name: string; value: string }[] | undefined;
  /** The first answer's message, where it has one. */
  original: Message | undefined;
  deferredPrivately: boolean;
}

export type Interactions = ReturnType<typeof createInteractions>;
type Shown = Pick<Message, "content" | "embeds" | "components" | "flags" | "notified" | "attachments">;

export function createInteractions(parts: {
  world: World;
  bot: User;
  applicationId: string;
  gateway(): Gateway;
  answerWithinMs: number;
  tokenLivesMs: number;
}) {
  const { world, bot } = parts;
  const all = new Map<string, Interaction>();

  function begin(type: number, by: User, channel: Channel, data: object, message?: Message): Interaction {
    const interaction: Interaction = {
      id: world.id(),
      token: `token-${world.id()}-${"x".repeat(60)}`,
      type,
      by,
      channel,
      message,
      at: Date.now(),
      answered: undefined,
      modal: undefined,
      choices: undefined,
      original: undefined,
      deferredPrivately: false,
    };
    all.set(interaction.token, interaction);
    const member = channel.guild?.members.get(by.id);
    parts.gateway().dispatchTo("INTERACTION_CREATE", {
      id: interaction.id,
      application_id: parts.applicationId,
      type,
      token: interaction.token,
      version: 1,
      channel_id: channel.id,
      channel: channelJson(channel),
      locale: by.locale,
      data,
      app_permissions: "0",
      entitlements: [],
      ...(channel.guild ? { guild_id: channel.guild.id, guild: { id: channel.guild.id } } : {}),
      ...(member
        ? { member: { ...memberJson(member), permissions: String(world.permissionsIn(channel, by)) } }
        : { user: userJson(by) }),
      ...(message ? { message: messageJson(message) } : {}),
    });
    return interaction;
  }

  type Show = (body: MessageBody, channel: Channel) => Shown;

  /** The routes of interactions and their webhooks; undefined for any other. */
  function handle(call: Call, show: Show): Answer | undefined {
    const callback = /^\/interactions\/(\d+)\/([^/]+)\/callback$/.exec(call.path);
    if (callback && call.method === "POST") return answer(call, callback[1] ?? "", callback[2] ?? "", show);
    const webhook = /^\/webhooks\/(\d+)\/([^/]+)(?:\/messages\/([^/]+))?$/.exec(call.path);
    if (!webhook) return undefined;
    const interaction = all.get(webhook[2] ?? "");
    if (!interaction) throw new Refusal(404, 10015, "Unknown Webhook");
    if (Date.now() - interaction.at > parts.tokenLivesMs)
      throw new Refusal(401, 50027, "Invalid Webhook Token");
    return webhook[3] === undefined
      ? followUp(call, interaction, show)
      : change(call, interaction, webhook[3], show);
  }

  function answer(call: Call, id: string, token: string, show: Show): Answer {
    const interaction = all.get(token);
    if (!interaction || interaction.id !== id) throw new Refusal(404, 10062, "Unknown interaction");
    if (interaction.answered !== undefined) {
      throw new Refusal(400, 40060, "Interaction has already been acknowledged.");
    }
    if (Date.now() - interaction.at > parts.answerWithinMs)
      throw new Refusal(404, 10062, "Unknown interaction");
    const { type, data } = call.body as { type: number; data?: MessageBody & Partial<Modal> };
    const choices = (data as { choices?: { name: string; value: string }[] } | undefined)?.choices;
    switch (type) {
      case 4:
        interaction.original = reply(interaction, data ?? {}, show);
        break;
      case 5:
        interaction.deferredPrivately = ((data?.flags ?? 0) & 64) !== 0;
        break;
      case 6:
        if (!interaction.message) throw new Refusal(400, 50035, "Invalid Form Body");
        interaction.original = interaction.message;
        break;
      case 7:
        if (!interaction.message) throw new Refusal(400, 50035, "Invalid Form Body");
        world.changeMessage(interaction.message, {
          ...show(data ?? {}, interaction.channel),
          edited: Date.now(),
        });
        interaction.original = interaction.message;
        break;
      case 8:
        if (interaction.type !== 4 || !choices || choices.length > 25)
          throw new Refusal(400, 50035, "Invalid Form Body");
        if (choices.some((one) => one.name.length < 1 || one.name.length > 100 || one.value.length > 100)) {
          throw new Refusal(400, 50035, "Invalid Form Body");
        }
        interaction.choices = choices;
        break;
      case 9:
        checkModal(data as Modal);
        if (interaction.type === 5) throw new Refusal(400, 50035, "Invalid Form Body");
        interaction.modal = data as Modal;
        break;
      default:
        throw new Refusal(400, 50035, "Invalid Form Body");
    }
    interaction.answered = type;
    return { status: 204 };
  }

  function reply(interaction: Interaction, body: MessageBody, show: Show, always = false): Message {
    const secret = always || ((body.flags ?? 0) & 64) !== 0;
    return world.addMessage({
      channel: interaction.channel,
      author: bot,
      ...show(body, interaction.channel),
      application_id: parts.applicationId,
      ...(secret ? { ephemeralFor: interaction.by.id } : {}),
    });
  }

  function followUp(call: Call, interaction: Interaction, show: Show): Answer {
    if (call.method !== "POST") throw new Refusal(404, 0, "404: Not Found");
    if (interaction.answered === undefined) throw new Refusal(404, 10015, "Unknown Webhook");
    const body = call.body as MessageBody;
    // The first follow-up of a deferred answer is that answer.
    const first = interaction.answered === 5 && !interaction.original;
    const message = reply(interaction, body, show, first && interaction.deferredPrivately);
    if (first) interaction.original = message;
    return { status: 200, body: messageJson(message) };
  }

  function change(call: Call, interaction: Interaction, which: string, show: Show): Answer {
    const body = call.body as MessageBody;
    if (
      which === "@original" &&
      call.method === "PATCH" &&
      interaction.answered === 5 &&
      !interaction.original
    ) {
      interaction.original = reply(interaction, body, show, interaction.deferredPrivately);
      return { status: 200, body: messageJson(interaction.original) };
    }
    const message =
      which === "@original"
        ? interaction.original
        : interaction.channel.messages.find((one) => one.id === which);
    if (which === "@original" && call.method === "DELETE" && interaction.answered === 5) {
      if (message) world.removeMessage(message);
      return { status: 204 };
    }
    if (!message) throw new Refusal(404, 10008, "Unknown Message");
    switch (call.method) {
      case "GET":
        return { status: 200, body: messageJson(message) };
      case "PATCH":
        world.changeMessage(message, { ...show(body, interaction.channel), edited: Date.now() });
        return { status: 200, body: messageJson(message) };
      case "DELETE":
        world.removeMessage(message);
        return { status: 204 };
      default:
        throw new Refusal(405, 0, "405: Method Not Allowed");
    }
  }

  return { begin, handle };
}

function checkModal(modal: Modal): void {
  const inputs = modal.components?.flatMap((row) => row.components) ?? [];
  const fits =
    modal.custom_id?.length >= 1 &&
    modal.custom_id.length <= 100 &&
    modal.title?.length >= 1 &&
    modal.title.length <= 45 &&
    inputs.length >= 1 &&
    inputs.length <= 5 &&
    inputs.every((input) => (input.label ?? "x").length >= 1 && (input.label ?? "x").length <= 45);
  if (!fits) throw new Refusal(400, 50035, "Invalid Form Body");
}
