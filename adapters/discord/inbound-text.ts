/** Discord's markup as CommonMark: mentions, emoji and times become plain words; everything else is nearly CommonMark. */

/** What mentions are called. Names are claims: they come out inert. */
export interface Names {
  user(id: string): string | undefined;
  channel(id: string): string | undefined;
  role(id: string): string | undefined;
}

const code = /(```[\s\S]*?```|``[^\n]+?``|`[^`\n]+`)/;

/** @param self the bot's id: a mention of it at the beginning is an address, not a word */
export function readText(content: string, self: string, names: Names): string {
  const unaddressed = content.replace(new RegExp(`^\\s*(<@!?${self}>[\\s,:]*)+`), "");
  const parts = unaddressed.split(code);
  return readQuotes(parts.map((part, n) => (n % 2 === 1 ? part : readPlain(part, names))).join("")).trim();
}

function readPlain(text: string, names: Names): string {
  return text
    .replace(/<@!?(\d+)>/g, (_, id: string) => `@${plainName(names.user(id) ?? "someone")}`)
    .replace(/<@&(\d+)>/g, (_, id: string) => `@${plainName(names.role(id) ?? "role")}`)
    .replace(/<#(\d+)>/g, (_, id: string) => `#${plainName(names.channel(id) ?? "channel")}`)
    .replace(/<a?:(\w+):\d+>/g, ":$1:")
    .replace(/<\/([^:<>]+):\d+>/g, "/$1")
    .replace(/<id:(\w+)>/g, "#$1")
    .replace(/<t:(-?\d{1,13})(?::\w)?>/g, (whole, seconds: string) => timeText(Number(seconds)) ?? whole)
    .replace(/\|\|([\s\S]+?)\|\|/g, "$1")
    .replace(/^-# /gm, "");
}

/** `>>>` quotes everything that follows. */
function readQuotes(text: string): string {
  const match = /^>>> /m.exec(text);
  if (!match) return text;
  const quoted = text.slice(match.index + match[0].length);
  return text.slice(0, match.index) + quoted.replace(/^/gm, "> ");
}

function timeText(seconds: number): string | undefined {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime())
    ? undefined
    : `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A name as text that is no markup. */
function plainName(name: string): string {
  return oneLine(name.replace(/[<>]/g, ""), 80).replace(/[\\`*_[\]~|]/g, "\\$&") || "someone";
}

/** A claim by a person (a name, a title) on one line of at most `max` characters, without invisible ones. */
export function oneLine(text: string, max: number): string {
  const visible = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ").replace(/[\p{Cf}\p{Cs}]/gu, "");
  return [...visible.replace(/\s+/g, " ").trim()].slice(0, max).join("");
}
