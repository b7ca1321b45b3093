/** Office hours as desk.yaml has them (`mon-fri: "09:00-17:00"`), as spans of minutes for each day. */

export const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof days)[number];

/** Minutes since midnight on the wall clock of the zone; `from` < `to` ≤ 1440. */
export interface Span {
  fromMinute: number;
  toMinute: number;
}

export interface OfficeHours {
  /** IANA, e.g. `Europe/Berlin`. */
  zone: string;
  /** In order; a day without spans is closed. */
  week: Record<Day, Span[]>;
  /** What customers are told when nobody is there; when somebody will be is said behind it. */
  outside: string;
}

/** When somebody is there again, on the wall clock of the zone. */
export interface Opening {
  day: "today" | "tomorrow" | Day;
  minute: number;
  zone: string;
}

/**
 * @param now milliseconds since 1970
 * @returns undefined within office hours; `opening` is missing when there are none in the whole week
 */
export function absenceAt(hours: OfficeHours, now: number): { opening?: Opening } | undefined {
  const { day, minute } = wallClock(hours.zone, now);
  if (hours.week[day].some((span) => span.fromMinute <= minute && minute < span.toMinute)) return undefined;
  const today = days.indexOf(day);
  for (let ahead = 0; ahead <= days.length; ahead++) {
    const then = days[(today + ahead) % days.length] ?? day;
    const span = hours.week[then].find((one) => ahead > 0 || one.fromMinute > minute);
    if (!span) continue;
    const named = ahead === 0 ? "today" : ahead === 1 ? "tomorrow" : then;
    return { opening: { day: named, minute: span.fromMinute, zone: hours.zone } };
  }
  return {};
}

function wallClock(zone: string, now: number): { day: Day; minute: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const day = days.find((name) => name === parts.weekday?.toLowerCase()) ?? "mon";
  return { day, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** `mon`, `mon-fri`, `sat, sun`; undefined when it names no days. */
export function daysOf(text: string): Day[] | undefined {
  const found: Day[] = [];
  for (const part of text.toLowerCase().split(",")) {
    const [first, last = first] = part.split("-").map((name) => days.indexOf(name.trim().slice(0, 3) as Day));
    if (first === undefined || last === undefined || first < 0 || last < first) return undefined;
    found.push(...days.slice(first, last + 1));
  }
  return found;
}

/** `09:00-12:00, 13:00-17:00`; undefined when it is not that, or the spans overlap. */
export function spansOf(text: string): Span[] | undefined {
  const spans: Span[] = [];
  for (const part of text.split(",")) {
    const [, from, to] = /^\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*$/.exec(part) ?? [];
    const fromMinute = minuteOf(from);
    const toMinute = minuteOf(to);
    if (fromMinute === undefined || toMinute === undefined || fromMinute >= toMinute) return undefined;
    if (fromMinute < (spans.at(-1)?.toMinute ?? 0)) return undefined;
    spans.push({ fromMinute, toMinute });
  }
  return spans;
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function minuteOf(text: string | undefined): number | undefined {
  const [hours, minutes] = (text ?? "").split(":").map(Number);
  if (hours === undefined || minutes === undefined || minutes > 59) return undefined;
  const minute = hours * 60 + minutes;
  return minute <= 1440 ? minute : undefined;
}
