import { describe, expect, it } from "vitest";
import { wantsPerson } from "../../src/routing/wants-person.ts";

const asking = `
human
Human please
HUMAN!!!
agent
agent pls
representative
operator
a real person
live agent
customer service
talk to a human
Can I talk to a human?
I want to talk to a human being
I'd like to speak to a representative
Let me speak with your manager
let me talk to somebody
Can I speak to someone about my order?
I would like to chat with a real person please
could you please connect me with an agent
Connect me to a person
connect to a live agent
transfer me to a human
Please transfer me to another agent
put me through to customer service
Can I be transferred to someone in billing?
How do I talk to a real person?
is there someone real i can chat with?
could a colleague of yours ring me?
how can I speak to an agent
Is there a real person here?
is there a human I can talk to
I need a human
I want a person to look at this
I need a person.
get me a manager
Give me a human now
give me a supervisor please
I want to speak to your supervisor, this isn't working
I'd prefer a real person
I'd rather talk to a person
I don't want to talk to a bot
I don't want to talk to a robot, get me someone real
no more bots please
stop the bot
I am tired of talking to a machine
I need someone to call me
Can someone call me back?
could somebody from support contact me please
please have someone get in touch with me
Please call me back
can you call me at 555-0100?
I'd like a callback
I want to request a call back
give me a call
escalate this
Please escalate my case
Can you escalate this to a manager?
I need human help
can I get human assistance
Hi, can I have a human please
Hello, I'd like to talk to someone
ok but I need to talk with a human
Why can't I talk to a person?
why don't I get to speak to a human
your answer is wrong. I want a human.
Thanks, but I would like to speak with a member of your team
Can I chat with a support agent?
speak to agent
talk to representative
Someone from customer support please
I want to speak to a technician
can we talk to somebody in charge
I've asked three times now, let me speak to a person
Pass me on to a colleague
I need to speak with an actual human being about this
I insist on a manager
not a bot please
Ich möchte mit einem Menschen sprechen
Kann ich mit einem Mitarbeiter reden?
Bitte verbinden Sie mich mit einem Mitarbeiter
ich will einen echten Menschen
Gibt es hier einen menschlichen Ansprechpartner?
Kann ich mit jemandem sprechen?
Mitarbeiter bitte
Rufen Sie mich bitte an
Ich brauche einen Ansprechpartner
Je veux parler à un humain
Puis-je parler à quelqu'un ?
Je voudrais parler à un conseiller
passez-moi un responsable
Je souhaite être rappelé
un conseiller s'il vous plaît
Quiero hablar con una persona
¿Puedo hablar con alguien?
Necesito hablar con un agente
quiero un humano
Páseme con un supervisor
una persona real por favor
Vorrei parlare con un operatore
Posso parlare con qualcuno?
Quero falar com um atendente
Posso falar com uma pessoa?
Ik wil met een medewerker spreken
Kan ik met iemand praten?
`;

const notAsking = `
Can I talk to your API?
How does my app talk to your server?
Is the export in a human-readable format?
agent installation fails on Linux
How do I install the agent?
Which agent version do I need?
The agent crashes when it starts
What is a user agent string?
My travel agent gave me a discount code
An agent told me yesterday that it would ship today
I spoke to a representative last week and she said 5 days
I already talked to someone about this
this is ridiculous value, love it
Can I transfer my account to someone else?
How do I transfer ownership to another person?
Can someone else pick up my parcel?
Someone stole my parcel
someone logged into my account
I bought this as a gift for someone
Is the price per person?
How many people can use one licence?
Does the course include a live session?
I don't need a human, just tell me the price
I don't want to talk to a human, just answer
no need for an agent
Can I add a team member to my plan?
How do I remove a staff member from my shop?
Do you offer human resources software?
Where can I find the password manager?
I need a manager role for my account
Does the plan include phone support?
What are your support hours?
What is the phone number of customer service?
Do you have customer service in German?
Your customer service is great
how do I contact my customers
How can my visitors chat with me on my site?
Can visitors of my website talk to someone through the chat widget?
How do I set up live chat for my customers?
The courier didn't call me
Will the driver call me before delivery?
Please call me when it ships
don't call me
Does the bot work with Shopify?
I'm not a robot, but the captcha keeps failing
Does your chatbot support Spanish?
The robot vacuum does not connect
I want the robot lawn mower in green
What does an agent cost per month?
Can I speak English here?
The speaker does not talk to my phone
How does escalation work in your ticket product?
prices escalate every month
Can you help me?
Can someone help me with my refund?
I need help with my order
I want a refund for my keyboard
Where is my order ORD-12345?
Where is my human anatomy book?
The personal account page is empty
I am the person who ordered it
I'd like to order a real leather bag
Do I need to be present in person?
Is anybody there?
hello?
Please connect my account to PayPal
connect the tracker to my phone
I need a representative sample of the fabric
thanks
refund policy
please call me Jim
just call me Dennis
Am I talking to a bot or a real, live person?
Are you human?
1 person
Ich habe mit einem Mitarbeiter gesprochen, er sagte 5 Tage
Wie lange dauert der Versand?
Wie viele Personen können den Plan nutzen?
¿Cuánto tarda el envío?
Combien de personnes peuvent utiliser le forfait ?
Quante persone possono usare il piano?
`;

const lines = (table: string) => table.trim().split("\n");

describe("asking for a person", () => {
  it.each(lines(asking))("is heard in: %s", (text) => {
    expect(wantsPerson(text)).toBe(true);
  });

  it.each(lines(notAsking))("is not read into: %s", (text) => {
    expect(wantsPerson(text)).toBe(false);
  });

  it("is heard inside a longer message", () => {
    const text =
      "Hi there,\nI ordered a lamp two weeks ago and it came broken.\nCan I please speak to someone about it?\nThanks, Ana";
    expect(wantsPerson(text)).toBe(true);
  });

  it("takes odd texts without complaint", () => {
    expect(wantsPerson("")).toBe(false);
    expect(wantsPerson("\u0000\uD800 ".repeat(5000))).toBe(false);
    expect(wantsPerson("to ".repeat(50_000))).toBe(false);
  });
});
