/** Long work in short pieces, so that messages are answered while ten thousand articles are indexed. */
import { setImmediate } from "node:timers/promises";

/** Some milliseconds of work, for articles or passages of the usual size. */
const itemsAtOnce = 200;

/** Calls `work` for every item, in order, letting other work of the process happen in between. */
export async function eachGivingWay<T>(
  items: readonly T[],
  work: (item: T, at: number) => void,
): Promise<void> {
  for (let from = 0; from < items.length; from += itemsAtOnce) {
    if (from > 0) await setImmediate();
    const to = Math.min(from + itemsAtOnce, items.length);
    for (let at = from; at < to; at += 1) work(items[at]!, at);
  }
}

export async function mapGivingWay<T, R>(items: readonly T[], map: (item: T) => R): Promise<R[]> {
  const results: R[] = [];
  await eachGivingWay(items, (item) => results.push(map(item)));
  return results;
}
