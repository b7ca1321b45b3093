/** Texts as Slack can carry them. */

/** Slack's three control characters as entities; control characters and broken surrogates removed. */
export function escapeText(text: string): string {
  return clean(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** What no Slack text can carry: control characters other than tab and newline, and half surrogate pairs. */
export function clean(text: string): string {
  if (!unfit.test(text)) return text;
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, "")
    .replace(/\p{Surrogate}/gu, "\ufffd");
}

const unfit = /[\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]|\p{Surrogate}/u;

/** Names, labels and titles: one line, without the marks that turn the direction of reading. */
export function oneLine(text: string): string {
  return clean(text)
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** At most `max` characters, never half a surrogate pair, entity or link; what was cut shows as an ellipsis. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text
    .slice(0, max - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .replace(/&[a-z]{0,3}$/, "")
    .replace(/<[^>]*$/, "");
  return `${kept}…`;
}
