/** What people call a password, and what they say of one that is none, in the languages that customers write. */

/** Any of these, as a pattern; case does not matter. */
export const passwordNames =
  "pass ?(?:word|phrase)s?|passwort|passwd|passw|pwd|pw|kennwort|mot de passe|mdp|contrase[ñn]a|palabra clave|clave|parola|senha|palavra[- ]passe|wachtwoord|has[łl]o|l[öo]senord|adgangskode|passord|salasana|heslo|[şs]ifre(?:m|n|niz)?|jelsz[óo]|парол[ья]?м?|κωδικός|סיסמה|كلمة (?:المرور|السر)|パスワード|密[码碼]|비밀번호|पासवर्ड";

/** A quick look for one of them. */
export const passwordHint =
  /pass|pw|mdp|kennw|contrase|clave|parola|senha|palavra|wachtw|has[łl]o|senord|adgang|salasana|heslo|[şs]ifre|jelsz|парол|κωδ|סיסמה|كلمة|パスワ|密[码碼]|비밀|पासव/i;

export const verbs =
  "is|was|are|were|be|ist|war|lautet|hei(?:ß|ss)t|est|c'est|[ée]tait|es|era|è|é|eh|jest|to|är|er|на|это|है|は|是|는|은|=";

export const prepositions = "for|on|at|für|fuer|beim|de|del|du|pour|para|per|do|da|voor|now|here|again|also";

const english =
  "a about again also and any are asking back bad because been before being blocked but by can cant cannot change changed changes compromised correct could current did didn didnt different do does doesn doesnt don dont else empty enough error even every exactly expired fails fine for forgot forgotten from getting gone good got had hacked has have help here how however i if in incorrect instead into invalid is isn isnt it its just known leaked like link locked long lost me mine missing my needed new no none not now of off ok okay old on once one only or our out over page please protected question removed required reset right same saved says secure set short should so some still stolen stored strong such thank thanks that the their them then there these they this those to too unknown until up was wasn wasnt we weak what when where which while who why will with within without won wont working would wrong yes yet you your tba tbd todo null undefined true false optional hidden redacted string text value username user login email mail";
const others =
  "falsch richtig vergessen abgelaufen ungültig gesperrt weg neu alt nicht kein ändern zurücksetzen wie was warum ich mein bitte oublié oubliée incorrecte perdu expiré faux bloqué pas le la les je mon comment pourquoi merci incorrecta olvidada caducada perdida errónea mi como cómo por qué sbagliata scaduta dimenticata non errata incorreta esquecida expirada não";
const ordinaryWords: ReadonlySet<string> = new Set(`${english} ${others}`.split(" "));

/** A word that people say of their password, and hardly ever one that they choose. */
export function isOrdinary(value: string): boolean {
  const word = value.toLowerCase().replace(/['’!?.,]/g, "");
  return (
    ordinaryWords.has(word) ||
    /(?:ed|ing|ly|able|ible|ive|ent|ant|ect|ful|less)$/.test(word) ||
    !/^[\p{L}\p{M}]{3,}$/u.test(word)
  );
}
