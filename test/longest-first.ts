/** The order of the files: what takes longest begins first, so that nothing is left to run alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** A quarter of a minute and more each where the machine has nothing else to do. The others come by their size. */
const long = [
  "chaos/chaos",
  "journeys/discord-losses",
  "journeys/crew",
  "on-postgres/stop",
  "on-postgres/people-and-writes",
  "journeys/kill",
  "journeys/stop-slack",
  "on-postgres/bot",
  "journeys/asked-to-wait",
  "commands/commands",
  "journeys/slack-features",
  "journeys/slack-kill",
  "adapters/discord/sending",
  "bot",
  "journeys/model",
  "on-postgres/members",
  "journeys/discord",
  "journeys/stories/stateful-desk",
  "adapters/discord/receiving",
  "journeys/slack-model",
  "ledger/postgres-faults",
  "journeys/stop",
  "journeys/stories/safety-valve",
  "adapters/discord/draft",
  "on-postgres/erase-and-pause",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    return bySize.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = long.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return place < 0 ? long.length : place;
}
