/** `chat.*`: messages and streams, refused where Slack refuses them. */
import { array, faultsOfBlocks, type Json, object, string } from "./block-kit.ts";
import {
  addBotMessage,
  announce,
  channelOf,
  type Method,
  type MethodContext,
  need,
  Refusal,
  threadArgument,
  writable,
} from "./method-context.ts";
import { asMessage, findMessage, messagesIn, type StoredMessage } from "./world.ts";

function contentOf(context: MethodContext, args: Json): { text: string; blocks: unknown[] } {
  const text = string(args.text);
  const blocks = array(args.blocks);
  const markdown = string(args.markdown_text);
  if (markdown !== "" && (text !== "" || blocks.length > 0)) throw new Refusal("markdown_text_conflict");
  if (markdown.length > 12_000) throw new Refusal("msg_too_long");
  if (text === "" && blocks.length === 0 && markdown === "") throw new Refusal("no_text");
  if (text.length > 40_000) throw new Refusal("msg_too_long");
  if (text.length > 4_000) context.warn(`text of ${text.length} characters, 4,000 recommended`);
  if (args.blocks !== undefined) refuseBlocks(faultsOfBlocks(args.blocks, "message"));
  if (args.link_names === true || args.link_names === "true") context.warn("link_names");
  if (args.parse === "full") context.warn("parse: full");
  return { text: text || markdown, blocks };
}

function refuseBlocks(faults: string[]): void {
  if (faults.length > 0) throw new Refusal("invalid_blocks", { response_metadata: { messages: faults } });
}

function metadataOf(args: Json): { metadata?: Json } {
  if (args.metadata === undefined) return {};
  const { event_type, event_payload } = object(args.metadata);
  if (typeof event_type !== "string" || typeof event_payload !== "object" || event_payload === null) {
    throw new Refusal("invalid_metadata_format");
  }
  if (JSON.stringify(event_payload).length > 8_000) throw new Refusal("metadata_too_large");
  return { metadata: object(args.metadata) };
}

function ownMessage(context: MethodContext, args: Json, foreign: string): StoredMessage {
  const channel = channelOf(context, need(args, "channel", "channel_not_found"));
  const message = findMessage(context.world, context.team.id, channel.id, need(args, "ts"));
  if (!message) throw new Refusal("message_not_found");
  if (message.user !== context.team.bot) throw new Refusal(foreign);
  return message;
}

function streamOf(context: MethodContext, args: Json): StoredMessage {
  const message = ownMessage(context, args, "message_not_owned_by_app");
  if (message.streaming !== "in_progress") throw new Refusal("message_not_in_streaming_state");
  return message;
}

/** Adds what a stream call brings. */
function flow(message: StoredMessage, args: Json): void {
  const text = string(args.markdown_text);
  if (text.length > 12_000) throw new Refusal("msg_too_long");
  message.text += text;
  for (const chunk of array(args.chunks).map(object)) {
    if (chunk.type === "markdown_text") message.text += string(chunk.text);
    else if (chunk.type === "task_update") {
      const states = ["pending", "in_progress", "complete", "error"];
      if (string(chunk.id) === "" || string(chunk.title) === "" || !states.includes(string(chunk.status))) {
        throw new Refusal("invalid_chunks");
      }
      message.tasks.set(string(chunk.id), chunk);
    } else if (chunk.type !== "plan_update" && chunk.type !== "blocks") throw new Refusal("invalid_chunks");
  }
}

export const chatMethods: Readonly<Record<string, Method>> = {
  "chat.postMessage"(context, args) {
    const channel = writable(context, need(args, "channel", "channel_not_found"));
    const content = contentOf(context, args);
    if (string(args.unfurl_links) !== "false" && args.unfurl_links !== false)
      context.warn("unfurl_links not off");
    if (string(args.unfurl_media) !== "false" && args.unfurl_media !== false)
      context.warn("unfurl_media not off");
    const message = addBotMessage(context, channel, {
      ...content,
      ...metadataOf(args),
      ...threadArgument(context, channel, args),
      ...(typeof args.client_msg_id === "string" ? { clientMsgId: args.client_msg_id } : {}),
    });
    if (message.threadTs) context.world.statuses.delete(`${channel.id} ${message.threadTs}`);
    announce(context, channel, message);
    return { channel: channel.id, ts: message.ts, message: asMessage(message, context.base, true) };
  },

  "chat.postEphemeral"(context, args) {
    const channel = writable(context, need(args, "channel", "channel_not_found"));
    const user = need(args, "user");
    if (!channel.members.has(user)) throw new Refusal("user_not_in_channel");
    const message = addBotMessage(context, channel, {
      ...contentOf(context, args),
      ...threadArgument(context, channel, args),
      only: user,
    });
    return { message_ts: message.ts };
  },

  "chat.update"(context, args) {
    const message = ownMessage(context, args, "cant_update_message");
    if (message.streaming === "in_progress") throw new Refusal("streaming_state_conflict");
    const previous = asMessage(message, context.base, false);
    const content = contentOf(context, args);
    message.text = content.text;
    if (args.blocks !== undefined) message.blocks = content.blocks;
    Object.assign(message, metadataOf(args));
    message.editedTs = context.world.nextTs();
    context.emit(context.team, {
      type: "message",
      subtype: "message_changed",
      channel: message.channel,
      ts: message.editedTs,
      event_ts: message.editedTs,
      message: asMessage(message, context.base, false),
      previous_message: previous,
    });
    return { channel: message.channel, ts: message.ts, text: message.text };
  },

  "chat.delete"(context, args) {
    const message = ownMessage(context, args, "cant_delete_message");
    const list = messagesIn(context.world, context.team.id, message.channel);
    list.splice(list.indexOf(message), 1);
    return { channel: message.channel, ts: message.ts };
  },

  "chat.startStream"(context, args) {
    const channel = writable(context, need(args, "channel", "channel_not_found"));
    need(args, "thread_ts");
    if (channel.kind !== "im") {
      if (!args.recipient_user_id) throw new Refusal("missing_recipient_user_id");
      if (!args.recipient_team_id) throw new Refusal("missing_recipient_team_id");
    }
    const thread = threadArgument(context, channel, args);
    const message = addBotMessage(context, channel, { text: "", streaming: "in_progress", ...thread });
    flow(message, args);
    return { channel: channel.id, ts: message.ts };
  },

  "chat.appendStream"(context, args) {
    const message = streamOf(context, args);
    flow(message, args);
    return { channel: message.channel, ts: message.ts };
  },

  "chat.stopStream"(context, args) {
    const message = streamOf(context, args);
    if (args.blocks !== undefined) refuseBlocks(faultsOfBlocks(args.blocks, "message"));
    const metadata = metadataOf(args);
    flow(message, args);
    message.blocks = array(args.blocks);
    Object.assign(message, metadata);
    message.streaming = "completed";
    const channel = channelOf(context, message.channel);
    announce(context, channel, message);
    return {
      channel: message.channel,
      ts: message.ts,
      message: asMessage(message, context.base, true),
    };
  },
};
