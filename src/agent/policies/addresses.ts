/**
 * Which addresses may stand in a draft, and how. An address is known when it stands, with all its path and query, in
 * something the company or one of its systems has said: a passage, a tool's result, the instructions, an earlier reply.
 * What is not known can carry data out, so it is cut back to what is.
 */
import type { DraftText } from "../../policy.ts";

export type Judgement =
  /** May be clicked, as it is written. */
  | { may: "stay" }
  /** May be clicked once it reads like this. */
  | { may: "become"; href: string }
  /** May be read, not clicked. */
  | { may: "be_read"; shown: string }
  | { may: "go" };

export interface Addresses {
  judge(written: string): Judgement;
  /** The host that a browser would go to; undefined when it would go nowhere. */
  hostOf(written: string): string | undefined;
}

/** @param allow hosts, exactly or with all their subdomains: `help.example.com`, `*.example.com` */
export function createHostList(allow: readonly string[]): (host: string) => boolean {
  const exact = new Set<string>();
  const below: string[] = [];
  for (const entry of allow) {
    const name = entry.trim().toLowerCase();
    const host = urlOf(`https://${name.replace(/^\*\./, "")}`)?.hostname;
    if (host === undefined) continue;
    if (name.startsWith("*.")) below.push(`.${host}`);
    else exact.add(host);
  }
  // A name in other scripts is only what the list spells out: it can look like any other.
  return (host) =>
    exact.has(host) ||
    (!/(?:^|\.)xn--/.test(host) && below.some((end) => host.endsWith(end) && host.length > end.length));
}

export function createAddresses(draft: DraftText, allowed: (host: string) => boolean): Addresses {
  let known: ReturnType<typeof knownIn> | undefined;
  const isKnown = (key: string): boolean => {
    known ??= knownIn(draft);
    return known.places.has(key);
  };

  function judgeWeb(written: string): Judgement {
    const url = urlOf(written);
    if (!url || !/^https?:$/.test(url.protocol)) return { may: "go" };
    const plain = url.username === "" && url.password === "";
    const host = url.hostname.replace(/\.$/, "");
    const best = longestKnown(url, host);
    if (!allowed(host) || url.port !== "") {
      return best === undefined
        ? { may: "go" }
        : { may: "be_read", shown: `${url.protocol}//${best.replaceAll("|", "%7C")}` };
    }
    const href = `https://${best ?? host}`;
    const same = plain && [href, `${href}/`].some((one) => one === written);
    return same ? { may: "stay" } : { may: "become", href };
  }

  /** The most of an address that somebody of ours has said. */
  function longestKnown(url: URL, host: string): string | undefined {
    const place = host + (url.port === "" ? "" : `:${url.port}`);
    const path = url.pathname === "/" ? "" : url.pathname;
    const candidates = [path + url.search + url.hash, path + url.search, path];
    const best = candidates.find((rest) => isKnown(keyOf(place + rest)));
    return best === undefined ? undefined : place + best;
  }

  function judgeMail(written: string): Judgement {
    const [, address = "", more = ""] = /^mailto:([^?]*)(.*)$/is.exec(written) ?? [];
    known ??= knownIn(draft);
    const [, host] = /^[\w.+-]{1,64}@([\w.-]{1,253})$/.exec(address) ?? [];
    if (host === undefined) return { may: "go" };
    // An article may be somebody else's work: that it names a mailbox does not make it one of the company's.
    if (!known.mailboxes.has(address.toLowerCase()) || !allowed(host.toLowerCase()))
      return { may: "be_read", shown: address };
    return more === "" ? { may: "stay" } : { may: "become", href: `mailto:${address}` };
  }

  return {
    judge: (written) => (/^mailto:/i.test(written) ? judgeMail(written) : judgeWeb(written)),
    hostOf: (written) => urlOf(written)?.hostname.replace(/\.$/, ""),
  };
}

function urlOf(written: string): URL | undefined {
  const full = written.startsWith("//") ? `https:${written}` : written;
  return URL.canParse(full) ? new URL(full) : undefined;
}

/** One spelling for the same place: no slash at the end. */
function keyOf(place: string): string {
  return place.replace(/\/(?=$|[?#])/, "");
}

/** Hosts with what follows them, with a scheme or without; never the middle of a longer word. */
const place =
  /(?<![\p{L}\d@._+-])(?:https?:\/\/)?(?:[\p{L}\d][\p{L}\d-]{0,62}\.)+\p{L}{2,24}(?::\d{1,5})?(?:[/?#][^\s<>"'`\\^{}|]{0,2000})?/giu;
const mailbox = /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g;
const ancestorsMax = 20;

function knownIn(draft: DraftText): { places: ReadonlySet<string>; mailboxes: ReadonlySet<string> } {
  const places = new Set<string>();
  const mailboxes = new Set<string>();
  for (const text of saidByUs(draft)) {
    for (const [found] of text.matchAll(mailbox)) mailboxes.add(found.toLowerCase().replace(/[._-]+$/, ""));
    for (const [found] of text.matchAll(place)) {
      addPlace(places, found);
      addPlace(places, found.replace(/[.,;:!?)\]'*_~]+$/, ""));
    }
  }
  return { places, mailboxes };
}

/** The place itself and the ones above it: they hold nothing that it does not hold. */
function addPlace(places: Set<string>, found: string): void {
  const url = urlOf(/^https?:/i.test(found) ? found : `https://${found}`);
  if (!url) return;
  const host = url.host.replace(/\.$/, "");
  const path = url.pathname === "/" ? "" : url.pathname;
  for (const rest of [path + url.search + url.hash, path + url.search, path]) places.add(keyOf(host + rest));
  const steps = path.split("/").slice(0, ancestorsMax);
  for (let count = steps.length - 1; count > 0; count--) places.add(host + steps.slice(0, count).join("/"));
}

function* saidByUs(draft: DraftText): Iterable<string> {
  yield draft.instructions;
  for (const passage of draft.passages) {
    yield passage.text;
    if (passage.url !== undefined) yield passage.url;
  }
  for (const item of draft.transcript) {
    if (item.role === "bot" || item.role === "staff") yield item.text;
    else if (item.role === "result" && !item.failed) yield* stringsIn(item.result);
  }
}

function* stringsIn(value: unknown): Iterable<string> {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const one of value) yield* stringsIn(one);
  else if (typeof value === "object" && value !== null) yield* stringsIn(Object.values(value));
}
