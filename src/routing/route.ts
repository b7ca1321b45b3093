/** Where a text belongs, by rules: what a ticket needs when no model can say it. Pure; the same text, the same route. */
import { concernOf } from "./concern.ts";
import { languageOf } from "./language.ts";
import { isAngry, type Mood, moodOf } from "./mood.ts";
import { plainText } from "./plain-text.ts";

export type RoutePriority = "low" | "normal" | "high" | "urgent";

export interface Route {
  /** One of the queues given; the first of them, or `general`, when nothing speaks for another. */
  queue: string;
  category: Topic;
  priority: RoutePriority;
  /** ISO 639-1. */
  language: string;
  sentiment: Mood;
  /** What is wanted, on one line of at most 120 characters. */
  ask: string;
}

export type Topic = "billing" | "technical" | "shipping" | "returns" | "account" | "sales" | "general";

/** The words of each topic, as beginnings of words, in several languages; phrases with a space. */
const topics: readonly (readonly [Topic, string])[] = [
  [
    "billing",
    "bill|billing|billed|cancel|charge|charged|charges|invoice|payment|paid|pay|refund|money|price|fee|fees|credit card|debit|card|receipt|tax|vat|overcharg|subscription|renewal|chargeback|plan|upgrade|downgrade|rechnung|zahlung|abgebucht|erstattung|geld|facture|paiement|rembours|argent|factura|pago|reembolso|cobr|dinero|fattura|pagament|rimborso|fatura|pagamento|factuur|betaling|terugbetaling",
  ],
  [
    "technical",
    "error|bug|crash|api|integration|webhook|sdk|broken|not work|doesn't work|does not work|won't start|fail|failed|failing|timeout|slow|down|outage|install|driver|update|freez|stack trace|endpoint|connect|sync|server|app|code 4|code 5|fehler|funktioniert nicht|absturz|erreur|ne marche pas|panne|error|no funciona|fallo|errore|non funziona|erro|nao funciona|fout|werkt niet",
  ],
  [
    "shipping",
    "ship|shipping|shipped|shipment|deliver|delivery|parcel|package|tracking|track|courier|arriv|customs|lieferung|paket|versand|sendung|livraison|colis|envio|entrega|paquete|spedizione|pacco|encomenda|levering|pakket",
  ],
  [
    "returns",
    "return|returns|exchange|send back|wrong item|damaged|defective|faulty|replacement|warranty|ruckgabe|umtausch|retour|echange|devolucion|devolver|cambio|reso|devolucao|garantie|garantia",
  ],
  [
    "account",
    "account|login|log in|sign in|password|passcode|two-factor|2fa|profile|username|e-mail address|email address|hacked|locked out|delete my data|konto|passwort|anmelden|compte|mot de passe|cuenta|contrasena|conta|senha|wachtwoord",
  ],
  [
    "sales",
    "buy|purchase|quote|discount|coupon|demo|trial|stock|available|availability|bulk|wholesale|kaufen|acheter|comprar|kopen",
  ],
];

const patterns: readonly (readonly [Topic, RegExp])[] = topics.map(
  ([topic, words]) => [topic, new RegExp(`(?<![\\w-])(?:${words})`, "g")] as const,
);

/** Under which other names a desk may have a topic's queue. */
const queueNames: Readonly<Record<Topic, RegExp>> = {
  billing: /bill|pay|financ|account(?:ing|s\b)|refund|invoice|money|buchhalt|rechnung/i,
  technical: /tech|engineer|\bit\b|bug|develop|support[-_ ]?(?:l|tier)|integration|product/i,
  shipping: /ship|deliver|logist|order|fulfil|warehouse|versand/i,
  returns: /return|exchange|rma|warrant|refund|order/i,
  account: /account|identity|security|access|login|trust|safety/i,
  sales: /sales|commercial|pre-?sale|business|vertrieb/i,
  general: /general|default|inbox|support|other|misc|allgemein/i,
};

const askMax = 120;

/** @param queues the desk's own names; may be empty, then the queue is the category */
export function route(text: string, queues: readonly string[]): Route {
  const concern = concernOf(text);
  const category =
    concern === "billing" ? "billing" : concern === "security" ? "account" : topicOf(plainText(text));
  return {
    queue: queueFor(category, plainText(text), queues),
    category,
    priority: priorityOf(text),
    language: languageOf(text),
    sentiment: moodOf(text),
    ask: askOf(text),
  };
}

export function priorityOf(text: string): RoutePriority {
  const concern = concernOf(text);
  if (concern === "safety" || concern === "security") return "urgent";
  if (concern || isAngry(text)) return "high";
  return /\b(?:urgent|urgently|asap|emergency|immediately|right now|dringend|sofort|urgence|urgente)\b/.test(
    plainText(text),
  )
    ? "high"
    : "normal";
}

function topicOf(plain: string): Topic {
  let best: Topic = "general";
  let most = 0;
  for (const [topic, pattern] of patterns) {
    const found = new Set(plain.match(pattern) ?? []).size;
    if (found > most) {
      best = topic;
      most = found;
    }
  }
  return best;
}

function queueFor(topic: Topic, plain: string, queues: readonly string[]): string {
  const named = queues.find((queue) => queue.toLowerCase() === topic);
  if (named) return named;
  const known = queues.find((queue) => queueNames[topic].test(queue));
  if (known && topic !== "general") return known;
  const spoken = queues.find(
    (queue) => queue.length > 3 && plain.includes(plainText(queue.replace(/[-_]/g, " "))),
  );
  return spoken ?? queues.find((queue) => queueNames.general.test(queue)) ?? queues[0] ?? topic;
}

/** The customer's question or wish on one line: the first question, else the first sentence that says something. */
function askOf(text: string): string {
  const sentences = text
    .slice(0, 4000)
    .replace(/\s+/g, " ")
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter(
      (sentence) =>
        sentence.length > 0 &&
        !/^(?:hi|hello|hey|dear|good \w+|thanks|thank you)\b[^?]{0,20}$/i.test(sentence),
    );
  const line =
    sentences.find((sentence) => sentence.endsWith("?")) ?? sentences[0] ?? text.replace(/\s+/g, " ").trim();
  // Never inside a surrogate pair.
  const cut = line.slice(0, askMax - 1).replace(/[\uD800-\uDBFF]$/, "");
  return line.length > askMax ? `${cut.trimEnd()}…` : line;
}
