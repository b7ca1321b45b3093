/** Work under the same name runs one after the other, in the order in which it came. */

export interface Queue {
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** How much waits or runs under a name. */
  length(name: string): number;
}

export function createQueue(): Queue {
  const tails = new Map<string, { length: number; last: Promise<unknown> }>();
  return {
    run(name, work) {
      const tail = tails.get(name) ?? { length: 0, last: Promise.resolve() };
      tails.set(name, tail);
      tail.length += 1;
      const done = tail.last.then(work, work);
      const left = () => {
        tail.length -= 1;
        if (tail.length === 0) tails.delete(name);
      };
      tail.last = done.then(left, left);
      return done;
    },
    length: (name) => tails.get(name)?.length ?? 0,
  };
}
