/** Small sums of the judge. */
import type { Outage } from "./record.ts";

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The markers that stand in a text, each once. */
export function markersIn(text: string): Set<string> {
  return new Set(text.match(/(?<![A-Za-z0-9])(?:q|st)\d+(?![A-Za-z0-9])/g));
}

/** Whether a marker stands in a text as a word of its own: `q1` is not in `q17`. */
export function holds(text: string, marker: string): boolean {
  return (
    marker !== "" &&
    text.includes(marker) &&
    new RegExp(`(?<![A-Za-z0-9])${marker}(?![A-Za-z0-9])`).test(text)
  );
}

/** How much of a time was spoilt by outages, those that overlap counted once. */
export function suffered(outages: readonly Outage[], from: number, to: number, thread?: string): number {
  const spoilt = outages
    .filter((one) => one.thread === undefined || one.thread === thread)
    .map((one) => [Math.max(from, one.from), Math.min(to, one.to)] as const)
    .filter(([start, end]) => end > start)
    .sort(([a], [b]) => a - b);
  let total = 0;
  let until = from;
  for (const [start, end] of spoilt) {
    total += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return total;
}

export function groups<T>(all: readonly T[], by: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const same = found.get(by(one));
    if (same) same.push(one);
    else found.set(by(one), [one]);
  }
  return found;
}
