/**
 * Whether a customer asks for a person, by rules: works with no model, no budget and in any state of a thread.
 * A miss is answered by the bot and can be asked again; a false alarm costs a person's time. So words that merely
 * name people ("human-readable", "install the agent", "an agent told me") do not count, only asking for one does.
 */
import { clausesOf, plainText } from "./plain-text.ts";

const somebody = "some(?:one|body)|any(?:one|body)";
const role =
  "human being|humans?|person|agent|representative|rep|operator|advis[eo]r|supervisor|manager|employee|colleague" +
  "|(?:staff|team) member|member of (?:the |your )?(?:staff|team)|staff|specialist|technician|boss" +
  "|support (?:agent|team|staff|rep|representative|person)" +
  "|customer (?:service|support|care)(?: (?:agent|rep|representative|person|team))?|service (?:agent|rep)";
/** Who can be talked to besides: "speak to support". */
const desk = "support|sales|billing|management";
const kind = "real|live|actual|human|proper|genuine|physical|senior|different|competent|other";
const article = "a|an|the|any|your|some|another|one of your|to";
/** The noun ends here: no compound such as "human-readable", "agent key", "someone else's". */
const alone =
  "(?![\\w-]|'s|\\s+(?:readable|resources|error|rights|id|ids|key|keys|version|install\\w*|software|api|string|token" +
  "|script|process|role|settings?|dashboard|apps?|account|login|permissions?|else|names?|icon|binary|daemon|server|plan" +
  "|page|articles?|docs|documentation|portal|forum|pool|hours|email|phone number|number))";
/** What may follow the person that somebody wants: nothing, a pause, or what the person shall do. */
const wanted =
  "(?=\\s*(?:$|[.,!?;:)]|please|pls|plz|now|asap|immediately|right|today|here|instead|not\\b|and\\b|who\\b|because|thanks" +
  "|to (?:help|talk|speak|chat|call|contact|look|handle|assist|answer|solve|fix|take|deal)|on (?:the )?(?:phone|line)" +
  "|for this|with this|this|is\\b|in charge|at once|urgently|rather|as soon|(?:i|we|you|that|who) can|available|around))";
const someNoun = `(?:(?:${article}|${kind})\\s+){0,4}(?:${role}|${somebody}|${desk})${alone}`;
const machine =
  "(?:chat ?|ro)?bots?|machines?|computer|a\\.?i\\.?|automated system|automat|maschine|automate|maquina";

const english = [
  // speak to a representative; chat with someone
  `\\b(?:speak|talk|chat)\\b(?: directly| please| now| again){0,2} (?:to|with) ${someNoun}`,
  `\\b(?:speak|talk|chat) (?:${role})${wanted}`,
  `\\bhave a (?:chat|word|call) with ${someNoun}`,
  // connect me to a person; can I be transferred to an agent
  `\\b(?:connect|transfer|put|forward|redirect|escalate|hand|pass|switch|refer|send|direct|bring)\\b (?:me|us|this(?: \\w+)?|my (?:case|issue|ticket|chat|request|problem|complaint))(?: through| over| on| along| directly| please| now){0,2} (?:to|with) ${someNoun}`,
  `\\b(?:be|get|being) (?:connected|transferred|put through|forwarded|redirected|escalated|handed over|passed on|switched)(?: directly| now)? (?:to|with) ${someNoun}`,
  `\\bconnect(?: to| with)? (?:an? )?(?:${kind}) (?:${role})${alone}`,
  `^(?:please )?(?:connect|transfer|switch|escalate)(?: to| with) (?:an? |the )?(?:${role})${wanted}`,
  // I want a real person; is there a human here; get me a manager
  `\\b(?:want|need|prefer|like|require|get|give me|have|find|reach|contact|demand|request(?:ing)?|looking for|is there|are there|any)\\b(?: me| to (?:have|get|see|reach|contact))?(?: (?:${article}))? (?:(?:${kind}) ){1,2}(?:${role}|people|being|help|assistance|contact|interaction|intervention)${alone}`,
  `\\b(?:want|need|prefer|would like|'d like|demand|require|get me|give me|bring me|fetch me|(?:can|could|may) (?:i|we) (?:get|have|reach|see)|request(?:ing)?|asking for|insist on|how (?:do|can) i (?:reach|get|contact))\\b(?: to (?:see|have|get|reach|contact))? (?:${article}) (?:${role})${wanted}`,
  `\\b(?:is|are) there (?:any|an?|some) (?:humans?|person|agents?|representatives?|operators?|people)${wanted}`,
  `\\b(?:want|need|require)(?: a| an)? (?:human|representative|operator|supervisor|live agent)${wanted}`,
  `^(?:no |just |only |please |i said |i want |i need |ok |okay |is |are |hello |hi |hey )*(?:an? |the )?(?:(?:${kind}) )+(?:${role}|people)${wanted}`,
  // is there someone real I can chat with
  `\\b(?:is|are) there (?:${somebody})(?: (?:${kind}))?(?: that| who)? (?:(?:i|we) (?:can|could|may)|to) (?:talk|speak|chat|write)\\b`,
  // have someone call me; I need someone to help me
  `\\b(?:can|could|will|would|may|have|let|get|ask|make)\\b(?: i have)? (?:${somebody}|an? (?:${role})|one of your (?:${role})s)(?: of yours)?(?: from [\\w ]{1,24}?)?(?: please)? (?:to )?(?:please )?(?:call|contact|phone|ring|reach out|get back|get in touch|take over|step in|look into|handle)\\b`,
  `\\b(?:need|want|like)\\b (?:${somebody}|an? (?:${role}))(?: from [\\w ]{1,24}?)?(?: who can| that can| to) (?:actually |really |please )?(?:call|contact|phone|ring|reach|talk|speak|help|assist|look|handle|take|fix|solve|sort|deal|explain)\\b`,
  `^(?:please )?(?:${somebody}) (?:from|in) (?:your |the )?(?:customer )?(?:support|service|care|billing|sales|team)`,
  `\\b(?:want|need|prefer|like) (?:${somebody}) (?:real|human|competent|in charge|else)\\b`,
  // escalate this; call me back
  "^(?:please |can you |could you |kindly |i want to |i'd like to |i would like to |then |just )*escalate\\b(?! (?:prices?|costs?))",
  `\\b(?:raise|take) (?:this|it|my \\w+) (?:to|up with|with|up to) (?:${article}) (?:manager|supervisor|boss|management)`,
  "(?<!what )(?:^|\\b(?:please|can you|could you|(?<!what )will you|would you|kindly|pls|just|need you to|want you to) )(?:please )?(?:call|phone|ring) me\\b(?=$|[.,!?]|\\s*[+\\d]| (?:back|please|pls|now|today|tomorrow|tonight|asap|at|on|about|right|immediately|as soon|this|regarding|under))",
  "\\b(?:request|want|need|like|get|have|arrange|schedule|book) (?:a |an )?(?:call-?\\s?back|phone call|telephone call)\\b",
  "\\b(?:give me|get me) a (?:call|ring)\\b",
];

const german = [
  "\\bmit (?:einem |einer |'?nem |'?ner |dem |der |ihrem )?(?:echten |richtigen |realen |menschlichen |anderen )*(?:menschen|mensch|mitarbeiter(?:in)?|person|berater(?:in)?|kundenberater(?:in)?|ansprechpartner(?:in)?|kollegen|jemand(?:em|en)?|support(?:mitarbeiter)?|kundendienst|kundenservice|agenten|vorgesetzten|chef)\\b.{0,30}\\b(?:sprechen|reden|chatten|verbinden|verbunden|telefonieren|schreiben)\\b",
  "\\b(?:verbinde[nt]?|spreche[nt]?|leite[nt]?)\\b.{0,25}\\b(?:mit|an|zu) (?:einem |einer |den |dem )?(?:echten |richtigen |menschlichen )*(?:menschen|mitarbeiter|person|berater|ansprechpartner|kollegen|jemand|kundendienst|kundenservice)",
  "\\b(?:brauche|will|mochte|moechte|verlange|gib mir|gebt mir|geben sie mir|gibt es|hatte gern)\\b(?: bitte| sofort| jetzt| endlich| gerne?)*(?: einen| eine| ein| hier)*(?: echten?| richtigen?| menschlichen?| realen?)* (?:menschen?|mitarbeiter(?:in)?|ansprechpartner(?:in)?|vorgesetzten?|berater(?:in)?|person)\\b",
  "\\b(?:echter|echten|echte|richtiger|richtigen|menschlicher|menschlichen|menschliche) (?:menschen?|mitarbeiter|ansprechpartner|person|support|hilfe)\\b",
  "^(?:bitte )?(?:einen? )?(?:mensch|menschen|mitarbeiter|berater|kundendienst|kundenservice)(?: bitte)?$",
  "\\b(?:rufen sie|ruft|ruf) mich\\b.{0,20}\\b(?:an|zuruck)\\b|\\bruckruf\\b.{0,20}\\b(?:bitte|erbeten|gewunscht)\\b",
];

const romance = [
  // French
  "\\b(?:parler|discuter|echanger|communiquer|parle)\\b(?: directement)? (?:a|avec|au)(?: l'un de vos| un| une| votre| le| la| vos)? ?(?:vraie? |veritable |autre |vrais )?(?:humains?|etre humain|personne|conseillere?s?|agent|responsable|operateur|representant|technicien|service client|quelqu'un|collegue)",
  "\\b(?:veux|voudrais|souhaite|besoin d'|passez[- ]moi|donnez[- ]moi|contacter)(?:[a-z -]{0,20}?)\\b(?:une? )?(?:humain|etre humain|vraie personne|personne reelle|conseillere?|operateur|vrai agent)\\b",
  "\\b(?:passez|mettez|transferez)[- ]moi\\b.{0,30}\\b(?:conseillere?|humain|quelqu'un|responsable|agent|personne)\\b",
  "\\b(?:rappelez|appelez)[- ]moi\\b|\\betre rappelee?\\b|\\bvraie personne\\b",
  "^(?:un |une )?(?:humain|conseillere?)(?: s'il (?:vous|te) plait| svp)?$",
  // Spanish
  "\\b(?:hablar|comunicarme|contactar|chatear|conectar(?:me)?|conectame|hable|comunicame)\\b(?: \\w+)? (?:con|a)(?: un| una| el| la| su| algun| alguna)?(?: ser)? (?:humano|persona|agente|representante|asesora?|operadora?|alguien|encargad[oa]|supervisora?|gerente|atencion al cliente)\\b",
  "\\b(?:quiero|necesito|prefiero|deme|dame|paseme|pasame|pongame|quisiera)\\b(?: con)?(?: un| una)(?: ser)? (?:humano|persona|agente|representante|asesora?|operadora?|supervisora?)\\b",
  "\\bpersona (?:real|de verdad)\\b|\\b(?:llamenme|llameme|llamame)\\b|^(?:un )?(?:agente|humano|asesor|operador)(?: por favor)?$",
  // Italian
  "\\b(?:parlare|parlo|chattare)\\b(?: \\w+)? con (?:un |una |un'|il |la |qualche )?(?:essere )?(?:umano|persona|operatore|operatrice|qualcuno|addetto|responsabile|consulente)\\b",
  "\\b(?:voglio|vorrei|serve)\\b (?:un |una )(?:operatore|operatrice|umano|persona (?:vera|reale))\\b",
  // Portuguese
  "\\b(?:falar|conversar)\\b(?: \\w+)? com (?:um |uma |o |a |algum )?(?:ser )?(?:humano|pessoa|atendente|alguem|representante|agente|operador|gerente|supervisor)\\b",
  "\\b(?:quero|preciso de|gostaria de)\\b (?:um |uma )(?:atendente|humano|pessoa real)\\b",
];

const dutch = [
  "\\b(?:met|aan) (?:een |de |'n )?(?:echte? |menselijke? )?(?:mens|persoon|medewerker|iemand|collega|klantenservice)\\b.{0,25}\\b(?:spreken|praten|chatten|doorverbonden|verbonden)\\b",
  "\\b(?:spreken|praten|chatten)\\b met (?:een |de |'n )?(?:echte? |menselijke? )?(?:mens|persoon|medewerker|iemand|collega)\\b",
];

const asks = [...english, ...german, ...romance, ...dutch].map((source) => new RegExp(source));

/** Tired of the machine; these are negations themselves. */
const noMachine = [
  `(?<!\\b(?:i'm|i am|im|is|are|was) )\\b(?:not?|no more)(?: more)? (?:a |an |another |some |the |your )?(?:stupid |damn |useless |dumb )?(?:${machine})${wanted}`,
  `\\b(?:tired of|sick of|hate|stop|enough of)\\b(?: talking| speaking| chatting| dealing)?(?: to| with)?(?: this| a| an| your| the| these)?(?: stupid| damn| useless| dumb)? (?:${machine})${wanted}`,
  `\\b(?:don'?t|do not|won'?t|refuse to|not going to) (?:want(?: to)? )?(?:(?:talk|speak|chat|deal)(?: to| with) )?(?:this |a |an |your |the |some )?(?:stupid |damn |useless |dumb )?(?:${machine})${wanted}`,
].map((source) => new RegExp(source));

/** What turns an ask around: "I don't want to talk to a human". "Why can't I…" does not. */
const turnedAround =
  /\b(?:don'?t|do not|didn'?t|did not|no need|not need|without|never|rather not|not going|instead of|not asking|kein|keinen|nicht|pas besoin|no quiero|no necesito)\b(?! you\b)[^.!?]*$/;

/** Told about the past or about a product, not asked for. */
const told =
  /\b(?:yesterday|last (?:week|month|time|night)|already (?:spoke|talked)|were able to|was able to|managed to|allow|allows|let my|our customers|my customers|my users|our users|visitors)\b/;

/** The whole message, without politeness, is just the name of a person's role. */
const fillers =
  /\b(?:please|pls|plz|hi|hello|hey|ok|okay|just|now|an?|the|to|with|for|asap|thanks|thank you|talk|speak|chat|connect|get|give|me|i|want|need|said|yes|no)\b|[^a-z0-9 ]/g;
const bare =
  /^(?:(?:real|live|actual|human|support|customer|service|care) )*(?:human|humans|human being|person|agent|agents|representative|rep|operator|supervisor|manager|customer service|customer support|customer care|live chat|live support|human support|human help|advisor|adviser|someone|somebody|real people)$/;

/** "Am I talking to a real person?" asks what the bot is. */
const asksWhatItIs =
  /^(?:hi |hello |hey |so |wait )*(?:am i|are you|r u|is this|is it)\b[^.!?]*\b(?:human|bot|robot|person|ai|chatbot|machine)\b[^.!?]*[.!?]*$/;

export function wantsPerson(text: string): boolean {
  const plain = plainText(text);
  if (asksWhatItIs.test(plain)) return false;
  if (bare.test(plain.replace(fillers, " ").replace(/\s+/g, " ").trim()) && plain.length <= 60) {
    return !turnedAround.test(plain);
  }
  return clausesOf(plain).some(
    (clause) =>
      !told.test(clause) &&
      (noMachine.some((rule) => rule.test(clause)) || asks.some((ask) => isAsk(clause, ask))),
  );
}

function isAsk(clause: string, ask: RegExp): boolean {
  const found = ask.exec(clause);
  if (!found) return false;
  const before = clause.slice(0, found.index);
  return /\bwhy\b/.test(before) || !turnedAround.test(before);
}
