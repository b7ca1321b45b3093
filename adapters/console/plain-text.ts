/** Text as it may stand in a terminal. Pure. */

/** Control characters, and those that turn the reading direction of what follows. */
const unprintable = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/** One line without anything that moves the cursor, colours the terminal or turns it around. */
export function plain(line: string): string {
  return line.replace(unprintable, "");
}
