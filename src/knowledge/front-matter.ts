/** What an article says of itself between `---` and `---` at its top. */
import { LineCounter, parseDocument } from "yaml";
import { DeskError, faultOf } from "../errors.ts";
import type { Audience } from "../knowledge-base.ts";

export interface FrontMatter {
  title?: string;
  category?: string;
  /** ISO date. */
  updated?: string;
  audience: Audience;
  url?: string;
}

/** @throws DeskError article_unreadable, saying what is wrong and in which line */
export function readFrontMatter(source: string): { about: FrontMatter; markdown: string } {
  const text = source.replace(/\r\n?/g, "\n");
  if (!/^---[ \t]*\n/.test(text)) return { about: { audience: "public" }, markdown: text };
  const from = text.indexOf("\n") + 1;
  const end = /^(?:---|\.\.\.)[ \t]*$/m.exec(text.slice(from));
  if (!end) throw broken("it begins with --- but no second --- ends it");
  const about = check(parse(text.slice(from, from + end.index)));
  return { about, markdown: text.slice(from + end.index + end[0].length) };
}

function parse(yaml: string): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(yaml, { prettyErrors: false, lineCounter, logLevel: "silent" });
  const error = document.errors[0];
  if (error) {
    // The front matter's first line is the file's second.
    throw broken(`line ${lineCounter.linePos(error.pos[0]).line + 1}: ${error.message.split("\n")[0]}`);
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    throw broken(faultOf(cause));
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw broken("it is not a list of keys and values");
  return value as Record<string, unknown>;
}

function check(fields: Record<string, unknown>): FrontMatter {
  const about: FrontMatter = { audience: audienceOf(fields) };
  const title = textOf("title", fields.title);
  if (title !== undefined) about.title = title;
  const category = textOf("category", fields.category);
  if (category !== undefined) about.category = category;
  const updated = textOf("updated", fields.updated);
  if (updated !== undefined) {
    if (
      !/^\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(updated) ||
      Number.isNaN(Date.parse(updated))
    ) {
      throw broken("updated must be an ISO date such as 2026-01-31");
    }
    about.updated = updated;
  }
  const url = textOf("url", fields.url);
  if (url !== undefined) {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
      throw broken("url must begin with https:// or http://");
    about.url = url;
  }
  return about;
}

/** A misspelt key or value must not make a private article public. */
function audienceOf(fields: Record<string, unknown>): Audience {
  const misspelt = Object.keys(fields).find((key) => key !== "audience" && /^aud/i.test(key));
  if (misspelt !== undefined) throw broken(`unknown key ${JSON.stringify(misspelt)}: did you mean audience?`);
  const { audience } = fields;
  if (audience === undefined) return "public";
  if (audience === "public" || audience === "verified") return audience;
  throw broken("audience must be public or verified");
}

function textOf(key: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") throw broken(`${key} must be text`);
  return value.replace(/\s+/g, " ").trim() || undefined;
}

function broken(fault: string): DeskError {
  return new DeskError("article_unreadable", `front matter: ${fault}`);
}
