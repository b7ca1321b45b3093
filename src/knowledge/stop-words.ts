/**
 * Words that say little about what a question is about, so that a small collection's own statistics cannot mistake
 * them for rare and therefore telling ones. Written without apostrophes and accents, as `words.ts` folds them.
 */

const en = `a about am an and any are arent as at be been being but by can cannot cant could couldnt did didnt do does
doesnt doing done dont for from had hadnt has hasnt have havent having he her here hers him his how i id if ill im in
into is isnt it its ive me my nor of off on or our ours out own shall she should shouldnt so some such than that thats
the their theirs them then there theres these they theyre this those to too up us very was wasnt we were werent what
whats when whenever where whether which while who whom whose why will with wont would wouldnt you youre youve your yours`;

const de = `aber als am an auch auf aus bei beim bin bis bist da damit dann das dass dein deine dem den der des dich die
dies diese diesem diesen dieser dieses dir doch du durch ein eine einem einen einer eines er es fur habe haben hat hatte
hier ich ihm ihn ihr ihre ihren im in ist ja jetzt kann kannst konnen man mein meine meinem meinen meiner mich mir mit
muss nach noch nun nur ob oder sein seine sich sie sind so um und uns unser unsere vom von vor war warum was weil wenn
wer werden wie wieso will wir wird wo wurde zu zum zur`;

const fr = `a ai ainsi alors as au aussi aux avec avez ce cela ces cet cette comment dans de des donc du elle elles en
est et etre eu il ils je la le les leur leurs lui ma mais me mes moi mon ne nos notre nous on ou par pas pour pourquoi
puis c d j l m n qu quand que quel quelle quelles quels qui s sa se ses si son sont sur ta te tes toi ton tu un une vos votre vous y`;

const es = `a al algo ante como con cual cuales cuando de del desde donde el ella ellas ellos en entre era es esa ese eso
esta estas este esto estos estoy fue ha hay la las le les lo los mas me mi mis muy ni no nos o para pero por porque puedo
que quien se ser si sin sobre son soy su sus tambien te tengo tiene tu tus un una uno unos y ya yo`;

const it = `a ad agli ai al alla alle anche che chi ci come con cosa cui da dal dalla dei del della delle di dove e ed era
gli ha hai ho i il in io la le lei lo loro lui ma mi mia mie miei mio ne nei nel nella noi non o per perche piu posso
puo qual quale quali quando quanto questa questo se si sono su sua sue suo te ti tra tu un una uno vi voi`;

const pt = `a ao aos as com como da das de dela dele do dos e ela ele eles em entre era essa esse esta estao este eu foi
ha isso isto ja la lhe mais mas me meu meus minha minhas muito na nao nas no nos o onde os ou para pela pelo por porque
posso qual quando que quem se sem ser seu seus sua suas tambem te tem tenho um uma uns voce`;

const nl = `aan al als bij dan dat de der deze die dit doen door een en er ge heb hebben heeft het hier hij hoe hun ik in
is ja je jij jouw kan kunnen maar me meer met mij mijn moet na naar niet nog nu of om omdat ons ook op over te tot uit
uw van voor waar waarom was wat we wel welke werd wie wij wil worden zal ze zij zijn zo zou`;

const lists = [en, de, fr, es, it, pt, nl].map((list) => list.split(/\s+/));
/** Bit n is set when the word is a function word of language n. */
const functionWords = new Map<string, number>();
lists.forEach((words, language) => {
  for (const word of words) functionWords.set(word, (functionWords.get(word) ?? 0) | (1 << language));
});

/**
 * Words of asking rather than of what is asked ("I was trying to find out how long it takes"), by language: they count for
 * little, not for nothing, because to some article they are the subject.
 */
const asking = [
  `able again ago all already also always another anybody anyone anything ask asked asking assist assistance available
back because before best better call certain come currently different easily ever every everything exactly example find
finding first found get gets getting give given go goes going good got guidance guide happen happened happening happens
hello help helping hey hi however inquire inquiring instead interested issue issues just keep keeps kind know last learn
let like long look looking lot made make makes making many maybe mean might more most much must need needed needing needs
never new next no not nothing now often once one only other otherwise people please possible problem problems put
question questions quite really regarding right said same saw say saying see seeing seem seems several should show shows
since someone something sometimes soon specific specifically still struggling sure take taken takes taking tell thank
thanks thing things think though through time told took tried tries trouble try trying unable understand until use used
using usually via want wanted wants way ways well went without wonder wondering work working works yet`,
  `bekomme bekommen bitte brauche braucht danke dauert eigentlich einfach etwas finde finden frage fragen gehen geht gerne
gibt gut hallo helfen hilfe immer kein keine keinen konnte lange leider machen mehr mochte mochten nicht nie problem schon
sehr viel vielen wieder wissen wohl wollen wurden`,
  `aide aider ai avoir besoin bien bonjour comment faire fait faut longtemps merci peut peux plus possible pouvez probleme
question savoir souhaite temps toujours trop trouve trouver voudrais vouloir veux`,
  `ayuda ayudar buenas favor funciona gracias hacer hago hola mucho necesito nunca problema puede pueden pregunta queria
quiero quisiera saber siempre tarda tiempo todavia`,
  `aiuto aiutare buongiorno capire ciao domanda fare favore grazie molto posso problema puo sapere sempre tempo trova trovare
vorrei voglio`,
  `ajuda ajudar fazer favor funciona gostaria obrigada obrigado ola pode podem pergunta preciso problema quero queria saber
sempre tempo`,
  `bedankt doen duurt graag hallo help hulp krijg kunnen lang probleem vind vinden vraag weten werkt willen`,
].map((list) => new Set(list.split(/\s+/)));
const askingWeight = 0.25;
const sampleWords = 200;

/** The number of the language most of whose function words occur; English when in doubt. */
export function languageOf(words: readonly string[]): number {
  const hits = lists.map(() => 0);
  for (const word of words.slice(0, sampleWords)) {
    const languages = functionWordIn(word);
    if (languages === 0) continue;
    for (let language = 0; language < hits.length; language += 1)
      hits[language]! += (languages >> language) & 1;
  }
  return hits.indexOf(Math.max(...hits));
}

/** The languages in which this is a function word: bit n for language n. */
export function functionWordIn(word: string): number {
  return functionWords.get(word) ?? 0;
}

/** How much a word of a question counts: 0 for function words, little for words of asking, 1 for the rest. */
export function weightOf(word: string, language: number): number {
  if (((functionWordIn(word) >> language) & 1) === 1) return 0;
  return asking[language]?.has(word) ? askingWeight : 1;
}
