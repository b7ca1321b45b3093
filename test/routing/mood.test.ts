import { describe, expect, it } from "vitest";
import { isAngry, moodOf } from "../../src/routing/mood.ts";

const angry = `
This is ridiculous, I was promised next-day delivery!
You charged my card three times and nobody answers. This is unacceptable.
This is unacceptable
I am fed up with this
This is the third time I am asking
I've been told this for the third time now
Nobody replies to my emails
no one answers the phone
why does nobody help me
Worst service ever
worst customer service I have ever had
terrible support
Your support is useless
you are useless
ur service is absolute garbage, fix it
this is a joke
Are you kidding me?
You must be joking
what a scam
You are scammers
give my money back you thieves
you stole my money
This is a waste of time
you are all idiots
stupid morons
fuck this
wtf is going on
bullshit
I will sue you
My lawyer will contact you
I am going to take legal action
I'll do a chargeback
I will file a chargeback with my bank
I'm going to report you to trading standards
WHERE IS MY ORDER ALREADY
THIS IS NOT WHAT I ORDERED
I AM STILL WAITING FOR MY REFUND ORD-12345
I'm really frustrated with this
I am so angry right now
very disappointed in you
this is so frustrating
I am extremely upset
I've been waiting for three weeks
Still no answer from you
How many times do I have to ask?
you keep ignoring me
You ignored my last two messages
never buying from you again
I demand my money back
this is an absolute disgrace
what the hell is wrong with you
your damn bot is stupid and does not help
Das ist eine Frechheit
Das ist inakzeptabel
Ihr seid Betrüger
Mein Anwalt wird sich melden
C'est inacceptable
C'est une honte
Esto es inaceptable
Qué vergüenza
È inaccettabile
`;

const calm = `
this is ridiculous value, love it
ridiculously good headphones, thank you
Insanely good sound for the price, love them
That was unbelievable service, thank you so much
damn good coffee
Third time ordering from you, always great
This is the third time I buy here, love it
not angry, just curious
Hi, it's the trash bags order
this is my garbage disposal, does it fit?
It is a rubbish bin that I want to return
I'm not upset, just wondering where it is
no worries
How long does express shipping take?
Where is my order ORD-12345?
WHERE IS ORD-12345
OK THANKS
PLEASE SEND THE INVOICE TO MY OFFICE, THANKS
USB HDMI VGA DVI
Is the cable useless without the adapter?
What is your chargeback policy?
Do you offer discounts for lawyers?
What is the worst case for delivery time?
How do I avoid frustrating my customers?
Do you have fraud protection?
I want a refund for my keyboard
my parcel is late
The headphones are broken
I would like to return it
Can you tell me why it was cancelled?
Do you sell board games about thieves?
I ordered the joke book
Hi!
thank you
please share my location with my boss and my lawyer
someone stole my card
Is it waterproof?
My customers are angry when the page is slow, how do I speed it up?
Wie lange dauert der Versand?
Où est ma commande ?
`;

const lines = (table: string) => table.trim().split("\n");

describe("anger", () => {
  it.each(lines(angry))("is heard in: %s", (text) => {
    expect(isAngry(text)).toBe(true);
  });

  it.each(lines(calm))("is not read into: %s", (text) => {
    expect(isAngry(text)).toBe(false);
  });
});

describe("the mood of a message", () => {
  it.each([
    ["This is unacceptable", "angry"],
    ["The headphones arrived broken", "negative"],
    ["I can't log in", "negative"],
    ["Love it, thank you!", "positive"],
    ["Which colours are there?", "neutral"],
  ])("%s: %s", (text, mood) => {
    expect(moodOf(text)).toBe(mood);
  });
});
