/**
 * The suite that every platform adapter passes: `describePlatform("slack", makeHarness)`. A harness couples an adapter
 * with the world it talks to (a double) and plays the people in it. What an adapter or its double cannot do it leaves
 * out, and the tests of that ability are skipped with the reason.
 */
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { codeOf, DeskError, type ErrorCode } from "../../src/errors.ts";
import type { FileRef, Incoming } from "../../src/message.ts";
import type { Mark, Platform, Receiver, Target } from "../../src/platform.ts";
import type { MessageId, ThreadId, UserId } from "../../src/thread.ts";

/** A message as the people in a place see it now. */
export interface Visible {
  id: MessageId;
  /** Everything that can be read in it: text, card, sources, labels of buttons. */
  text: string;
  byBot: boolean;
  /** The bot's marks on it. */
  marks: Mark[];
  /** Mentions in it that would notify somebody; a bot's message has none. */
  live: string[];
}

/**
 * What can go wrong with the next call that posts:
 *   rate_limited         refused, come back after half a minute
 *   unavailable          certainly not taken (no connection)
 *   lost_answer          taken, but the answer is lost
 *   unauthorized         the credentials are refused
 *   unreachable          the person or place is gone
 */
export type Fault = "rate_limited" | "unavailable" | "lost_answer" | "unauthorized" | "unreachable";

export const codeOfFault: Readonly<Record<Fault, ErrorCode>> = {
  rate_limited: "platform_rate_limited",
  unavailable: "platform_unavailable",
  lost_answer: "platform_ambiguous",
  unauthorized: "platform_unauthorized",
  unreachable: "platform_unreachable",
};

export interface PlatformHarness {
  /** Not yet connected. */
  readonly platform: Platform;
  /** The customer writes to the bot in private. Resolves when the platform has the message. */
  customerSays(text: string): Promise<{ id: MessageId }>;
  /** Messages of this target as everybody in it sees them, oldest first. */
  visibleMessages(target: Target): Promise<Visible[]>;
  /** Stops the world; the adapter has been closed before. */
  dispose(): Promise<void>;

  /** True where a person's private messages can be in several threads, and `direct` opens yet another. */
  readonly manyPrivateThreads?: true;
  /** The same adapter in another process, with what the first has kept; not yet connected. Where there is `listen`. */
  another?(): Platform;
  /** A second place that is not the customer's thread, e.g. the staff's channel. */
  readonly elsewhere?: Target;
  /** The next call that posts into the customer's thread fails so. */
  injectFault?(fault: Fault): void;
  /** Delivers again what was delivered last. */
  redeliver?(): Promise<void>;
  customerEdits?(message: MessageId, text: string): Promise<void>;
  customerDeletes?(message: MessageId): Promise<void>;
  customerSends?(file: { name: string; mediaType: string; content: Uint8Array }): Promise<void>;
  /** The customer opens a thread where others can read it, in a place where no mention is needed. */
  customerAsksInPublic?(text: string): Promise<{ id: MessageId }>;
  /** The customer writes this text with a live mention of somebody, as the platform's client would. */
  customerMentions?(before: string, after: string): Promise<void>;
  customerReacts?(message: MessageId, added: boolean): Promise<void>;
  /** The customer presses the button with this label on the newest message that has one. */
  customerPresses?(label: string, reason?: string): Promise<void>;
  /** The customer sends the desk's command. */
  customerCommands?(text: string): Promise<void>;
  /** What only the customer has been shown (answers to interactions), oldest first. */
  privatelyShown?(): Promise<string[]>;
  /** A group or channel to which the customer belongs, one to which not, and the customer. */
  readonly groups?: { customer: UserId; member: string; stranger: string };
}

const patienceMs = 20_000;

/** Polls until `check` gives something; throws with its last fault when it never does. */
export async function eventually<T>(check: () => Promise<T> | T, withinMs = patienceMs): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** A desk that only remembers what it was given. */
export function recordingDesk(): Receiver & { received: Incoming[]; refuseNext(times: number): void } {
  let refusals = 0;
  const received: Incoming[] = [];
  return {
    received,
    refuseNext(times) {
      refusals = times;
    },
    async receive(incoming) {
      if (refusals > 0) {
        refusals -= 1;
        throw new DeskError("ledger_busy", "the test refuses this one");
      }
      received.push(incoming);
    },
    suggest: async () => [],
  };
}

type Received<K extends Incoming["kind"]> = Extract<Incoming, { kind: K }>;

export function describePlatform(name: string, make: () => Promise<PlatformHarness>): void {
  describe(`the contract of a platform, kept by ${name}`, () => {
    let world: PlatformHarness;
    let platform: Platform;
    let desk: ReturnType<typeof recordingDesk>;
    let keys = 0;
    const key = () => `o_test${++keys}x${Math.floor(performance.now() * 1000).toString(36)}`.slice(0, 25);

    beforeEach(async () => {
      world = await make();
      platform = world.platform;
      desk = recordingDesk();
      await platform.connect(desk);
    });
    afterEach(async () => {
      await platform.close();
      await world.dispose();
    });

    function has<T>(ability: T | undefined, what: string, test: TestContext): T {
      if (ability === undefined) test.skip(`${name} has no ${what}`);
      return ability as T;
    }
    const of = <K extends Incoming["kind"]>(kind: K) =>
      desk.received.filter((incoming): incoming is Received<K> => incoming.kind === kind);
    const nth = <K extends Incoming["kind"]>(kind: K, n: number) =>
      eventually(() => {
        const found = of(kind)[n];
        if (!found) throw new Error(`no ${kind} number ${n + 1} was received`);
        return found;
      });
    /** The thread of the customer's first message. */
    async function opened(): Promise<{ thread: ThreadId }> {
      const before = of("message").length;
      await world.customerSays("hello");
      return { thread: (await nth("message", before)).message.thread };
    }
    const byBot = async (target: Target) => (await world.visibleMessages(target)).filter((m) => m.byBot);
    const rejection = async (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        (error: unknown) => error,
      );

    describe("receiving", () => {
      it("hands on a customer's message with its ids, author, text and place", async () => {
        await world.customerSays("Where is my order ord_1002?");
        const { message, keys } = await nth("message", 0);
        expect(message.text).toBe("Where is my order ord_1002?");
        for (const id of [message.id, message.thread, message.channel, message.author.id]) {
          expect(id.startsWith(`${platform.name}:`)).toBe(true);
        }
        expect(message.author.tenant).not.toBe("");
        expect(message.author.name).not.toBe("");
        expect(message.visibility).toBe("private");
        expect(message.addressed).toBe(true);
        expect(message.sentAt).toBeGreaterThan(0);
        expect(message.files).toEqual([]);
        expect(keys.length).toBeGreaterThan(0);
        for (const one of keys) expect(one).not.toBe("");
      });

      it("keeps a thread's messages in one thread, in their order, each under its own keys", async () => {
        for (const text of ["one", "two", "three"]) await world.customerSays(text);
        await nth("message", 2);
        const messages = of("message").sort((a, b) => (a.message.order < b.message.order ? -1 : 1));
        expect(messages.map((m) => m.message.text)).toEqual(["one", "two", "three"]);
        expect(new Set(messages.map((m) => m.message.thread)).size).toBe(1);
        expect(new Set(messages.map((m) => m.message.id)).size).toBe(3);
        expect(new Set(messages.flatMap((m) => m.keys)).size).toBe(messages.flatMap((m) => m.keys).length);
      });

      it("gives an event that comes twice the same main key", async (test) => {
        const redeliver = has(world.redeliver, "way to deliver an event again", test);
        await world.customerSays("once");
        const first = await nth("message", 0);
        await redeliver();
        const again = await nth("message", 1);
        expect(again.keys[0]).toBe(first.keys[0]);
        expect(again.message.id).toBe(first.message.id);
      });

      it("gets an event that the desk could not take delivered again", async (test) => {
        has(world.redeliver, "way to deliver an event again", test);
        desk.refuseNext(1);
        await world.customerSays("take this");
        expect((await nth("message", 0)).message.text).toBe("take this");
      });

      it("does not receive what the bot posts itself", async () => {
        const thread = await opened();
        await platform.post(thread, { text: "an answer" }, key());
        await world.customerSays("thanks");
        await eventually(() => expect(of("message").map((m) => m.message.text)).toContain("thanks"));
        expect(of("message").map((m) => m.message.text)).not.toContain("an answer");
      });

      it("hands on an edit as the same message with its new text", async (test) => {
        const edit = has(world.customerEdits, "edits", test);
        const { id } = await world.customerSays("my order is ord_1");
        const first = await nth("message", 0);
        await edit(id, "my order is ord_2");
        const change = await nth("edit", 0);
        expect(change.message.id).toBe(first.message.id);
        expect(change.message.thread).toBe(first.message.thread);
        expect(change.message.text).toBe("my order is ord_2");
        expect(first.keys).not.toContain(change.keys[0]);
      });

      it("hands on a deletion with the message's id", async (test) => {
        const remove = has(world.customerDeletes, "deletions", test);
        const { id } = await world.customerSays("my password is hunter2");
        const first = await nth("message", 0);
        await remove(id);
        const deletion = await nth("deletion", 0);
        expect(deletion.message).toBe(first.message.id);
        expect(deletion.thread).toBe(first.message.thread);
      });

      it("turns a mention into plain text", async (test) => {
        await has(world.customerMentions, "mentions", test)("please ask", "about it");
        const { message } = await nth("message", 0);
        expect(message.text).toContain("please ask");
        expect(message.text).toContain("about it");
        expect(message.text).not.toMatch(/<[@!#&]/);
      });

      it("opens a shared thread for a question that others can read", async (test) => {
        await has(world.customerAsksInPublic, "shared place", test)("How do I export?");
        const { message } = await nth("message", 0);
        expect(message.visibility).toBe("shared");
        expect(message.addressed).toBe(true);
        const posted = await platform.post({ thread: message.thread }, { text: "Like this." }, key());
        expect(posted.thread).toBe(message.thread);
      });

      it("hands on reactions with the message they are on", async (test) => {
        const react = has(world.customerReacts, "reactions", test);
        const posted = await platform.post(await opened(), { text: "done" }, key());
        await react(posted.id, true);
        await react(posted.id, false);
        expect(await nth("reaction", 0)).toMatchObject({ message: posted.id, added: true });
        expect(await nth("reaction", 1)).toMatchObject({ message: posted.id, added: false });
      });

      it("receives nothing once it is closed", async () => {
        await opened();
        await platform.close();
        const before = desk.received.length;
        // However often the platform tries.
        void rejection(world.customerSays("anybody there?"));
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(desk.received.length).toBe(before);
      });
    });

    describe("of several processes", () => {
      /** Another one with the same account; it takes part, and does not listen. */
      async function another(test: TestContext): Promise<[Platform, ReturnType<typeof recordingDesk>]> {
        const second = has(world.another, "second process", test)();
        const received = recordingDesk();
        await second.connect(received, { listening: false });
        return [second, received];
      }
      const textsOf = (received: Incoming[]) =>
        received.flatMap((one) => (one.kind === "message" ? [one.message.text] : []));

      it("one that does not listen posts, finds, edits and asks, and receives nothing", async (test) => {
        const [second, received] = await another(test);
        const thread = await opened();
        const { author } = (await nth("message", 0)).message;
        const id = key();
        const posted = await second.post(thread, { text: "from the second process" }, id);
        expect((await second.find?.(thread, id))?.id).toBe(posted.id);
        await second.edit?.(posted.id, { text: "edited by the second process" });
        await eventually(async () =>
          expect((await byBot(thread)).map((m) => m.text)).toEqual([
            expect.stringContaining(second.edit ? "edited by the second" : "from the second"),
          ]),
        );
        if (second.person) expect((await second.person(author.id))?.name).toBe(author.name);
        if (second.belongs && world.groups)
          expect(await second.belongs(world.groups.customer, world.groups.member)).toBe(true);
        if (second.direct && !world.manyPrivateThreads)
          expect((await second.direct(author)).thread).toBe(thread.thread);
        await world.customerSays("and this?");
        await nth("message", 1);
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(received.received).toEqual([]);
        await second.close();
      });

      it("another can take over to listen: nothing that is said meanwhile is lost, or heard by both", async (test) => {
        const [second, received] = await another(test);
        const thread = await opened();
        await platform.listen?.(false);
        const meanwhile = world.customerSays("while nobody listens");
        await platform.post(thread, { text: "posting goes on" }, key());
        expect(textsOf(desk.received)).not.toContain("while nobody listens");
        await second.listen?.(true);
        await meanwhile;
        await world.customerSays("to the second");
        await eventually(() =>
          expect(textsOf(received.received)).toEqual(
            expect.arrayContaining(["while nobody listens", "to the second"]),
          ),
        );
        expect(textsOf(desk.received)).toEqual(["hello"]);
        await second.close();
      });

      it("the first may listen again, however often it is told", async (test) => {
        const listen = has(platform.listen, "listen", test);
        for (let n = 0; n < 3; n += 1) {
          await Promise.all([listen(false), listen(false), listen(true), listen(true)]);
          await world.customerSays(`time ${n}`);
          await eventually(() => expect(textsOf(desk.received)).toContain(`time ${n}`));
        }
      });
    });

    describe("posting", () => {
      it("shows a post once, in the thread in which the customer answers", async () => {
        const thread = await opened();
        const posted = await platform.post(thread, { text: "Your order is on its way." }, key());
        expect(posted.id.startsWith(`${platform.name}:`)).toBe(true);
        await eventually(async () => {
          const shown = await byBot(thread);
          expect(shown.map((m) => m.text)).toEqual([expect.stringContaining("Your order is on its way.")]);
          expect(shown[0]?.id).toBe(posted.id);
        });
        await world.customerSays("thank you");
        expect((await nth("message", 1)).message.thread).toBe(posted.thread);
      });

      it("shows cards, sources and buttons with everything that is on them", async () => {
        const thread = await opened();
        await platform.post(
          thread,
          {
            text: "Ticket 7",
            card: {
              title: "Ticket 7: refund",
              facts: [{ label: "Priority", value: "high" }],
              sections: [{ label: "Last words", text: "I want my money **back**." }],
              footer: "Taken by Maya",
            },
            sources: [{ title: "Refund policy" }],
            buttons: [{ label: "Take", action: "take", value: "7", style: "primary" }],
          },
          key(),
        );
        const text = await eventually(async () => {
          const all = (await byBot(thread)).map((m) => m.text).join("\n");
          expect(all).toContain("Ticket 7: refund");
          return all;
        });
        for (const part of ["Priority", "high", "Last words", "my money", "Taken by Maya", "Refund policy"]) {
          expect(text).toContain(part);
        }
      });

      it("shows a long text wholly, in order, nothing twice", async () => {
        const thread = await opened();
        const paragraphs = Array.from(
          { length: 60 },
          (_, n) => `Paragraph ${n}. ${"word ".repeat(40)}end${n}.`,
        );
        await platform.post(thread, { text: paragraphs.join("\n\n") }, key());
        await eventually(async () => {
          const all = (await byBot(thread)).map((m) => m.text).join("\n");
          const seen = [...all.matchAll(/Paragraph (\d+)\./g)].map((m) => Number(m[1]));
          expect(seen).toEqual(paragraphs.map((_, n) => n));
          expect([...all.matchAll(/end(\d+)\./g)].map((m) => Number(m[1]))).toEqual(seen);
        });
      });

      it("never makes a hostile text a live mention", async () => {
        const thread = await opened();
        const hostile =
          "@everyone @here <!channel> <!here> <@U1> <@80351110224678912> <#C1> <!subteam^S1> <@&1>";
        await platform.post(
          thread,
          {
            text: `Hello ${hostile}`,
            as: hostile,
            sources: [{ title: hostile }],
            card: {
              title: hostile,
              facts: [{ label: hostile, value: hostile }],
              sections: [{ label: hostile, text: hostile }],
              footer: hostile,
            },
            buttons: [{ label: hostile, action: "press", value: "x" }],
          },
          key(),
        );
        await eventually(async () => expect((await byBot(thread)).length).toBeGreaterThan(0));
        for (const message of await byBot(thread)) expect(message.live).toEqual([]);
      });

      it("survives control characters, broken surrogates and empty labels", async () => {
        const thread = await opened();
        const text = "a\u0000b\u0007c\ud800d \u202e end";
        await platform.post(
          thread,
          {
            text,
            card: { title: "", facts: [{ label: "", value: "" }], sections: [{ label: "", text: "" }] },
          },
          key(),
        );
        await eventually(async () => expect((await byBot(thread)).length).toBeGreaterThan(0));
      });

      for (const fault of Object.keys(codeOfFault) as Fault[]) {
        it(`throws ${codeOfFault[fault]} when a send ends in: ${fault}`, async (test) => {
          const inject = has(world.injectFault, "faults to inject", test);
          const thread = await opened();
          inject(fault);
          const error = await rejection(platform.post(thread, { text: "hello" }, key()));
          expect(codeOf(error)).toBe(codeOfFault[fault]);
          if (fault === "rate_limited") {
            expect(error instanceof DeskError && error.retryAfterMs).toBeGreaterThan(0);
          }
        });
      }

      it("goes on elsewhere while one place is rate-limited", async (test) => {
        const inject = has(world.injectFault, "faults to inject", test);
        const elsewhere = has(world.elsewhere, "second place", test);
        const thread = await opened();
        inject("rate_limited");
        await rejection(platform.post(thread, { text: "one" }, key()));
        await platform.post(elsewhere, { text: "another" }, key());
        expect(codeOf(await rejection(platform.post(thread, { text: "two" }, key())))).toBe(
          "platform_rate_limited",
        );
      });

      it("finds what arrived although the answer was lost, and it is there once", async (test) => {
        has(platform.find, "find", test);
        const inject = has(world.injectFault, "faults to inject", test);
        const thread = await opened();
        const id = key();
        inject("lost_answer");
        expect(codeOf(await rejection(platform.post(thread, { text: "only once" }, id)))).toBe(
          "platform_ambiguous",
        );
        const found = await platform.find?.(thread, id);
        const shown = (await byBot(thread)).filter((m) => m.text.includes("only once"));
        expect(shown.map((m) => m.id)).toEqual([found?.id]);
      });

      it("takes no equal post of before for one that waits, wherever it is looked for", async (test) => {
        has(platform.find, "find", test);
        const thread = await opened();
        const post = { text: "One moment please." };
        const since = Date.now();
        const [first, second] = [key(), key()];
        const posted = await platform.post(thread, post, first);
        const looking = world.another?.() ?? platform;
        if (looking !== platform) await looking.connect(recordingDesk(), { listening: false });
        const taken = async (message: MessageId) => message === posted.id;
        expect(await looking.find?.(thread, second, { post, since, taken })).toBeUndefined();
        await looking.post(thread, post, second);
        expect(await byBot(thread)).toHaveLength(2);
        if (looking !== platform) await looking.close();
      });

      it("finds two equal posts of which nobody knows yet each for itself", async (test) => {
        has(platform.find, "find", test);
        const thread = await opened();
        const post = { text: "One moment please." };
        const since = Date.now();
        const [first, second] = [key(), key()];
        await platform.post(thread, post, first);
        const looking = world.another?.() ?? platform;
        if (looking !== platform) await looking.connect(recordingDesk(), { listening: false });
        const sought = { post, since, taken: async () => false };
        const found = await Promise.all([first, second].map((one) => looking.find?.(thread, one, sought)));
        expect(found.filter((one) => one !== undefined)).toHaveLength(1);
        if (looking !== platform) await looking.close();
      });

      it("finds nothing under a key that was never sent", async (test) => {
        has(platform.find, "find", test);
        const thread = await opened();
        await platform.post(thread, { text: "something else" }, key());
        expect(await platform.find?.(thread, key())).toBeUndefined();
      });

      it("edits a message in place", async (test) => {
        has(platform.edit, "edit", test);
        const thread = await opened();
        const posted = await platform.post(thread, { text: "before" }, key());
        await platform.edit?.(posted.id, { text: "after" });
        await eventually(async () => {
          const shown = await byBot(thread);
          expect(shown.map((m) => m.id)).toEqual([posted.id]);
          expect(shown[0]?.text).toContain("after");
          expect(shown[0]?.text).not.toContain("before");
        });
      });

      it("removes a message, and does not mind when it is gone already", async (test) => {
        has(platform.remove, "remove", test);
        const thread = await opened();
        const posted = await platform.post(thread, { text: "a slip" }, key());
        await platform.remove?.(posted.id);
        await platform.remove?.(posted.id);
        await eventually(async () => expect(await byBot(thread)).toEqual([]));
      });

      it("sets and clears its marks, each as often as it likes", async (test) => {
        has(platform.mark, "mark", test);
        await world.customerSays("relay this");
        const { message } = await nth("message", 0);
        const marks = async () =>
          (await world.visibleMessages({ thread: message.thread })).find((m) => m.id === message.id)?.marks;
        for (const mark of ["sent", "failed"] as const) {
          await platform.mark?.(message.id, mark, true);
          await platform.mark?.(message.id, mark, true);
          await eventually(async () => expect(await marks()).toEqual([mark]));
          await platform.mark?.(message.id, mark, false);
          await platform.mark?.(message.id, mark, false);
          await eventually(async () => expect(await marks()).toEqual([]));
        }
      });
    });

    describe("drafting", () => {
      const start = async (test: TestContext) => {
        has(platform.draft, "drafts", test);
        const thread = await opened();
        const id = key();
        const draft = has(platform.draft?.(thread, id), "drafts in this place", test);
        return { thread, id, draft };
      };

      it("ends as exactly one message with the whole text", async (test) => {
        const { thread, draft } = await start(test);
        expect(draft.shown).toBe(false);
        for (const word of ["Your ", "order ", "is ", "on ", "its ", "way."]) draft.append(word);
        const posted = await draft.finish({
          text: "Your order is on its way. Anything else?",
          sources: [{ title: "Shipping" }],
        });
        await eventually(async () => {
          const shown = await byBot(thread);
          expect(shown.map((m) => m.id)).toEqual([posted.id]);
          expect(shown[0]?.text).toContain("Your order is on its way. Anything else?");
          expect(shown[0]?.text).toContain("Shipping");
        });
      });

      it("ends as the final text even when that differs from what was shown", async (test) => {
        const { thread, draft } = await start(test);
        draft.append("The refund takes 3 days and ");
        await eventually(() => expect(draft.shown).toBe(true), 500).catch(() => undefined);
        await draft.finish({ text: "I have asked a colleague to help." });
        await eventually(async () => {
          const shown = await byBot(thread);
          expect(shown).toHaveLength(1);
          expect(shown[0]?.text).toContain("I have asked a colleague to help.");
          expect(shown[0]?.text).not.toContain("3 days");
        });
      });

      it("posts once when nothing was shown before the end", async (test) => {
        const { thread, draft } = await start(test);
        await draft.finish({ text: "Short answer." });
        await eventually(async () => {
          expect((await byBot(thread)).map((m) => m.text)).toEqual([
            expect.stringContaining("Short answer."),
          ]);
        });
      });

      it("takes everything back when it is abandoned", async (test) => {
        const { thread, draft } = await start(test);
        draft.append("I will refund you ");
        await eventually(() => expect(draft.shown).toBe(true), 500).catch(() => undefined);
        await draft.abandon();
        await eventually(async () => expect(await byBot(thread)).toEqual([]));
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(await byBot(thread)).toEqual([]);
      });

      it("is found under its key after it has ended", async (test) => {
        has(platform.find, "find", test);
        const { thread, id, draft } = await start(test);
        draft.append("Your order ");
        const posted = await draft.finish({ text: "Your order is here." });
        expect((await platform.find?.(thread, id))?.id).toBe(posted.id);
      });

      it("is not found as the post while it grows, left alone by the search, and then ended", async (test) => {
        has(platform.find, "find", test);
        const { thread, id, draft } = await start(test);
        const since = Date.now();
        draft.append("Your order ");
        await eventually(() => expect(draft.shown).toBe(true), 1_500).catch(() => undefined);
        await eventually(async () => expect(await byBot(thread)).toHaveLength(1), 500).catch(() => undefined);
        const post = { text: "Your order is here." };
        expect(await platform.find?.(thread, id, { post, since })).toBeUndefined();
        const posted = await draft.finish(post);
        await eventually(async () => {
          const shown = await byBot(thread);
          expect(shown.map((m) => m.id)).toEqual([posted.id]);
          expect(shown[0]?.text).toContain(post.text);
        });
        expect((await platform.find?.(thread, id, { post, since }))?.id).toBe(posted.id);
      });

      it("does not stop the program by appending after the end", async (test) => {
        const { thread, draft } = await start(test);
        draft.append("one");
        await draft.finish({ text: "one two" });
        draft.append(" three");
        await new Promise((resolve) => setTimeout(resolve, 50));
        const shown = await byBot(thread);
        expect(shown).toHaveLength(1);
        expect(shown[0]?.text).not.toContain("three");
      });
    });

    describe("people", () => {
      it("hands on a pressed button with its name and value, and answers only the one who pressed it", async (test) => {
        const press = has(world.customerPresses, "buttons", test);
        const posted = await platform.post(
          await opened(),
          { text: "Sure?", buttons: [{ label: "Confirm", action: "confirm", value: "in_1" }] },
          key(),
        );
        await press("Confirm");
        const action = await nth("action", 0);
        expect(action).toMatchObject({ name: "confirm", value: "in_1", message: posted.id });
        expect(action.by.id.startsWith(`${platform.name}:`)).toBe(true);
        if (!platform.answer) return;
        expect(await platform.answer(action.interaction, { text: "Thank you." })).toBe(true);
        const shown = has(world.privatelyShown, "private answers", test);
        await eventually(async () => expect((await shown()).join("\n")).toContain("Thank you."));
      });

      it("asks for a reason where a button wants one", async (test) => {
        const press = has(world.customerPresses, "buttons", test);
        await platform.post(
          await opened(),
          {
            text: "Refund 49.99?",
            buttons: [
              {
                label: "Deny",
                action: "deny",
                value: "in_1",
                ask: { title: "Deny the refund", label: "Why?" },
              },
            ],
          },
          key(),
        );
        await press("Deny", "out of policy");
        expect(await nth("action", 0)).toMatchObject({
          name: "deny",
          value: "in_1",
          reason: "out of policy",
        });
      });

      it("hands on the desk's command", async (test) => {
        await has(world.customerCommands, "commands", test)("status");
        expect(await nth("command", 0)).toMatchObject({ text: "status" });
      });

      it("opens the private thread in which the customer's own messages arrive", async (test) => {
        has(platform.direct, "direct", test);
        if (world.manyPrivateThreads) test.skip("private messages are in many threads here");
        await world.customerSays("hello");
        const { message } = await nth("message", 0);
        const direct = await platform.direct?.(message.author);
        expect(direct).toEqual({ thread: message.thread, way: "direct" });
      });

      it("knows who belongs to a group", async (test) => {
        has(platform.belongs, "belongs", test);
        const groups = has(world.groups, "groups", test);
        expect(await platform.belongs?.(groups.customer, groups.member)).toBe(true);
        expect(await platform.belongs?.(groups.customer, groups.stranger)).toBe(false);
      });

      it("downloads exactly what was sent, and refuses what is larger than allowed", async (test) => {
        has(platform.download, "download", test);
        const send = has(world.customerSends, "files", test);
        const content = new Uint8Array(10_000).map((_, n) => n % 251);
        await send({ name: "photo.png", mediaType: "image/png", content });
        const { message } = await nth("message", 0);
        const file = message.files[0] as FileRef;
        expect(file).toMatchObject({ name: "photo.png", mediaType: "image/png", bytes: 10_000 });
        expect(await platform.download?.(file, 10_000)).toEqual(content);
        const error = await rejection(Promise.resolve(platform.download?.(file, 9_999)));
        expect(codeOf(error)).toBe("platform_refused");
        const lying = { ...file, bytes: 1 };
        expect(codeOf(await rejection(Promise.resolve(platform.download?.(lying, 9_999))))).toBe(
          "platform_refused",
        );
      });

      it("finds no problem in an installation that works", async (test) => {
        has(platform.examine, "examine", test);
        expect(await platform.examine?.()).toEqual([]);
      });
    });
  });
}
