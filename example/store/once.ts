/** Writes that happen once, however often they are asked for. */
import type { Settlement, ToolContext } from "deskhand";
import { openStore, type Store } from "./store.ts";

/**
 * Does the work and remembers its result under the intent's key, both or neither; the same key later gives the same
 * result and does nothing.
 */
export function once<T>(context: ToolContext, work: (store: Store) => T): T {
  const key = keyOf(context);
  const store = openStore();
  return store.together(() => {
    const before = resultOf(store, key);
    if (before !== undefined) return JSON.parse(before) as T;
    const result = work(store);
    store.run("INSERT INTO done VALUES (?, ?, ?)", key, JSON.stringify(result), context.now());
    return result;
  });
}

/** For a tool's `settle`: what became of an intent whose run broke off. */
export function settled(context: ToolContext): Settlement {
  const before = resultOf(openStore(), keyOf(context));
  return before === undefined ? { done: false } : { done: true, result: JSON.parse(before) as unknown };
}

function resultOf(store: Store, key: string): string | undefined {
  return store.get<{ result: string }>("SELECT result FROM done WHERE idempotency_key = ?", key)?.result;
}

function keyOf({ intent }: ToolContext): string {
  if (!intent) throw new Error("a write runs only for an intent");
  return intent.idempotencyKey;
}
