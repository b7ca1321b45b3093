/** The people of the double: what a person does in Slack's client, and what Slack tells the app of it. */
import { array, elementsOf, type Json, object, string } from "./block-kit.ts";
import type { SlackServer } from "./slack-server.ts";
import {
  addMessage,
  asMessage,
  directChannel,
  findMessage,
  key,
  messagesIn,
  type StoredFile,
  type StoredMessage,
  type Team,
} from "./world.ts";

export interface UploadedFile {
  name: string;
  mimetype: string;
  content: Uint8Array;
  /** `slack_audio` for a recorded clip. */
  subtype?: string;
}

export interface Person {
  readonly id: string;
  /** The person's direct channel with the bot. */
  readonly directChannel: string;
  /** Writes to the bot; resolves with the ts when the app has been told. */
  dm(text: string, options?: SayOptions): Promise<string>;
  /** Text as Slack sends it: escaped, with its own markup. */
  say(channel: string, text: string, options?: SayOptions): Promise<string>;
  edit(channel: string, ts: string, text: string): Promise<void>;
  remove(channel: string, ts: string): Promise<void>;
  react(channel: string, ts: string, name: string, added?: boolean): Promise<void>;
  /** Presses the newest button with this label (or action id) that the person can see. */
  click(label: string, more?: { channel?: string; reason?: string; value?: string }): Promise<Json>;
  /** Chooses from the newest menu that has this option. */
  choose(option: string): Promise<Json>;
  /** Fills in the modal that is open for the person. */
  submitModal(values: Record<string, string>): Promise<Json>;
  command(text: string, channel?: string): Promise<Json>;
  /** The message shortcut with this callback id. */
  shortcut(channel: string, ts: string, callbackId: string): Promise<Json>;
  openHome(): Promise<void>;
  /** Opens the assistant pane; resolves with the new thread's ts. */
  openAssistant(): Promise<string>;
  /** A preview in the message resolves: its attachments change, its text does not. */
  unfurl(channel: string, ts: string): Promise<void>;
}

export interface SayOptions {
  /** Slack brings it so much later. */
  lateMs?: number;
  threadTs?: string;
  files?: UploadedFile[];
  clientMsgId?: string;
  subtype?: string;
}

interface Parts {
  server: SlackServer;
  triggers: Map<string, { user: string; until: number }>;
  answers: Map<string, { team: string; user: string; channel: string; uses: number; thread?: string }>;
  emit(team: Team, event: Json): Promise<void>;
}

export function createPeople({ server, triggers, answers, emit }: Parts, id: string, teamId: string): Person {
  const { world } = server;
  const team = world.teams.get(teamId);
  const user = world.users.get(key(teamId, id));
  if (!team || !user) throw new Error(`no user ${id} in ${teamId}`);

  function trigger(): string {
    const name = world.nextId("trigger");
    triggers.set(name, { user: id, until: performance.now() + 3_000 });
    return name;
  }
  function responseUrl(channel: string): string {
    const name = world.nextId("answer");
    answers.set(name, { team: teamId, user: id, channel, uses: 0 });
    return `${server.url}/response/${name}`;
  }
  const identity = () => ({
    user: { id, username: user.name, name: user.name, team_id: user.home },
    team: { id: teamId, domain: "example" },
    api_app_id: "A1",
    token: "verification",
  });
  async function interact(payload: Json): Promise<Json> {
    const delivery = await server.deliveries.deliver("interactive", payload);
    return { status: delivery.status, response: delivery.response };
  }
  function must(channel: string, ts: string): StoredMessage {
    const message = findMessage(world, teamId, channel, ts);
    if (!message) throw new Error(`no message ${ts} in ${channel}`);
    return message;
  }
  function store(file: UploadedFile): StoredFile {
    const stored: StoredFile = {
      id: world.nextId("F"),
      team: teamId,
      name: file.name,
      title: file.name,
      mimetype: file.mimetype,
      content: Buffer.from(file.content),
      pending: false,
      ...(user?.home === teamId ? {} : { foreign: true as const }),
      ...(file.subtype ? { subtype: file.subtype } : {}),
    };
    world.files.set(key(teamId, stored.id), stored);
    return stored;
  }
  /** Messages the person can read, there or everywhere, newest first. */
  function readable(where?: string): StoredMessage[] {
    const channels = [...world.channels.values()]
      .filter((channel) => channel.team === teamId && channel.members.has(id))
      .filter((channel) => where === undefined || channel.id === where);
    const all = channels
      .flatMap((channel) => messagesIn(world, teamId, channel.id))
      .filter((message) => message.only === undefined || message.only === id)
      .reverse();
    return channels.length === 1 ? all : all.sort((a, b) => (a.ts < b.ts ? 1 : -1));
  }
  function elementIn(message: StoredMessage, wanted: string): Json | undefined {
    for (const element of elementsOf(message.blocks)) {
      if (string(object(element.text).text) === wanted || element.action_id === wanted) return element;
      for (const one of ["positive_button", "negative_button"]) {
        const button = object(element[one]);
        if (string(object(button.text).text) === wanted) return { ...element, value: button.value };
      }
    }
    return undefined;
  }
  function pressOf(message: StoredMessage, action: Json): Json {
    return {
      type: "block_actions",
      ...identity(),
      trigger_id: trigger(),
      response_url: responseUrl(message.channel),
      container: {
        type: "message",
        message_ts: message.ts,
        channel_id: message.channel,
        is_ephemeral: message.only !== undefined,
        ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
      },
      channel: { id: message.channel, name: "channel" },
      message: asMessage(message, server.url, false),
      actions: [{ block_id: "b1", action_ts: world.nextTs(), ...action }],
    };
  }

  const person: Person = {
    id,
    get directChannel() {
      return directChannel(world, team, id).id;
    },
    dm: (text, options) => person.say(person.directChannel, text, options),
    async say(channel, text, options = {}) {
      const place = world.channels.get(key(teamId, channel));
      if (!place) throw new Error(`no channel ${channel}`);
      const files = (options.files ?? []).map(store);
      const message: StoredMessage = {
        ts: world.nextTs(),
        channel,
        team: teamId,
        user: id,
        text,
        blocks: [],
        clientMsgId: options.clientMsgId ?? `client-${world.nextId("m")}`,
        files,
        reactions: new Map(),
        tasks: new Map(),
        ...(options.threadTs ? { threadTs: options.threadTs } : {}),
        ...(options.subtype
          ? { subtype: options.subtype }
          : files.length > 0
            ? { subtype: "file_share" }
            : {}),
      };
      addMessage(world, message);
      const event = {
        ...asMessage(message, server.url, false),
        team: user.home,
        channel,
        channel_type: place.kind,
        event_ts: message.ts,
      };
      if (options.lateMs) await new Promise((resolve) => setTimeout(resolve, options.lateMs));
      const told = [emit(team, event)];
      if (text.includes(`<@${team.bot}>`) && place.kind !== "im") {
        told.push(emit(team, { ...event, type: "app_mention" }));
      }
      await Promise.all(told);
      return message.ts;
    },
    async edit(channel, ts, text) {
      const message = must(channel, ts);
      const previous = asMessage(message, server.url, false);
      message.text = text;
      message.editedTs = world.nextTs();
      await changed(message, previous);
    },
    async unfurl(channel, ts) {
      const message = must(channel, ts);
      const previous = asMessage(message, server.url, false);
      await changed(message, previous);
    },
    async remove(channel, ts) {
      const message = must(channel, ts);
      const list = messagesIn(world, teamId, channel);
      list.splice(list.indexOf(message), 1);
      const now = world.nextTs();
      await emit(team, {
        type: "message",
        subtype: "message_deleted",
        channel,
        channel_type: world.channels.get(key(teamId, channel))?.kind,
        ts: now,
        event_ts: now,
        deleted_ts: ts,
        previous_message: asMessage(message, server.url, false),
      });
    },
    async react(channel, ts, name, added = true) {
      const message = must(channel, ts);
      const users = message.reactions.get(name) ?? new Set<string>();
      if (added) message.reactions.set(name, users.add(id));
      else if (users.delete(id) && users.size === 0) message.reactions.delete(name);
      await emit(team, {
        type: added ? "reaction_added" : "reaction_removed",
        user: id,
        reaction: name,
        item_user: message.user,
        item: { type: "message", channel, ts },
        event_ts: world.nextTs(),
      });
    },
    async click(label, more = {}) {
      for (const message of readable(more.channel)) {
        const element = elementIn(message, label);
        if (!element) continue;
        const { type, action_id, value, text } = element;
        const action = { type, action_id, value: more.value ?? value, ...(text ? { text } : {}) };
        const result = await interact(pressOf(message, action));
        if (more.reason === undefined) return result;
        await server.waitFor(() => [...world.views.values()].some((open) => open.user === id));
        return person.submitModal({ reason: more.reason });
      }
      throw new Error(`${id} sees no button ${label}`);
    },
    async choose(option) {
      for (const message of readable()) {
        for (const element of elementsOf(message.blocks)) {
          const chosen = array(element.options)
            .map(object)
            .find((one) => string(object(one.text).text) === option || one.value === option);
          if (!chosen) continue;
          const { type, action_id } = element;
          return interact(pressOf(message, { type, action_id, selected_option: chosen }));
        }
      }
      throw new Error(`${id} sees no option ${option}`);
    },
    async submitModal(values) {
      const open = [...world.views].reverse().find(([, one]) => one.user === id && one.team === teamId);
      if (!open) throw new Error(`no modal is open for ${id}`);
      const [viewId, { view }] = open;
      const state: Record<string, Json> = {};
      for (const block of array(view.blocks).map(object)) {
        const element = object(block.element);
        const actionId = string(element.action_id);
        const value = values[actionId];
        if (value !== undefined)
          state[string(block.block_id)] = { [actionId]: { type: element.type, value } };
      }
      const result = await interact({
        type: "view_submission",
        ...identity(),
        trigger_id: trigger(),
        view: { ...view, state: { values: state } },
        response_urls: [],
      });
      if (result.status === 200) world.views.delete(viewId);
      return result;
    },
    async command(text, channel = person.directChannel) {
      const delivery = await server.deliveries.deliver("slash_commands", {
        token: "verification",
        team_id: teamId,
        team_domain: "example",
        channel_id: channel,
        channel_name: "channel",
        user_id: id,
        user_name: user.name,
        command: "/support",
        text,
        api_app_id: "A1",
        is_enterprise_install: "false",
        response_url: responseUrl(channel),
        trigger_id: trigger(),
      });
      return { status: delivery.status, response: delivery.response };
    },
    shortcut(channel, ts, callbackId) {
      const message = must(channel, ts);
      return interact({
        type: "message_action",
        ...identity(),
        callback_id: callbackId,
        trigger_id: trigger(),
        response_url: responseUrl(channel),
        action_ts: world.nextTs(),
        message_ts: ts,
        channel: { id: channel, name: "channel" },
        message: asMessage(message, server.url, false),
      });
    },
    async openHome() {
      await emit(team, {
        type: "app_home_opened",
        user: id,
        channel: person.directChannel,
        tab: "home",
        event_ts: world.nextTs(),
      });
    },
    async openAssistant() {
      const channel = person.directChannel;
      const thread = server.addAssistantThread(id, teamId);
      await emit(team, {
        type: "assistant_thread_started",
        assistant_thread: {
          user_id: id,
          context: { team_id: teamId, enterprise_id: null },
          channel_id: channel,
          thread_ts: thread,
        },
        event_ts: thread,
      });
      return thread;
    },
  };

  async function changed(message: StoredMessage, previous: Json): Promise<void> {
    const now = world.nextTs();
    await emit(team as Team, {
      type: "message",
      subtype: "message_changed",
      hidden: true,
      channel: message.channel,
      channel_type: world.channels.get(key(teamId, message.channel))?.kind,
      ts: now,
      event_ts: now,
      message: asMessage(message, server.url, false),
      previous_message: previous,
    });
  }
  return person;
}
