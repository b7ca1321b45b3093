/** What happened in a thread, as a timeline that can be read. */
import type { RunRecord } from "./record.ts";

const linesMax = 70;

export function storyOf(record: RunRecord, thread: string): string[] {
  const lines: { at: number; line: string }[] = [];
  const tell = (at: number, line: string) => lines.push({ at, line });
  const ticket = record.books.tickets.filter((one) => one.thread === thread);
  const ours = (place: string | undefined | null) =>
    place === thread || ticket.some((one) => place === one.deskThread);
  for (const said of record.said.filter((one) => ours(one.thread))) {
    tell(said.at, `${said.marker.startsWith("st") ? "staff" : "customer"}: ${brief(said.text)}`);
    if (said.ackedAt !== undefined) tell(said.ackedAt, `acknowledged: ${said.marker || brief(said.text)}`);
  }
  for (const stroke of record.strokes.filter((one) => ours(one.thread)))
    tell(
      stroke.at,
      `${stroke.thread === thread ? "desk" : "desk to staff"} (${stroke.does}${stroke.done ? "" : ", not done"}): ${brief(stroke.text)}`,
    );
  for (const press of record.pressed) {
    if (ticket.some((one) => String(one.number) === press.value))
      tell(press.at, `${press.by} presses ${press.label} ${press.value}`);
  }
  const keys = record.books.intents.filter((one) => ours(one.thread)).map((one) => one.id);
  for (const effect of record.effects.filter((one) => keys.includes(one.key)))
    tell(effect.at, `MONEY ${effect.minor} for ${effect.subject} under ${effect.key}`);
  for (const row of record.books.audit.filter((one) => ours(one.thread)))
    tell(row.at, `audit: ${row.action} ${row.subject} ${row.turn ?? ""}`);
  const first = Math.min(...lines.map((one) => one.at));
  const last = Math.max(...lines.map((one) => one.at));
  for (const blow of record.blows.filter(({ at }) => at >= first && at <= last))
    tell(blow.at, `--- ${blow.what}`);
  lines.sort((a, b) => a.at - b.at);
  return lines.map(({ at, line }) => `${new Date(at).toISOString().slice(11, 23)} ${line}`);
}

/** The part of a story around the lines that hold a text; its end where none does. */
export function excerpt(lines: readonly string[], about: string): string[] {
  if (lines.length <= linesMax) return [...lines];
  const found = lines.findIndex((line) => about !== "" && line.includes(about));
  const from = found < 0 ? lines.length - linesMax : Math.max(0, found - Math.floor(linesMax / 3));
  return ["…", ...lines.slice(from, from + linesMax), "…"];
}

const brief = (text: string) => {
  const line = text.replace(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
};
