/** Slack calls emoji by name, other platforms by character: the common ones, both ways. */

const named: Readonly<Record<string, string>> = {
  "+1": "👍",
  thumbsup: "👍",
  "-1": "👎",
  thumbsdown: "👎",
  heart: "❤️",
  tada: "🎉",
  eyes: "👀",
  pray: "🙏",
  raised_hands: "🙌",
  clap: "👏",
  wave: "👋",
  ok_hand: "👌",
  fire: "🔥",
  rocket: "🚀",
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  x: "❌",
  warning: "⚠️",
  question: "❓",
  exclamation: "❗",
  bulb: "💡",
  hourglass_flowing_sand: "⏳",
  smile: "😄",
  slightly_smiling_face: "🙂",
  grinning: "😀",
  joy: "😂",
  sweat_smile: "😅",
  wink: "😉",
  blush: "😊",
  heart_eyes: "😍",
  thinking_face: "🤔",
  confused: "😕",
  disappointed: "😞",
  cry: "😢",
  sob: "😭",
  angry: "😠",
  rage: "😡",
  scream: "😱",
  sunglasses: "😎",
  "100": "💯",
  star: "⭐",
  sparkles: "✨",
  muscle: "💪",
  ticket: "🎫",
  bug: "🐛",
  lock: "🔒",
  key: "🔑",
};

const names = new Map<string, string>();
for (const [name, character] of Object.entries(named)) {
  const bare = withoutVariant(character);
  if (!names.has(bare)) names.set(bare, name);
}

/** The character of a Slack emoji; `:name:` for one that only Slack has. */
export function toUnicode(name: string): string {
  return named[name.replace(/::skin-tone-\d$/, "")] ?? `:${name}:`;
}

/** Slack's name for an emoji, undefined when there is none that is known. */
export function toName(emoji: string): string | undefined {
  const custom = /^:([a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?):$/.exec(emoji)?.[1];
  return custom ?? names.get(withoutVariant(emoji));
}

function withoutVariant(emoji: string): string {
  return emoji.replace(/\ufe0f|[\u{1f3fb}-\u{1f3ff}]/gu, "");
}
