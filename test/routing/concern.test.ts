import { describe, expect, it } from "vitest";
import { concernOf } from "../../src/routing/concern.ts";

const concerns = {
  billing: `
You charged my card three times and nobody answers.
I was charged twice
My card was charged twice for one order
you billed me two times
I have been overcharged
There is an unknown charge on my card
I don't recognize this charge
I see a duplicate payment on my statement
I never authorized this payment
I want to dispute this charge
Money was taken from my account without permission
why was I charged again?
you double-charged me
They took the money but I have no order
Es wurde zweimal abgebucht`,
  security: `
My account was hacked
I think my account has been compromised
someone logged into my account
somebody changed my password without my permission
I got hacked
there was an unauthorized login
I see suspicious activity on my profile
I did not place this order
My credit card was stolen`,
  legal: `
My lawyer will contact you
I am considering legal action
this is a GDPR request
I'll see you in court
we will sue you
You violate my consumer rights`,
  safety: `
The charger caught fire
I got an electric shock from it
my son was injured by the chair`,
};

const none = `
Will I be charged twice if I upgrade?
When will I be charged?
How are we billed?
Is my card charged before shipping?
The headphones are only charged for 2 hours
I charged my phone for two hours and it is empty
How do you protect my account against hackers?
Is my data secure?
What happens if my account is hacked?
Do you have a hackathon?
I can't log in to my account
I want a refund for my keyboard
What is your legal address?
Do lawyers get a discount?
Which fees do you charge?
How much do you charge for shipping?
What is the delivery charge?
can late payments hurt my credit score
fire TV stick
Where is my order?
I forgot my password
Does the court shoe come in white?
`;

const lines = (table: string) => table.trim().split("\n");

describe("a matter for a person", () => {
  for (const [concern, table] of Object.entries(concerns)) {
    it.each(lines(table))(`${concern}: %s`, (text) => {
      expect(concernOf(text)).toBe(concern);
    });
  }

  it.each(lines(none))("is not read into: %s", (text) => {
    expect(concernOf(text)).toBeUndefined();
  });
});
