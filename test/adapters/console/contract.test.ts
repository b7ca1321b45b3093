import { PassThrough } from "node:stream";
import { createConsoleAdapter } from "../../../adapters/console/adapter.ts";
import { deskChannel, staffUser } from "../../../adapters/console/thread-id.ts";
import { createClock } from "../../../src/clock.ts";
import { createLog } from "../../../src/log.ts";
import type { Platform, Target } from "../../../src/platform.ts";
import {
  describePlatform,
  eventually,
  type PlatformHarness,
  type Visible,
} from "../../contracts/platform.ts";

/**
 * The world is a terminal. Left out: editing and marks (a terminal cannot take back what it has printed: both print a
 * line more), faults (standard output takes everything or is gone), redelivery, and what a terminal does not have: files,
 * reactions, mentions, buttons to press, shared places, commands.
 */
async function createHarness(): Promise<PlatformHarness> {
  const input = new PassThrough();
  const printed = new Map<string, string>();
  const seen = new Map<string, Visible[]>();
  const received: string[] = [];
  let screen = "";
  const {
    edit: _edit,
    mark: _mark,
    ...adapter
  } = createConsoleAdapter({
    config: {},
    input,
    write: (text) => {
      screen += text;
    },
    printed: {
      threadOf: (key) => printed.get(key),
      add: (key, thread) => void printed.set(key, thread),
      forget: () => {},
    },
    interactive: false,
    idle: async () => {},
    summary: async () => "",
    openTicket: async () => undefined,
    ended: () => {},
    lineCharactersMax: 8000,
    clock: createClock(),
    log: createLog("silent"),
  });
  const placeOf = (target: Target) => String("thread" in target ? target.thread : target.channel);
  const show = (place: string, message: Visible) => seen.set(place, [...(seen.get(place) ?? []), message]);

  const platform: Platform = {
    ...adapter,
    connect: (desk) =>
      adapter.connect({
        ...desk,
        async receive(event) {
          await desk.receive(event);
          if (event.kind !== "message") return;
          const { id, text, thread } = event.message;
          received.push(id);
          show(String(thread), { id, text, byBot: false, marks: [], live: [] });
        },
      }),
    async post(target, post, key) {
      const before = screen.length;
      const posted = await adapter.post(target, post, key);
      const text = screen.slice(before);
      show(placeOf(target), { id: posted.id, text, byBot: true, marks: [], live: [] });
      return posted;
    },
  };

  return {
    platform,
    elsewhere: { channel: deskChannel },
    groups: { customer: staffUser, member: deskChannel, stranger: "console:local:others" },
    async customerSays(text) {
      const before = received.length;
      input.write(`${text}\n`);
      return eventually(() => {
        const id = received[before];
        if (id === undefined) throw new Error(`${text} was not received`);
        return { id };
      }, 500);
    },
    visibleMessages: async (target) => seen.get(placeOf(target)) ?? [],
    dispose: async () => void input.destroy(),
  };
}

describePlatform("the console", createHarness);
