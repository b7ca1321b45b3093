/** A Slack desk that dies again and again, the moment it has said that it has a message. */
import { afterEach, expect, it } from "vitest";
import type { Transport } from "../adapters/slack/harness.ts";
import type { Delivery } from "../doubles/slack-server/deliveries.ts";
import { openSlackDesk, type SlackDesk } from "./slack-desk.ts";

let desk: SlackDesk;
afterEach(async () => {
  const { violations } = desk.slack;
  await desk.close();
  expect(violations).toEqual([]);
});

/** A death takes a second or more: with LONG=1 it is 500 messages and 100 deaths each. */
const many = process.env.LONG ? 500 : 60;

/** What is on its way while the process dies, and comes again to the next. */
const ahead = 3;

it.each<[Transport, number]>([
  ["http", many],
  ["socket", many],
])(
  "over %s, of %d messages none is lost and none is answered twice, though it dies after every fifth acknowledgement",
  async (transport, messages) => {
    desk = await openSlackDesk({
      transport,
      server: { retryDelaysMs: Array.from({ length: 200 }, (_, n) => (n === 0 ? 0 : 100)) },
    });
    const { slack } = desk;
    const people = Array.from({ length: messages }, (_, at) => slack.addUser(`U${1_000 + at}`));
    let acknowledged = 0;
    let met = () => {};
    const { log } = slack.deliveries;
    log.push = (delivery: Delivery) => {
      const { event } = delivery.payload as { event?: { bot_id?: string } };
      if (delivery.acknowledged && event && event.bot_id === undefined) acknowledged += 1;
      met();
      return 0;
    };
    const written: Promise<unknown>[] = [];
    const write = (until: number) => {
      for (let at = written.length; at < Math.min(until, messages); at++)
        written.push(slack.asUser(people[at]?.id ?? "").dm("How long does express shipping take?"));
    };
    for (let deaths = 0; written.length < messages; deaths++) {
      const target = Math.min(acknowledged + 5, messages);
      const reached = new Promise<void>((resolve) => {
        met = () => acknowledged >= target && resolve();
      });
      write(5 * (deaths + 1) + ahead);
      await reached;
      await desk.kill();
      await desk.start();
    }
    await Promise.all(written);
    const repliesTo = (id: string) =>
      slack
        .messages(slack.asUser(id).directChannel)
        .filter((one) => one.byBot && one.text.includes("1-2 business days"));
    await slack.waitFor(() => people.every(({ id }) => repliesTo(id).length > 0), 60_000);
    expect(await desk.stop()).toBe(0);
    expect(people.filter(({ id }) => repliesTo(id).length !== 1)).toEqual([]);
    expect(people.filter(({ id }) => desk.byBot(slack.asUser(id).directChannel).length !== 1)).toEqual([]);
  },
  60_000 + many * 2_000,
);
