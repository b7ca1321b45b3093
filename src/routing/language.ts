/** The language of a text by its function words; for queues and tickets, not for poetry. */

/** The commonest words of each language that say little of a topic: also what a search may leave out. */
export const functionWords: Readonly<Record<string, readonly string[]>> = {
  en: words(
    "the a an and or but not of to in on at by for from with without about into is are was were be been am do does did have has had can could will would should may might must i you he she it we they me him her us them my your his its our their this that these those there here what which who whom how when where why if then than so as too very just only also any some no yes please hello hi thanks thank get got need want would like",
  ),
  de: words(
    "der die das den dem des ein eine einen einem einer und oder aber nicht kein keine keinen von zu zum zur im in auf an bei fur mit ohne uber aus nach ist sind war waren sein bin hat haben habe hatte kann konnen konnte wird werden wurde soll muss mochte ich du er sie es wir ihr mich mir dich dir uns euch mein meine meinen meinem meiner dein deine euer eure ihre ihren dieser diese dieses hier was welche wer wie wann wo warum wenn dann als so auch nur noch schon sehr bitte danke hallo guten tag",
  ),
  fr: words(
    "le la les un une des du de et ou mais ne pas plus au aux en dans sur pour avec sans par est sont etait etre suis ai as a avez avons ont avoir peux peut pouvez puis veux voudrais faire je tu il elle nous vous ils elles me moi te se mon ma mes ton ta tes votre vos notre nos leur ce cet cette ces ici que qui quoi quel quelle comment quand ou pourquoi si alors aussi tres bien bonjour merci svp oui non est-ce j'ai c'est n'est qu'est",
  ),
  es: words(
    "el la los las un una unos unas y o pero no de del al en con sin por para sobre es son era ser soy esta estan estoy ha he han hay tengo tiene puede puedo quiero quisiera hacer yo tu el ella nosotros ustedes me mi mis te su sus nos lo le les este esta esto estos aqui que quien cual como cuando donde porque si entonces muy tambien mas ya hola gracias buenos buenas dias por favor",
  ),
  it: words(
    "il lo la i gli le un uno una e o ma non di del della dei a al alla in nel nella con senza per su da dal e' sono era essere ho hai ha hanno avere posso puo vorrei voglio fare io tu lui lei noi voi loro mi mio mia miei mie ti tuo vostro vostra ci questo questa questi qui che chi quale come quando dove perche se allora molto anche gia ciao buongiorno grazie prego",
  ),
  pt: words(
    "o a os as um uma uns umas e ou mas nao de do da dos das em no na nos nas com sem por para sobre e sao era ser sou esta estao estou tenho tem posso pode quero gostaria fazer eu voce ele ela nos voces me meu minha meus minhas seu sua te lhe isto este esta isso aqui que quem qual como quando onde porque se entao muito tambem mais ja ola obrigado obrigada bom dia favor",
  ),
  nl: words(
    "de het een en of maar niet geen van te in op aan bij voor met zonder over uit naar is zijn was waren ben heb heeft hebben had kan kunnen kon wordt worden zal moet wil graag ik jij je u hij zij ze het wij we jullie mij me mijn jouw uw ons onze hun deze dit die dat hier wat welke wie hoe wanneer waar waarom als dan zo ook nog al heel bedankt dank hallo goedendag alstublieft",
  ),
};

const scripts: readonly (readonly [string, RegExp])[] = [
  ["ja", /[\p{sc=Hiragana}\p{sc=Katakana}]/gu],
  ["ko", /\p{sc=Hangul}/gu],
  ["zh", /\p{sc=Han}/gu],
  ["ru", /\p{sc=Cyrillic}/gu],
  ["ar", /\p{sc=Arabic}/gu],
  ["he", /\p{sc=Hebrew}/gu],
  ["el", /\p{sc=Greek}/gu],
  ["th", /\p{sc=Thai}/gu],
  ["hi", /\p{sc=Devanagari}/gu],
];

const charactersMax = 4000;

/** ISO 639-1; `en` when nothing says otherwise. */
export function languageOf(text: string): string {
  const sample = text.slice(0, charactersMax);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  for (const [language, script] of scripts) {
    if ((sample.match(script)?.length ?? 0) * 3 > letters && letters > 0) return language;
  }
  const plain = sample
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[\u2019`]/g, "'")
    .toLowerCase();
  const found = plain.match(/[a-z]+(?:['-][a-z]+)*/g) ?? [];
  let best = "en";
  let most = 0;
  for (const [language, list] of Object.entries(sets)) {
    const score = found.reduce((sum, word) => sum + (list.get(word) ?? 0), 0);
    if (score > most) {
      best = language;
      most = score;
    }
  }
  return best;
}

/** Each word's weight: one shared by many languages says little. */
const sets: Readonly<Record<string, ReadonlyMap<string, number>>> = weigh();

function weigh(): Record<string, Map<string, number>> {
  const counts = new Map<string, number>();
  for (const list of Object.values(functionWords)) {
    for (const word of new Set(list)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Object.fromEntries(
    Object.entries(functionWords).map(([language, list]) => [
      language,
      new Map(list.map((word) => [word, 1 / (counts.get(word) ?? 1)])),
    ]),
  );
}

function words(text: string): readonly string[] {
  return text.split(" ");
}
