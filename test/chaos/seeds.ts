/** Runs that have found something once: they are made again in every test, and stay here. */
export interface Seed {
  /** What it found. */
  found: string;
  args: readonly string[];
}

export const seeds: readonly Seed[] = [
  {
    found: "money that a dead process had moved was in no audit when the next turn went another way",
    args: ["--seed", "6", "--minutes", "0.2", "--point", "backend"],
  },
  {
    found:
      "a question whose answer was cancelled by a takeover, or by the bot asking for a person, was nowhere",
    args: ["--seed", "11", "--minutes", "0.2", "--point", "take-after"],
  },
];
