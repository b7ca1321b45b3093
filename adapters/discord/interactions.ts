/**
 * Buttons, menus, commands and modals on their way to the desk. Discord waits three seconds for a first answer. It says
 * "taken", so it is given when the desk has committed the event; where that takes too long it is given in time, and what
 * went wrong follows. To whoever has had none in time Discord has said that it failed: then nothing comes of it any more,
 * when it is told of again after a death.
 */
import type {
  APIApplicationCommandAutocompleteInteraction,
  APIMessageComponentInteraction,
  APIModalSubmitInteraction,
  GatewayInteractionCreateDispatchData,
} from "discord.js";
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Incoming, Interaction, Person } from "../../src/message.ts";
import type { Button, Receiver } from "../../src/platform.ts";
import { type Answers, addressOf, callback, ephemeral } from "./answers.ts";
import { atMost } from "./at-most.ts";
import { labelOf, limits, type Pressed, readCustomId } from "./components.ts";
import { personOf, type Surroundings } from "./incoming.ts";
import { commandOf, type RawCommand, whereOf } from "./interaction-in.ts";
import { createRecent } from "./recent.ts";
import { isSnowflake, timeOfSnowflake } from "./thread-id.ts";

export interface Interactions {
  /** Never throws. */
  handle(raw: GatewayInteractionCreateDispatchData): Promise<void>;
  /** Remembers what a button asks; a restart forgets it, and then it asks for a reason. */
  remember(buttons: readonly Button[]): void;
}

export interface InteractionsParts {
  answers: Answers;
  desk(): Receiver;
  around(raw: GatewayInteractionCreateDispatchData): Surroundings;
  /** Milliseconds since 1970 by Discord's own clock, never early. */
  now(): number;
  /** The roles that this person has at this moment. */
  sawMember(user: string, guild: string, roles: readonly string[]): void;
  clock: Clock;
  log: Log;
}

const answerWithinMs = 2_200;
/** So long Discord waits for the first answer. */
const waitsMs = 3_000;
const remembered = 5_000;
const words = {
  notTaken: "That did not get through: something on our side is not working. Please try again in a moment.",
  unknown: "This button belongs to an earlier version and does nothing any more.",
} as const;

export function createInteractions(parts: InteractionsParts): Interactions {
  const { answers, clock, log } = parts;
  const asks = createRecent<string, NonNullable<Button["ask"]>>(remembered);

  async function handle(raw: GatewayInteractionCreateDispatchData): Promise<void> {
    answers.expect(raw.id);
    try {
      const by = noteMember(raw);
      switch (raw.type as number) {
        case 2:
          return await onCommand(raw as RawCommand, by);
        case 3:
          return await onComponent(raw as APIMessageComponentInteraction, by);
        case 4:
          return await onTyping(raw as APIApplicationCommandAutocompleteInteraction, by);
        case 5:
          return await onModal(raw as APIModalSubmitInteraction, by);
        default:
          return;
      }
    } catch (error) {
      log.warn("discord.interaction_failed", { interaction: raw.id, error });
    }
  }

  function noteMember(raw: GatewayInteractionCreateDispatchData): Person {
    const { member, user } = raw;
    if (member && raw.guild_id) parts.sawMember(member.user.id, raw.guild_id, member.roles ?? []);
    return personOf(member?.user ?? user ?? { id: "0" }, member?.nick, (raw as { locale?: string }).locale);
  }

  async function onCommand(raw: RawCommand, by: Person): Promise<void> {
    const around = parts.around(raw);
    const incoming: Incoming = {
      kind: "command",
      keys: [`discord:interaction:${raw.id}`],
      ...contextOf(raw, by, true),
      ...commandOf(raw, around),
    };
    await take(raw, incoming, { type: callback.deferMessage, data: { flags: ephemeral } });
  }

  async function onComponent(raw: APIMessageComponentInteraction, by: Person): Promise<void> {
    const pressed = readCustomId(raw.data.custom_id);
    if (!pressed) {
      await answers.first(raw, {
        type: callback.message,
        data: { content: words.unknown, flags: ephemeral },
      });
      return;
    }
    if (pressed.asks) {
      await answers.first(raw, { type: callback.modal, data: modalFor(raw, pressed) });
      return;
    }
    const chosen = "values" in raw.data ? raw.data.values[0] : undefined;
    const incoming: Incoming = {
      kind: "action",
      keys: [`discord:interaction:${raw.id}`],
      ...contextOf(raw, by, false),
      name: pressed.name,
      value: chosen ?? pressed.value,
      message: `discord:${raw.message.channel_id}:${raw.message.id}`,
    };
    await take(raw, incoming, { type: callback.deferUpdate });
  }

  function modalFor(raw: APIMessageComponentInteraction, pressed: Pressed): object {
    const ask = asks.get(`${pressed.name}|${pressed.value}`);
    const title = labelOf(ask?.title ?? buttonLabelOf(raw) ?? "Please say why", 45);
    const input = {
      type: 4,
      custom_id: "reason",
      style: 2,
      label: labelOf(ask?.label ?? "Reason", 45),
      min_length: 1,
      max_length: 1000,
      required: true,
    };
    return { custom_id: raw.data.custom_id, title, components: [{ type: 1, components: [input] }] };
  }

  async function onModal(raw: APIModalSubmitInteraction, by: Person): Promise<void> {
    const pressed = readCustomId(raw.data.custom_id);
    if (!pressed) return;
    const incoming: Incoming = {
      kind: "action",
      keys: [`discord:interaction:${raw.id}`],
      ...contextOf(raw, by, false),
      name: pressed.name,
      value: pressed.value,
      reason: typedIn(raw),
      ...(raw.message ? { message: `discord:${raw.message.channel_id}:${raw.message.id}` } : {}),
    };
    const update = raw.message !== undefined;
    await take(
      raw,
      incoming,
      update ? { type: callback.deferUpdate } : { type: callback.deferMessage, data: { flags: ephemeral } },
    );
  }

  async function onTyping(raw: APIApplicationCommandAutocompleteInteraction, by: Person): Promise<void> {
    const focused = focusedOption(raw.data.options as unknown as TypedOption[]);
    const what = focused?.name === "snippet" ? "snippet" : "ticket";
    const found = await parts
      .desk()
      .suggest(what, String(focused?.value ?? ""), by)
      .catch((error: unknown) => {
        log.warn("discord.suggestions_failed", { error });
        return [];
      });
    const choices = found
      .filter((one) => one.value !== "" && one.value.length <= limits.choice)
      .slice(0, limits.options)
      .map((one) => ({ name: labelOf(one.label, limits.choice), value: one.value }));
    await answers.first(raw, { type: callback.choices, data: { choices } });
  }

  /** Hands the event on, and tells Discord in time. */
  async function take(
    raw: { id: string; token: string; application_id: string },
    incoming: Incoming,
    ready: { type: number; data?: object },
  ): Promise<void> {
    if (isLate(raw.id) && !(await answers.stands(raw, ready))) {
      log.info("discord.interaction_over", { interaction: raw.id });
      return;
    }
    const taking = parts
      .desk()
      .receive(incoming)
      .then(
        () => ({ error: undefined }),
        (error: unknown) => ({ error: error ?? "refused" }),
      );
    const inTime = await atMost(clock, answerWithinMs, taking);
    if (!inTime) {
      await answers.first(raw, ready);
      const { error } = await taking;
      if (error) await tellNotTaken(raw, ready.type === callback.deferMessage, error);
      return;
    }
    const { error } = inTime;
    if (error === undefined) {
      await answers.first(raw, ready);
      return;
    }
    log.warn("discord.interaction_not_taken", { interaction: raw.id, error });
    await answers.first(raw, { type: callback.message, data: { content: words.notTaken, flags: ephemeral } });
  }

  const isLate = (id: string): boolean => isSnowflake(id) && parts.now() - timeOfSnowflake(id) > waitsMs;

  async function tellNotTaken(
    raw: { id: string; token: string; application_id: string },
    command: boolean,
    error: unknown,
  ): Promise<void> {
    log.warn("discord.interaction_not_taken", { interaction: raw.id, error });
    const address = { application: raw.application_id, id: raw.id, token: raw.token, command };
    await answers.say(addressOf(address), { text: words.notTaken });
  }

  function contextOf(raw: GatewayInteractionCreateDispatchData, by: Person, command: boolean): Interaction {
    const { place } = parts.around(raw);
    const message = "message" in raw ? raw.message?.id : undefined;
    return {
      interaction: addressOf({ application: raw.application_id, id: raw.id, token: raw.token, command }),
      by,
      ...whereOf(place, message),
    };
  }

  return {
    handle,
    remember(buttons) {
      for (const { ask, action, value } of buttons) if (ask) asks.set(`${action}|${value}`, ask);
    },
  };
}

function typedIn(raw: APIModalSubmitInteraction): string {
  const rows = raw.data.components as unknown as {
    components?: { value?: string }[];
    component?: { value?: string };
  }[];
  const values = rows.flatMap((row) => [
    ...(row.components ?? []),
    ...(row.component ? [row.component] : []),
  ]);
  return values
    .map((input) => input.value ?? "")
    .join("\n")
    .trim();
}

interface TypedOption {
  name: string;
  value?: string | number;
  focused?: boolean;
  options?: TypedOption[];
}

function focusedOption(options: readonly TypedOption[] | undefined): TypedOption | undefined {
  for (const option of options ?? []) {
    if (option.focused) return option;
    const inner = focusedOption(option.options);
    if (inner) return inner;
  }
  return undefined;
}

function buttonLabelOf(raw: APIMessageComponentInteraction): string | undefined {
  const rows = (raw.message.components ?? []) as unknown as {
    components?: { custom_id?: string; label?: string }[];
  }[];
  return rows.flatMap((row) => row.components ?? []).find((one) => one.custom_id === raw.data.custom_id)
    ?.label;
}
