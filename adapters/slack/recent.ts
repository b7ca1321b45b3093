/** Puts an entry last, and forgets the first one where there are more than `max`: what is remembered came lately. */
export function keepRecent<K, V>(all: Map<K, V>, key: K, value: V, max: number): void {
  all.delete(key);
  if (all.size >= max) all.delete(all.keys().next().value as K);
  all.set(key, value);
}
