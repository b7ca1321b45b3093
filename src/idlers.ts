/** Those who wait until there is nothing to do. */

/** @param busy the names of all that is being done */
export function createIdlers(busy: () => Iterable<string>) {
  const waiting: { concerns(name: string): boolean; done(): void }[] = [];

  function isBusy(concerns: (name: string) => boolean): boolean {
    for (const name of busy()) if (concerns(name)) return true;
    return false;
  }

  return {
    /** Resolves when nothing is being done that concerns the asker. */
    idle(concerns: (name: string) => boolean = () => true): Promise<void> {
      if (!isBusy(concerns)) return Promise.resolve();
      return new Promise((done) => waiting.push({ concerns, done }));
    },
    /** Something has been done. */
    tell(): void {
      for (let at = waiting.length - 1; at >= 0; at--) {
        if (!isBusy(waiting[at]!.concerns)) waiting.splice(at, 1)[0]!.done();
      }
    },
  };
}
