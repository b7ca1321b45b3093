import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { extendSummary, summaryText } from "../src/agent/summary.ts";
import type { TranscriptItem } from "../src/language-model.ts";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";
import { threadOf } from "./doubles/room.ts";
import { createScriptedModel } from "./doubles/scripted-model.ts";
import { createShortMemory } from "./doubles/short-memory.ts";

let desk: DeskInARoom | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

const anItem: fc.Arbitrary<TranscriptItem> = fc.oneof(
  fc.record({ role: fc.constant("customer" as const), text: fc.lorem() }),
  fc.record({
    role: fc.constant("bot" as const),
    text: fc.constantFrom("We will refund you $5.00 by Friday.", "Which order?", "ord_1001 has shipped."),
  }),
  fc.record({ role: fc.constant("staff" as const), name: fc.constant("Maya"), text: fc.lorem() }),
);

describe("a long conversation", () => {
  it("sends its newest sixty items to the model, and the older ones as a summary that keeps ids, amounts and promises", async () => {
    desk = await openDesk({
      model: createScriptedModel((request) => {
        const asked = request.transcript.at(-1);
        return asked?.role === "customer" && asked.text.includes("ord_7777")
          ? "We will look into ord_7777 by Friday."
          : "Noted.";
      }),
      configure: (config) => ({
        ...config,
        limits: { ...config.limits, turnsPerSessionMax: 1000, messagesPerMinuteMax: 1000 },
      }),
    });
    await desk.room.says("ann", "My order ord_7777 for $49.99 is late.");
    await desk.quiet();
    for (let at = 0; at < 40; at++) {
      await desk.room.says("ann", `Message ${at}`);
      await desk.quiet();
    }
    const shown = desk.model.requests.at(-1)?.transcript ?? [];
    expect(shown.length).toBeLessThanOrEqual(62);
    expect(shown[0]?.role).toBe("note");
    const note = shown[0]?.role === "note" ? shown[0].text : "";
    for (const kept of ["ord_7777", "$49.99", "by Friday"]) expect(note).toContain(kept);

    const next = await desk.reopen();
    await next.room.says("ann", "Still there?");
    await next.quiet();
    const again = next.model.requests.at(-1)?.transcript[0];
    expect(again?.role === "note" && again.text).toContain("ord_7777");
    await next.core.stop(0);
  });

  it("that is too long for the model's context sends fewer items as they were, and the others as a summary", async () => {
    desk = await openDesk({
      model: createScriptedModel("Noted."),
      configure: (config) => ({ ...config, model: { ...config.model, contextTokens: 2_000 } }),
    });
    await desk.room.says("ann", "My order ord_7777 for $49.99 is late.");
    await desk.quiet();
    for (let at = 0; at < 6; at++) {
      await desk.room.says("ann", `Message ${at}: ${"It has not come yet. ".repeat(30)}`);
      await desk.quiet();
    }
    const [note, ...items] = desk.model.requests.at(-1)?.transcript ?? [];
    expect(note?.role === "note" && note.text).toContain("ord_7777");
    const texts = items.map((item) => ("text" in item ? item.text.slice(0, 9) : ""));
    expect(texts).toEqual(["Noted.", "Message 3", "Noted.", "Message 4", "Noted.", "Message 5"]);
  });

  it.each(["{", "null", '{"asks":[1],"ids":[],"amounts":[],"promises":[]}'])(
    "whose summary another version has left as %s is summarised anew",
    async (left) => {
      const memory = createShortMemory();
      desk = await openDesk({
        memory,
        model: createScriptedModel("Noted."),
        configure: (config) => ({ ...config, limits: { ...config.limits, historyItemsMax: 2 } }),
      });
      const session = { upTo: 3, summary: left };
      await memory.store<unknown>("session").set(threadOf("ann"), session, 60_000);
      for (const text of ["My order ord_7777 for $49.99 is late.", "Hello?", "Still there?"]) {
        await desk.room.says("ann", text);
        await desk.quiet();
      }
      const [note] = desk.model.requests.at(-1)?.transcript ?? [];
      expect(note?.role === "note" && note.text).toContain("ord_7777");
    },
  );

  it("is summarised the same in one go as bit by bit", () => {
    fc.assert(
      fc.property(fc.array(anItem, { maxLength: 40 }), fc.nat(40), (items, cut) => {
        const whole = extendSummary(undefined, items);
        expect(extendSummary(extendSummary(undefined, items.slice(0, cut)), items.slice(cut))).toEqual(whole);
      }),
    );
  });

  it("has a summary that does not grow without end", () => {
    const items = Array.from(
      { length: 10_000 },
      (_, n): TranscriptItem => ({ role: "customer", text: `About ord_${n}: ${"x".repeat(200)} $${n}.00` }),
    );
    expect(summaryText(extendSummary(undefined, items)).length).toBeLessThan(8000);
  });
});
