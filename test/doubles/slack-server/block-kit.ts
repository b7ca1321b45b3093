/** The documented limits of Block Kit: what Slack refuses with `invalid_blocks`. */

export type Json = Record<string, unknown>;

export const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const string = (value: unknown): string => (typeof value === "string" ? value : "");

/** Every fault of these blocks, empty when Slack would take them. */
export function faultsOfBlocks(blocks: unknown, surface: "message" | "modal" | "home"): string[] {
  const faults: string[] = [];
  if (!Array.isArray(blocks)) return ["blocks are not an array"];
  const most = surface === "message" ? 50 : 100;
  if (blocks.length > most) faults.push(`${blocks.length} blocks, ${most} allowed`);
  const blockIds = new Set<string>();
  const actionIds = new Set<string>();
  for (const [n, block] of blocks.entries()) {
    const fault = (what: string) => faults.push(`/blocks/${n}: ${what}`);
    const { type, block_id } = object(block);
    if (block_id !== undefined) {
      if (string(block_id).length > 255) fault("block_id longer than 255");
      if (blockIds.has(string(block_id))) fault("block_id twice");
      blockIds.add(string(block_id));
    }
    checkBlock(string(type), object(block), surface, fault, actionIds);
  }
  if (JSON.stringify(textsOf(blocks)).length > 13_200 && surface === "message") {
    faults.push("more than about 13,200 characters of text in all");
  }
  return faults;
}

type Fault = (what: string) => void;

function checkBlock(type: string, block: Json, surface: string, fault: Fault, actionIds: Set<string>): void {
  switch (type) {
    case "section": {
      const fields = array(block.fields);
      if (block.text === undefined && fields.length === 0) fault("a section without text and fields");
      if (block.text !== undefined) checkText(block.text, 3_000, fault);
      if (fields.length > 10) fault("more than 10 fields");
      for (const field of fields) checkText(field, 2_000, fault);
      return;
    }
    case "header":
      checkText(block.text, 150, fault, "plain_text");
      return;
    case "context": {
      const elements = array(block.elements);
      if (elements.length === 0 || elements.length > 10) fault(`${elements.length} context elements`);
      for (const element of elements) checkText(element, 3_000, fault);
      return;
    }
    case "actions": {
      const elements = array(block.elements);
      if (elements.length === 0 || elements.length > 25) fault(`${elements.length} action elements`);
      for (const element of elements) checkElement(object(element), fault, actionIds);
      return;
    }
    case "context_actions": {
      if (surface !== "message") fault("context_actions outside of a message");
      const elements = array(block.elements);
      if (elements.length === 0 || elements.length > 5) fault(`${elements.length} elements`);
      for (const element of elements) checkElement(object(element), fault, actionIds);
      return;
    }
    case "markdown":
      if (string(block.text) === "" || string(block.text).length > 12_000) fault("markdown text length");
      return;
    case "divider":
      return;
    case "input":
      if (surface === "message") fault("an input in a message");
      checkText(block.label, 2_000, fault, "plain_text");
      checkElement(object(block.element), fault, actionIds);
      return;
    default:
      fault(`unknown block type ${type}`);
  }
}

function checkElement(element: Json, fault: Fault, actionIds: Set<string>): void {
  const actionId = string(element.action_id);
  if (actionId === "" || actionId.length > 255) fault("action_id missing or longer than 255");
  if (actionIds.has(actionId)) fault(`action_id ${actionId} twice`);
  actionIds.add(actionId);
  switch (element.type) {
    case "button":
      checkText(element.text, 75, fault, "plain_text");
      if (string(element.value).length > 2_000) fault("button value longer than 2,000");
      if (element.style !== undefined && element.style !== "primary" && element.style !== "danger") {
        fault("button style");
      }
      return;
    case "static_select": {
      checkText(element.placeholder, 150, fault, "plain_text");
      const options = array(element.options).map(object);
      if (options.length === 0 || options.length > 100) fault(`${options.length} options`);
      for (const option of options) {
        checkText(option.text, 75, fault, "plain_text");
        if (string(option.value) === "" || string(option.value).length > 150) fault("option value length");
      }
      return;
    }
    case "feedback_buttons":
      for (const one of ["positive_button", "negative_button"]) {
        const button = object(element[one]);
        checkText(button.text, 75, fault, "plain_text");
        if (string(button.value) === "" || string(button.value).length > 2_000)
          fault("feedback value length");
      }
      return;
    case "plain_text_input":
      if (Number(element.max_length ?? 3_000) > 3_000) fault("max_length above 3,000");
      return;
    default:
      fault(`unknown element ${String(element.type)}`);
  }
}

function checkText(value: unknown, most: number, fault: Fault, only?: "plain_text"): void {
  const { type, text } = object(value);
  if (type !== "plain_text" && (only !== undefined || type !== "mrkdwn")) fault(`text type ${String(type)}`);
  if (typeof text !== "string" || text === "") fault("an empty text");
  else if (text.length > most) fault(`a text of ${text.length} characters, ${most} allowed`);
}

/** The faults of a view's frame and blocks. */
export function faultsOfView(view: Json): string[] {
  const faults: string[] = [];
  const type = string(view.type);
  if (type !== "modal" && type !== "home") faults.push(`view type ${type}`);
  if (string(view.private_metadata).length > 3_000) faults.push("private_metadata longer than 3,000");
  if (string(view.callback_id).length > 255) faults.push("callback_id longer than 255");
  if (type === "modal") {
    for (const key of ["title", "submit", "close"]) {
      if (key === "title" || view[key] !== undefined) {
        checkText(view[key], 24, (what) => faults.push(`${key}: ${what}`), "plain_text");
      }
    }
  }
  return [...faults, ...faultsOfBlocks(view.blocks, type === "home" ? "home" : "modal")];
}

/** Every text that blocks show, in reading order. */
export function textsOf(blocks: unknown): string[] {
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    const node = object(value);
    if (typeof node.text === "string") texts.push(node.text);
    for (const key of [
      "text",
      "title",
      "label",
      "fields",
      "elements",
      "options",
      "positive_button",
      "negative_button",
    ]) {
      if (typeof node[key] === "object") visit(node[key]);
    }
  };
  visit(blocks);
  return texts;
}

/** The interactive elements in blocks. */
export function elementsOf(blocks: unknown): Json[] {
  return array(blocks).flatMap((block) => {
    const { elements, accessory, element } = object(block);
    return [...array(elements), accessory, element]
      .map(object)
      .filter((one) => typeof one.action_id === "string");
  });
}
