/** The people on the double: they write, press, react and run commands as Discord's client lets them. */
import type { Interaction, Interactions } from "./interactions.ts";
import {
  type Channel,
  type Component,
  isThread,
  type Message,
  permissions,
  type User,
  type World,
} from "./world.ts";

export interface Sent {
  files?: { name: string; mediaType: string; content: Uint8Array; voice?: boolean }[];
  replyTo?: Message;
}

export function createPeople(parts: {
  world: World;
  bot: User;
  interactions: Interactions;
  origin(): string;
}) {
  const { world, bot, interactions } = parts;
  const channelOf = (channel: string | Channel): Channel => {
    const found = typeof channel === "string" ? world.channels.get(channel) : channel;
    if (!found) throw new Error(`there is no channel ${String(channel)}`);
    return found;
  };

  return function person(user: User) {
    function compose(channel: Channel, text: string, { files = [], replyTo }: Sent = {}) {
      return {
        channel,
        author: user,
        content: text,
        flags: files.some((file) => file.voice) ? 1 << 13 : 0,
        notified: notifiedBy(text, replyTo),
        attachments: files.map(({ name, mediaType, content }) => {
          const id = world.id();
          const url = `${parts.origin()}/attachments/${channel.id}/${id}/${encodeURIComponent(name)}`;
          return { id, filename: name, size: content.length, url, content_type: mediaType, content };
        }),
        ...(replyTo ? { reference: { channel_id: replyTo.channel.id, message_id: replyTo.id } } : {}),
      };
    }

    function write(channel: Channel, text: string, sent?: Sent): Message {
      if (channel.guild) {
        const allowed = world.permissionsIn(channel, user);
        const needed = isThread(channel) ? permissions.sendInThreads : permissions.sendMessages;
        if (!(allowed & needed)) throw new Error(`${user.username} may not write in ${channel.name}`);
      }
      return world.addMessage(compose(channel, text, sent));
    }

    /** The newest message that this person sees and that has such a component. */
    function componentFor(
      matches: (component: Component) => boolean,
      within?: Message,
    ): { message: Message; component: Component } {
      const messages = within
        ? [within]
        : [...world.channels.values()]
            .filter((channel) => world.permissionsIn(channel, user) & permissions.viewChannel)
            .flatMap((channel) => channel.messages)
            .filter((message) => message.ephemeralFor === undefined || message.ephemeralFor === user.id)
            .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
      for (const message of messages) {
        const component = message.components.flatMap((row) => row.components).find(matches);
        if (component) return { message, component };
      }
      throw new Error(`${user.username} sees no such button`);
    }

    const use = (component: Component, message: Message, values?: string[]): Interaction =>
      interactions.begin(
        3,
        user,
        message.channel,
        {
          custom_id: component.custom_id,
          component_type: component.type,
          id: 1,
          ...(values ? { values, resolved: {} } : {}),
        },
        message,
      );

    return {
      user,
      id: user.id,
      /** Writes to the bot in private. */
      dm: (text: string, sent?: Sent) => write(world.directChannel(user), text, sent),
      /** Writes in a channel or thread. */
      say: (channel: string | Channel, text: string, sent?: Sent) => write(channelOf(channel), text, sent),
      /** Opens a post in a forum channel. */
      postIn(
        forum: string | Channel,
        title: string,
        text: string,
        sent?: Sent,
      ): { thread: Channel; message: Message } {
        const parent = channelOf(forum);
        const thread = world.addChannel({
          type: 11,
          name: title,
          guild: parent.guild,
          parent,
          owner_id: user.id,
        });
        return { thread, message: world.addMessage({ id: thread.id, ...compose(thread, text, sent) }) };
      },
      edit: (message: Message, content: string) =>
        world.changeMessage(message, { content, edited: Date.now(), notified: notifiedBy(content) }),
      remove: (message: Message) => world.removeMessage(message),
      react: (message: Message, emoji: string, added = true) => world.react(message, user, emoji, added),
      /** Presses the button with this label (or custom id) on the newest message that has one. */
      click(button: string, within?: Message): Interaction {
        const { message, component } = componentFor(
          (one) =>
            one.type === 2 &&
            (one.label === button || one.custom_id === button || one.emoji?.name === button),
          within,
        );
        return use(component, message);
      },
      /** Chooses the option with this label from any menu. */
      select(option: string, within?: Message): Interaction {
        const has = (one: Component) => one.type === 3 && (one.options ?? []).some((o) => o.label === option);
        const { message, component } = componentFor(has, within);
        const value = component.options?.find((o) => o.label === option)?.value ?? "";
        return use(component, message, [value]);
      },
      /** Sends a modal that the bot has shown; `values` in the order of its inputs. */
      submitModal(interaction: Interaction, ...values: string[]): Interaction {
        const { modal } = interaction;
        if (!modal) throw new Error("no modal was shown");
        const inputs = modal.components.flatMap((row) => row.components);
        const components = inputs.map((input, n) => ({
          type: 1,
          components: [{ type: 4, custom_id: input.custom_id, value: values[n] ?? "" }],
        }));
        const data = { custom_id: modal.custom_id, components };
        return interactions.begin(5, user, interaction.channel, data, interaction.message);
      },
      /** Runs `/name subcommand`, with its options by name. */
      command(
        channel: string | Channel,
        name: string,
        subcommand?: string,
        options: Record<string, string | number> = {},
      ): Interaction {
        const given = optionsOf(options);
        const data = {
          id: "1",
          name,
          type: 1,
          options: subcommand === undefined ? given : [{ type: 1, name: subcommand, options: given }],
        };
        return interactions.begin(2, user, channelOf(channel), data);
      },
      /** Runs a command of a message's menu. */
      messageCommand(name: string, message: Message): Interaction {
        return interactions.begin(2, user, message.channel, {
          id: "2",
          name,
          type: 3,
          target_id: message.id,
          resolved: { messages: { [message.id]: rawOf(message) } },
        });
      },
      /** Types in an option that completes; the choices come with the answer. */
      types(
        channel: string | Channel,
        name: string,
        subcommand: string,
        option: string,
        prefix: string,
      ): Interaction {
        const options = [{ type: 3, name: option, value: prefix, focused: true }];
        const data = { id: "1", name, type: 1, options: [{ type: 1, name: subcommand, options }] };
        return interactions.begin(4, user, channelOf(channel), data);
      },
      closeDms: () => {
        user.takesDms = false;
      },
      openDms: () => {
        user.takesDms = true;
      },
      /** Everything in this place that this person sees, oldest first. */
      sees(channel: string | Channel): Message[] {
        return channelOf(channel).messages.filter(
          (message) => message.ephemeralFor === undefined || message.ephemeralFor === user.id,
        );
      },
      /** What nobody else has seen. */
      shownPrivately(): Message[] {
        return [...world.channels.values()]
          .flatMap((channel) => channel.messages)
          .filter((message) => message.ephemeralFor === user.id);
      },
      get directChannel(): Channel {
        return world.directChannel(user);
      },
    };
  };

  function notifiedBy(text: string, replyTo?: Message): string[] {
    const users = [...text.matchAll(/<@!?(\d+)>/g)].map((match) => match[1] ?? "");
    const roles = [...text.matchAll(/<@&(\d+)>/g)].map((match) => `&${match[1]}`);
    return [...users, ...roles, ...(replyTo ? [replyTo.author.id] : [])];
  }

  function rawOf(message: Message) {
    return {
      id: message.id,
      channel_id: message.channel.id,
      author: {
        id: message.author.id,
        username: message.author.username,
        global_name: message.author.global_name,
        ...(message.author === bot ? { bot: true } : {}),
      },
      content: message.content,
      timestamp: new Date(message.at).toISOString(),
      attachments: [],
      type: message.type,
    };
  }
}

const optionsOf = (options: Record<string, string | number>) =>
  Object.entries(options).map(([name, value]) => ({ type: typeof value === "number" ? 4 : 3, name, value }));
