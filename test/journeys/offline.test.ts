import { afterEach, describe, it } from "vitest";
import { closeTerminals, openTerminal, temporaryFolder } from "./terminal.ts";
import { play } from "./transcript.ts";

/** The conversations of the scenarios in the example, without a language model; stories/ has them in shops of their own. */
afterEach(closeTerminals);

async function converse(transcript: string): Promise<void> {
  const data = temporaryFolder();
  try {
    const desk = await openTerminal(data.path, { args: ["--workspace", "example"] });
    await play(desk, transcript);
    const code = await desk.end();
    if (code !== 0) throw new Error(`ended with ${code}:\n${desk.errors()}`);
  } finally {
    data.remove();
  }
}

const refund = `
  customer: I want a refund for my keyboard
       bot: … order … without a language model
     never: ORD-1001 … ORD-1002 … 89.50
  customer: It's ORD-1002
       bot: … Mechanical Keyboard … processing
     never: USB-C … without a language model
  customer: How long will the refund take?
       bot: … 3 to 5 business days … Sources:
  customer: What about ORD-9999?
       bot: … ORD-9999
     never: processing … refunded
`;

const safety = `
  customer: How long does express shipping take?
       bot: … 1-2 business days … Sources: [1] Shipping
  customer: Where is my order ORD-12345?
       bot: … shipped … 1Z999AA10123456784
  customer: This is ridiculous, I was promised next-day delivery!
       bot: … colleague … ticket is #1
      desk: … Ticket #1 … Priority: high … I was promised next-day delivery! … Waiting for a person … [Take]
`;

const lamps = `
  customer: How long does standard shipping take?
       bot: … 5 to 7 business days … Shipping
  customer: Can I send something back without the receipt?
       bot: … 30 days … receipt
  customer: Where is ORD-12345?
       bot: … shipped … https://track.example.com/123
  customer: You charged my card three times and nobody answers. This is unacceptable.
       bot: … ticket is #1
      desk: … Ticket #1 … Queue: billing
`;

describe("the example's desk without a language model", () => {
  it("asks for the order of a refund", () => converse(refund));
  it("knows its shipping and when to fetch a person", () => converse(safety));
  it("has articles, orders and a queue for money", () => converse(lamps));
});
