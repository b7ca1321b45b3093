import { describe, expect, it } from "vitest";
import { createOfflineModel } from "../../src/language-model/offline-model.ts";
import { ask, lookup, request, talk } from "./offline-shop.ts";

describe("a person", () => {
  it.each([
    ["Can I talk to a human?", "normal", undefined],
    ["This is ridiculous, I was promised next-day delivery!", "high", undefined],
    ["I was charged twice", "high", "billing"],
    ["My account was hacked", "urgent", undefined],
    ["I will contact my lawyer", "high", undefined],
    ["Ich möchte mit einem Mitarbeiter sprechen", "normal", undefined],
  ])("is asked for: %s", async (text, priority, queue) => {
    const { calls } = await ask(text);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      name: "escalate_to_human",
      arguments: { priority, ...(queue ? { queue } : {}) },
    });
  });

  it("comes when an offer is taken up", async () => {
    const conversation = talk();
    expect((await conversation.say("What about ORD-99?")).text).toContain(
      "Shall I ask a person to look at it?",
    );
    expect((await conversation.say("yes please")).calls.map((call) => call.name)).toEqual([
      "escalate_to_human",
    ]);
  });

  it("is told to the customer with the ticket's number", async () => {
    expect((await ask("agent please")).text).toContain("ticket 1");
  });

  it("is not promised where nobody can be asked", async () => {
    const { text, calls } = await ask("I want to talk to a human", [lookup()]);
    expect(calls).toEqual([]);
    expect(text).toContain("I can't reach a person from here");
  });

  it("is asked for when a review has sent the draft back", async () => {
    const step = await createOfflineModel().step(
      request([
        { role: "customer", text: "How long does express shipping take?" },
        { role: "bot", text: "Express shipping takes 1-2 business days. [1]" },
        { role: "note", text: "This answer was not sent. It states facts without a source." },
      ]),
      { signal: new AbortController().signal },
    );
    expect(step.calls.map((call) => call.name)).toEqual(["escalate_to_human"]);
  });
});
