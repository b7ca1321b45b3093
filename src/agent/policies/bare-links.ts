/** What programs make clickable in plain text although nobody has marked it as a link. */

/** Endings of names of the web; those that are words or files count only with a path behind them. */
const endings =
  "com|net|org|edu|gov|int|info|biz|name|pro|app|dev|io|ai|co|xyz|top|site|online|store|shop|link|click|live|cloud|page|web|tech|space|website|club|blog|news|email|help|support|zip|mov|icu|vip|work|fun|cc|tv|ws|gg|ly|gl|de|ch|fr|es|nl|pl|se|fi|dk|cz|pt|gr|hu|ro|bg|hr|sk|si|lt|lv|ee|ie|uk|eu|ru|ua|by|tr|il|cn|hk|tw|jp|kr|th|vn|id|ph|sg|au|nz|ca|mx|br|ar|cl|pe|za|ng|ke|eg|ir|ae|su|tk|ml|ga|cf|gq|pw|onion";
const wordyEndings = "it|is|in|no|be|me|my|to|at|so|as|us|am|do|py|rs|sh|ts|js|md|st|fm";
const label = "[\\p{L}\\d](?:[\\p{L}\\d-]{0,62})\\.";
const path = "(?:[/?#][^\\s<>\"'`\\\\^{}|]*)";

const bare = new RegExp(
  [
    // Any scheme: https://…, ftp:\\…, slack://…
    "(?<scheme>(?<![a-z])[a-z][a-z\\d+.-]{1,30}:(?://|\\\\\\\\)[^\\s<>\"'`]*)",
    "(?<mail>(?:(?:mailto|xmpp):)?(?<![\\w.+-])[\\w.+-]{1,64}@[\\p{L}\\d_-]{1,63}(?:\\.[\\p{L}\\d_-]{1,63}){1,8}(?:\\?[^\\s<>\"'`]*)?)",
    `(?<host>(?<![\\p{L}\\d])www\\.[^\\s<>"'\`]*|(?<![\\p{L}\\d@._/+-])(?:(?:${label}){1,10}(?:(?:${endings})(?![\\p{L}\\d-]|\\.[\\p{L}\\d])(?::\\d{1,5})?${path}?|(?:${wordyEndings}):?\\d{0,5}(?=[/?#])${path})))`,
  ].join("|"),
  "giu",
);

export interface BareLink {
  /** With a scheme, for whoever judges it. */
  address: string;
  /** As it stands in the text. */
  written: string;
  from: number;
  to: number;
  kind: "web" | "host" | "mail";
  /** Something follows without a space that some programs take for a part of it. */
  open: boolean;
}

export function bareLinksIn(text: string): BareLink[] {
  return Array.from(text.matchAll(bare), (match): BareLink => {
    const { scheme, mail } = match.groups ?? {};
    const written = withoutTail(match[0]);
    const kind = scheme !== undefined ? "web" : mail !== undefined ? "mail" : "host";
    const prefix = { web: "", host: "https://", mail: /^(?:mailto|xmpp):/i.test(written) ? "" : "mailto:" }[
      kind
    ];
    const to = match.index + written.length;
    const open = !/^[!"'),.:;?\]]{0,40}(?:\s|$)/.test(text.slice(to, to + 42));
    return { address: prefix + written, written, from: match.index, to, kind, open };
  });
}

/** Without the signs that end a sentence; a bracket that was opened in the address belongs to it. */
function withoutTail(written: string): string {
  let open = written.split("(").length - written.split(")").length;
  let end = written.length;
  while (end > 1 && ".,;:!?'\"*_~)]".includes(written[end - 1] as string)) {
    if (written[end - 1] === ")") {
      if (open >= 0) break;
      open += 1;
    }
    end -= 1;
  }
  return written.slice(0, end);
}
