import { describe, expect, it } from "vitest";
import {
  absenceAt,
  type Day,
  days,
  type OfficeHours,
  type Span,
  spansOf,
} from "../../src/config/office-hours.ts";
import { awayNotice } from "../../src/desk/notices.ts";

const outside = "Nobody is at the desk right now.";
function hours(week: Partial<Record<Day, string>>, zone = "Europe/Berlin"): OfficeHours {
  const all = Object.fromEntries(days.map((day): [Day, Span[]] => [day, spansOf(week[day] ?? "") ?? []]));
  return { zone, week: all as Record<Day, Span[]>, outside };
}
const workdays = Object.fromEntries(days.slice(0, 5).map((day) => [day, "09:00-12:00, 13:00-17:30"]));

/** What a customer is told at a moment, given as UTC. */
function told(at: string, office = hours(workdays)): string {
  const absence = absenceAt(office, Date.parse(at));
  return absence ? awayNotice(office.outside, absence.opening) : "";
}

describe("whoever asks for a person", () => {
  it.each([
    ["on a Tuesday morning", "2026-11-24T08:00:00Z", ""],
    ["in the last minute of the day", "2026-11-24T16:29:59Z", ""],
    ["before the first", "2026-11-24T07:59:59Z", " Our team is back today at 9:00 (Europe/Berlin)."],
    ["in the lunch break", "2026-11-24T11:00:00Z", " Our team is back today at 13:00 (Europe/Berlin)."],
    ["in the evening", "2026-11-24T16:30:00Z", " Our team is back tomorrow at 9:00 (Europe/Berlin)."],
    ["on a Friday evening", "2026-11-27T20:00:00Z", " Our team is back on Monday at 9:00 (Europe/Berlin)."],
    ["on a Sunday", "2026-11-29T12:00:00Z", " Our team is back tomorrow at 9:00 (Europe/Berlin)."],
    ["late on a Sunday by UTC", "2026-11-29T23:30:00Z", " Our team is back today at 9:00 (Europe/Berlin)."],
    ["in summer", "2026-07-21T07:00:00Z", ""],
    ["early in summer", "2026-07-21T06:59:00Z", " Our team is back today at 9:00 (Europe/Berlin)."],
  ])("%s is told when people are back", (_when, at, sentence) => {
    expect(told(at)).toBe(sentence === "" ? "" : outside + sentence);
  });

  it("is told the day in a week where the desk has one day only, and that one is over", () => {
    const office = hours({ wed: "22:00-24:00" }, "America/New_York");
    expect(told("2026-11-26T05:00:00Z", office)).toBe(
      `${outside} Our team is back on Wednesday at 22:00 (America/New_York).`,
    );
    expect(told("2026-11-26T04:59:00Z", office)).toBe("");
  });

  it("is told no day where there is none", () => {
    expect(told("2026-11-24T08:00:00Z", hours({}))).toBe(outside);
  });
});
