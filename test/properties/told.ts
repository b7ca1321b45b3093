/** How a failure is told: its steps as sentences, one below the other, and what came of them. */
import fc from "fast-check";

/** Some steps, as many as make a story. */
export function storyOf<T extends object>(
  step: fc.Arbitrary<T>,
  tell: (one: T) => string,
  most = 30,
): fc.Arbitrary<T[]> {
  return fc.array(step, { minLength: 1, maxLength: most, size: "max" }).map((steps) =>
    Object.defineProperty(steps, fc.toStringMethod, {
      value: () => steps.map((one, n) => `\n  ${n + 1}. ${tell(one)}`).join(""),
    }),
  );
}

interface Told {
  /** Everything that is on record, one line each. */
  happened(): readonly string[] | Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Plays a story and ends it. @throws what `play` throws, and with it what had happened */
export async function told<S extends Told, T>(story: S, play: (story: S) => Promise<T>): Promise<T> {
  let came: T;
  try {
    came = await play(story);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const before = await Promise.resolve(story.happened()).catch(() => ["(nobody can tell)"]);
    // What is broken may not close either; what it broke of is what is told.
    await story.close().catch(() => {});
    throw new Error(`${why}\nThis had happened:\n  ${before.join("\n  ")}`, { cause: error });
  }
  await story.close();
  return came;
}
