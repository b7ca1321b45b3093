/** Blocks of private keys: PEM, OpenSSH, PGP, PuTTY; also the beginning of one that was cut off. */
import type { Find } from "./find.ts";

const begin = /-----BEGIN[ A-Z0-9_-]{0,100}?PRIVATE KEY(?: BLOCK)?-----/gi;
const end = /-----END[ A-Z0-9_-]{0,100}?KEY(?: BLOCK)?-----/gi;
/** Lines of a key, where no end is in sight. */
const lines = /(?:(?:\s|\\[nr])*(?:[\w-]{1,30}: [^\n]{0,200}|[\w+/=-]+))*/y;
const putty = /PuTTY-User-Key-File-\d/g;

export function findPrivateKeys(text: string): Find[] {
  const finds: Find[] = [];
  if (/PRIVATE KEY/i.test(text)) {
    let from = 0;
    let ends = true;
    for (const match of text.matchAll(begin)) {
      if (match.index < from) continue;
      const body = match.index + match[0].length;
      end.lastIndex = body;
      const closing: RegExpExecArray | null = ends ? end.exec(text) : null;
      ends = closing !== null;
      from = closing ? closing.index + closing[0].length : endOfLines(text, body);
      finds.push({ kind: "private key", from: match.index, to: from });
    }
  }
  for (const { index } of text.matchAll(putty)) {
    const mac = text.indexOf("Private-MAC:", index);
    const to = mac < 0 ? endOfLines(text, index) : text.slice(mac, mac + 200).search(/\n|$/) + mac;
    finds.push({ kind: "private key", from: index, to });
    if (mac < 0) break;
  }
  return finds;
}

function endOfLines(text: string, from: number): number {
  lines.lastIndex = from;
  lines.exec(text);
  return Math.max(from, lines.lastIndex);
}
