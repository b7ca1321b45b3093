import { describe, expect, it } from "vitest";
import { priorityOf, route } from "../../src/routing/route.ts";

const queues = ["general", "billing", "technical"];

describe("routing by rules", () => {
  it.each([
    ["billing", "You charged my card three times and nobody answers. This is unacceptable."],
    ["billing", "I need help with an invoice"],
    ["billing", "I want my money back"],
    ["technical", "The API returns error 500"],
    ["technical", "Your app crashes when I open the settings"],
    ["general", "Do you have a shop in Berlin?"],
    ["general", "hello"],
    ["billing", "Ich habe eine Frage zu meiner Rechnung"],
  ])("chooses the queue %s for: %s", (queue, text) => {
    expect(route(text, queues).queue).toBe(queue);
  });

  it("finds a queue under another name", () => {
    expect(route("I was charged twice", ["support", "payments-team"]).queue).toBe("payments-team");
    expect(route("Where is my parcel?", ["tier1", "logistics"]).queue).toBe("logistics");
  });

  it("falls back to the general queue, else to the first", () => {
    expect(route("hm", ["billing", "general"]).queue).toBe("general");
    expect(route("hm", ["alpha", "beta"]).queue).toBe("alpha");
  });

  it.each([
    ["urgent", "My account was hacked"],
    ["urgent", "The charger caught fire"],
    ["high", "This is ridiculous, I was promised next-day delivery!"],
    ["high", "I was charged twice"],
    ["high", "Please answer urgently"],
    ["normal", "Can I talk to a human?"],
    ["normal", "Where is my order?"],
  ])("gives the priority %s to: %s", (priority, text) => {
    expect(priorityOf(text)).toBe(priority);
  });

  it("says what is wanted on one line", () => {
    const routed = route("Hello there!\nMy lamp is broken. Can I\nget a new one? Thanks", queues);
    expect(routed.ask).toBe("Can I get a new one?");
    expect(route("word ".repeat(200), queues).ask.length).toBeLessThanOrEqual(120);
  });

  it("gives the same route for the same text", () => {
    const text = "Wo ist mein Paket? Das ist eine Frechheit";
    expect(route(text, queues)).toEqual(route(text, queues));
    expect(route(text, queues)).toMatchObject({
      language: "de",
      sentiment: "angry",
      priority: "high",
      category: "shipping",
    });
  });
});
