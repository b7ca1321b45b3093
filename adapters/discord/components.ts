/**
 * Buttons and menus, and what comes back from them. Everything that a press needs stands in the custom id, so that a
 * button works for ever, whatever has been restarted since:
 *
 *   KIND ACTION | VALUE ~ TAG      KIND: `b` button, `a` button that asks first, `m` menu (its option is the value)
 *
 * TAG is made from the post's key: by it a message with buttons is known as that post's, years later.
 */
import { createHash } from "node:crypto";
import type { APIActionRowComponent, APIButtonComponent, APISelectMenuOption } from "discord.js";
import { DeskError } from "../../src/errors.ts";
import type { Button, Menu, Post } from "../../src/platform.ts";
import { oneLine } from "./inbound-text.ts";

interface SelectRow {
  type: 3;
  custom_id: string;
  placeholder?: string;
  options: APISelectMenuOption[];
}
export type Row = { type: 1; components: (APIButtonComponent | SelectRow)[] };

const kinds = { row: 1, button: 2, select: 3 } as const;
const styles = { primary: 1, secondary: 2, danger: 4 } as const;
export const limits = {
  rows: 5,
  buttonsPerRow: 5,
  options: 25,
  customId: 100,
  label: 80,
  choice: 100,
} as const;

export interface Pressed {
  name: string;
  value: string;
  asks: boolean;
}

/** The name of the buttons under an answer; their value is `up TURN` or `down TURN`. */
const feedbackAction = "feedback";

/**
 * The rows below a post. Of a menu that is too long the last options are left out: a command can name them.
 * @throws DeskError platform_refused when the buttons cannot all be shown
 */
export function rowsOf(post: Pick<Post, "buttons" | "menus" | "feedback">, key: string): Row[] {
  const tag = tagOf(key);
  const buttons = [
    ...(post.buttons ?? []),
    ...(post.feedback === undefined ? [] : feedbackOf(post.feedback)),
  ];
  const pressed: Row[] = chunks(distinct(buttons), limits.buttonsPerRow).map((some) => ({
    type: kinds.row,
    components: some.map((button) => buttonOf(button, tag)),
  }));
  if (pressed.length > limits.rows) {
    throw new DeskError(
      "platform_refused",
      `Discord shows ${limits.rows} rows of buttons; this post has ${pressed.length}`,
    );
  }
  const chosen = (post.menus ?? []).flatMap((menu) => menuRows(menu, tag));
  return [...chosen.slice(0, limits.rows - pressed.length), ...pressed];
}

export const tagOf = (key: string): string =>
  createHash("sha256").update(key).digest("base64url").slice(0, 6);

/** The tag in a message's buttons. */
export function tagIn(components: unknown): string | undefined {
  const rows = components as APIActionRowComponent<APIButtonComponent>[] | undefined;
  for (const row of rows ?? []) {
    for (const one of row.components ?? []) {
      const tag = "custom_id" in one ? /~([\w-]{6})$/.exec(one.custom_id)?.[1] : undefined;
      if (tag) return tag;
    }
  }
  return undefined;
}

/** What a custom id of ours says; undefined for another program's or version's. */
export function readCustomId(customId: string): Pressed | undefined {
  const parts = /^([bam])([^|]+)\|([\s\S]*)~[\w-]{6}$/.exec(customId);
  if (!parts) return undefined;
  const [, kind, name, value] = parts as unknown as [string, string, string, string];
  return { name, value, asks: kind === "a" };
}

function customIdOf(kind: "b" | "a" | "m", action: string, value: string, tag: string): string {
  const id = `${kind}${action}|${value}~${tag}`;
  if (id.length > limits.customId || action === "" || action.includes("|")) {
    throw new DeskError(
      "platform_refused",
      `the button "${action.slice(0, 40)}" carries more than Discord takes`,
    );
  }
  return id;
}

function buttonOf(button: Button, tag: string): APIButtonComponent {
  return {
    type: kinds.button,
    style: styles[button.style ?? "secondary"],
    label: labelOf(button.label, limits.label),
    custom_id: customIdOf(button.ask ? "a" : "b", button.action, button.value, tag),
  };
}

function menuRows(menu: Menu, tag: string): Row[] {
  return chunks(menu.options, limits.options).map((options, n) => ({
    type: kinds.row,
    components: [
      {
        type: kinds.select,
        custom_id: customIdOf("m", menu.action, n === 0 ? "" : String(n), tag),
        placeholder: labelOf(menu.label, 150),
        options: options.map(optionOf),
      },
    ],
  }));
}

function optionOf(option: Menu["options"][number]): APISelectMenuOption {
  if (option.value.length > limits.choice || option.value === "") {
    throw new DeskError(
      "platform_refused",
      `the option "${option.label.slice(0, 40)}" carries more than Discord takes`,
    );
  }
  return { label: labelOf(option.label, limits.choice), value: option.value };
}

const feedbackOf = (turn: string): Button[] => [
  { label: "👍", action: feedbackAction, value: `up ${turn}` },
  { label: "👎", action: feedbackAction, value: `down ${turn}` },
];

/** Discord refuses a message with two equal custom ids. */
function distinct(buttons: readonly Button[]): Button[] {
  return [...new Map(buttons.map((button) => [`${button.action}|${button.value}`, button])).values()];
}

export const labelOf = (text: string, max: number): string => oneLine(text, max) || "…";

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}
