/** What Discord refuses in a message, in its own words: 50035 with the path of each fault, or another code. */
import type { Component } from "./world.ts";

export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: object | undefined;

  constructor(status: number, code: number, message: string, errors?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export interface MessageBody {
  content?: string | null;
  embeds?: EmbedBody[] | null;
  components?: { type: number; components: Component[] }[] | null;
  flags?: number;
  nonce?: string | number;
  enforce_nonce?: boolean;
  allowed_mentions?: { parse?: string[]; users?: string[]; roles?: string[]; replied_user?: boolean } | null;
  message_reference?: { message_id: string; channel_id?: string; fail_if_not_exists?: boolean };
  attachments?: { id: string | number; filename?: string }[];
}

interface EmbedBody {
  title?: string;
  description?: string;
  fields?: { name: string; value: string }[];
  footer?: { text: string };
  author?: { name: string };
}

/** @throws Refusal */
export function checkMessage(body: MessageBody, files: number, editing: boolean): void {
  const faults: Record<string, object> = {};
  const fault = (path: string, code: string, message: string) => {
    faults[path] = { _errors: [{ code, message }] };
  };
  const content = body.content ?? "";
  if ([...content].length > 2000) {
    fault("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.");
  }
  if (body.nonce !== undefined && String(body.nonce).length > 25) {
    fault("nonce", "NONCE_TYPE_TOO_LONG", "The nonce must be 25 or fewer characters.");
  }
  if ((body.embeds ?? []).length > 10)
    fault("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
  let characters = 0;
  for (const [n, embed] of (body.embeds ?? []).entries())
    characters += checkEmbed(embed, `embeds.${n}`, fault);
  if (characters > 6000)
    fault("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
  checkRows(body.components ?? [], fault);
  if (files > 10) fault("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
  if (Object.keys(faults).length > 0) throw new Refusal(400, 50035, "Invalid Form Body", faults);
  const empty = content.trim() === "" && (body.embeds ?? []).length === 0 && files === 0;
  const says = editing && body.content === undefined && body.embeds === undefined;
  if (empty && !says) throw new Refusal(400, 50006, "Cannot send an empty message");
}

type Fault = (path: string, code: string, message: string) => void;

function checkEmbed(embed: EmbedBody, path: string, fault: Fault): number {
  const sizes: [string, string | undefined, number, boolean][] = [
    ["title", embed.title, 256, false],
    ["description", embed.description, 4096, false],
    ["footer.text", embed.footer?.text, 2048, true],
    ["author.name", embed.author?.name, 256, true],
    ...(embed.fields ?? []).flatMap((field, n): [string, string | undefined, number, boolean][] => [
      [`fields.${n}.name`, field.name, 256, true],
      [`fields.${n}.value`, field.value, 1024, true],
    ]),
  ];
  if ((embed.fields ?? []).length > 25)
    fault(`${path}.fields`, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
  let characters = 0;
  for (const [name, text, max, required] of sizes) {
    characters += text?.length ?? 0;
    if ((text ?? "").length > max)
      fault(`${path}.${name}`, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);
    if (required && text !== undefined && text.trim() === "") {
      fault(`${path}.${name}`, "BASE_TYPE_REQUIRED", "This field is required");
    }
  }
  return characters;
}

function checkRows(rows: readonly { type: number; components: Component[] }[], fault: Fault): void {
  if (rows.length > 5) fault("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
  const ids = new Set<string>();
  for (const [n, row] of rows.entries()) {
    const path = `components.${n}.components`;
    const buttons = row.components.filter((one) => one.type === 2).length;
    if (row.type !== 1)
      fault(`components.${n}`, "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).');
    if (row.components.length === 0 || buttons > 5)
      fault(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    if (row.components.length > 1 && row.components.some((one) => one.type !== 2)) {
      fault(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width");
    }
    for (const [m, one] of row.components.entries()) {
      const id = one.custom_id ?? "";
      if (id === "" || id.length > 100)
        fault(`${path}.${m}.custom_id`, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
      if (ids.has(id))
        fault(
          `${path}.${m}.custom_id`,
          "COMPONENT_CUSTOM_ID_DUPLICATED",
          "Component custom id cannot be duplicated",
        );
      ids.add(id);
      if (one.type === 2 && !one.label && !one.emoji)
        fault(`${path}.${m}.label`, "BUTTON_COMPONENT_INVALID", "A button must have a label or emoji");
      if ((one.label ?? "").length > 80)
        fault(`${path}.${m}.label`, "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.");
      checkOptions(one, `${path}.${m}`, fault);
    }
  }
}

function checkOptions(select: Component, path: string, fault: Fault): void {
  const options = select.options ?? [];
  if (select.type !== 3) return;
  if (options.length < 1 || options.length > 25)
    fault(`${path}.options`, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.");
  if ((select.placeholder ?? "").length > 150)
    fault(`${path}.placeholder`, "BASE_TYPE_MAX_LENGTH", "Must be 150 or fewer in length.");
  if (new Set(options.map((one) => one.value)).size < options.length) {
    fault(
      `${path}.options`,
      "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
      "The specified option value is already used",
    );
  }
  for (const option of options) {
    if (option.label.length < 1 || option.label.length > 100 || option.value.length > 100) {
      fault(`${path}.options`, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
    }
  }
}
