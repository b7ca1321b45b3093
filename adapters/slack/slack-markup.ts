/** What people write on Slack, as CommonMark: Slack's own markup translated, mentions as plain text. */

/** The name of a mentioned user or, for the bot itself, of the bot. */
export type NameOf = (user: string) => string | undefined;

const codeOrToken = /```([\s\S]*?)```|`([^`\n]+)`|<([^<>\n]*)>/g;

/** @param bot the bot's own user id: a mention of it in front is left out, it only says whom the message is for */
export function toMarkdown(markup: string, nameOf: NameOf, bot?: string): string {
  const addressed = bot && markup.trimStart().startsWith(`<@${bot}`);
  const text = addressed ? markup.trimStart().replace(/^<@[^>]*>[\s,:]*/, "") : markup;
  let markdown = "";
  let from = 0;
  for (const found of text.matchAll(codeOrToken)) {
    markdown += prose(text.slice(from, found.index));
    markdown += translated(found, nameOf, markdown);
    from = found.index + found[0].length;
  }
  return styled(markdown + prose(text.slice(from))).trim();
}

/** Whether this user is mentioned. */
export function mentions(markup: string, user: string): boolean {
  return markup.includes(`<@${user}>`) || markup.includes(`<@${user}|`);
}

/** The users mentioned, each once. */
export function mentioned(markup: string): string[] {
  return [...new Set([...markup.matchAll(/<@([A-Z0-9]+)[|>]/g)].map((found) => found[1] ?? ""))];
}

/** Slack sends these three as entities, and no others. */
function decode(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Words outside of code and tokens: what would be a link in CommonMark but is none on Slack stays no link. */
function prose(text: string): string {
  return decode(text).replaceAll("](", "]\\(").replace(/^• /gm, "- ");
}

function translated(found: RegExpExecArray, nameOf: NameOf, before: string): string {
  const [, block, code, token] = found;
  if (block !== undefined) {
    const lead = before === "" || before.endsWith("\n") ? "" : "\n";
    return `${lead}\`\`\`\n${bare(block).replace(/^\n|\n$/g, "")}\n\`\`\`\n`;
  }
  if (code !== undefined) return `\`${bare(code)}\``;
  return tokenText(token ?? "", nameOf);
}

/** Code with the links that Slack finds in it as they were typed. */
function bare(code: string): string {
  return decode(
    code.replace(/<((?:https?|mailto|tel):[^<>|]*)(?:\|([^<>]*))?>/g, (_, url, label) => label ?? url),
  );
}

function tokenText(token: string, nameOf: NameOf): string {
  const [target = "", label] = splitOnce(token, "|");
  const rest = target.slice(1);
  switch (target[0]) {
    case "@":
      return `@${name(label ?? nameOf(rest) ?? rest)}`;
    case "#":
      return `#${name(label || rest)}`;
    case "!":
      return special(rest, label);
    default:
      return linkText(decode(target), label === undefined ? undefined : decode(label));
  }
}

/** `<!here>`, `<!subteam^S1|@team>`, `<!date^…|fallback>`. */
function special(command: string, label: string | undefined): string {
  if (label !== undefined && label !== "") {
    return command.startsWith("date^") ? decode(label) : `@${name(label)}`;
  }
  return `@${name(command.split("^")[1] ?? command)}`;
}

function linkText(url: string, label: string | undefined): string {
  if (label === undefined || label === "" || label === url) return url;
  // Slack makes links of addresses and host names that were typed bare.
  if (url === `mailto:${label}` || url === `tel:${label}` || url.replace(/^https?:\/\//, "") === label)
    return label;
  return `[${label.replace(/[[\]\\]/g, "\\$&")}](${url.replace(/\(/g, "%28").replace(/\)/g, "%29").replace(/\s/g, "%20")})`;
}

function name(text: string): string {
  return decode(text).replace(/^@/, "").replace(/\s+/g, " ").slice(0, 80);
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const where = text.indexOf(mark);
  return where < 0 ? [text, undefined] : [text.slice(0, where), text.slice(where + mark.length)];
}

/** `*bold*` and `~struck~` outside of code become CommonMark's; `_emphasis_` is the same in both. */
function styled(text: string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`|\]\([^)]*\))/)
    .map((part, n) => (n % 2 === 1 ? part : stressed(part)))
    .join("");
}

function stressed(text: string): string {
  return text
    .replace(/(^|[\s\p{P}])\*(?=\S)([^*\n]*[^*\s])\*(?=$|[\s\p{P}])/gmu, "$1**$2**")
    .replace(/(^|[\s\p{P}])~(?=\S)([^~\n]*[^~\s])~(?=$|[\s\p{P}])/gmu, "$1~~$2~~");
}
