/** What a company can do to a customer's money, orders and account, in the words of customers' languages. */

export interface Action {
  /** Speaks of it at all; in lower case. */
  named: RegExp;
  /** Says that it has happened. */
  happened: RegExp;
}

const action = (named: string, happened: string): Action => ({
  named: new RegExp(named),
  happened: new RegExp(happened),
});

/** The ones that say more come first; the last two only count where none of the others is named. */
const actions: readonly Action[] = [
  action(
    "refund|reimburs|money back|erstatt|rembours|reembols|devolv|rimbors|terugbeta",
    "refunded|reimbursed|erstattet|remboursé|reembolsad|devuelt|rimborsat|terugbetaald",
  ),
  action(
    "cancel|stornier|kündig|annul|cancelad",
    "cancell?ed|storniert|gekündigt|annulé|cancelad|annullat|geannuleerd",
  ),
  action(
    "discount|coupon|voucher|rabatt|gutschein|remise|réduction|descuento|sconto|korting|cupón",
    "discounted|discount|coupon|voucher|rabatt|gutschein|remise|réduction|descuento|sconto|korting|cupón",
  ),
  action(
    "credit|gutschr|gutgeschr|\\bavoir\\b|abonad|accredit",
    "credited|gutgeschrieben|crédité|abonad|accreditat",
  ),
  action(
    "compensat|goodwill|entschädig|dédommag|indemn|compens",
    "compensated|entschädigt|dédommagé|compensad",
  ),
  action("waiv|free of charge|erlass|exonér|condon", "waived|erlassen|exonéré|condonad"),
  action(
    "replac|exchang|ersatz|ersetz|umtausch|remplac|échang|reemplaz|sostitu",
    "replaced|exchanged|ersetzt|remplacé|échangé|reemplazad",
  ),
  action(
    "upgrad|downgrad|\\bplan|subscri|tarif|abonn|abo\\b|suscri",
    "upgraded|downgraded|plan|subscri|tarif|abonn|suscri",
  ),
  action(
    "\\breset|zurückgesetzt|zurücksetz|réinitialis|restablec",
    "reset|zurückgesetzt|réinitialisé|restablecid",
  ),
  action(
    "unlock|unblock|reactivat|entsperr|débloqu|desbloque",
    "unlocked|unblocked|reactivated|active|entsperrt|débloqué|desbloquead",
  ),
  action(
    "delet|clos(?:e|ing)|deactivat|gelösch|lösch|supprim|elimin",
    "deleted|closed|deactivated|gelöscht|supprimé|eliminad",
  ),
  action("return|retour|rücksend|devoluci", "returned|return|retour|devuelt"),
  action("address|adresse|dirección|indirizzo", "address|adresse|dirección|indirizzo"),
  action("payment|paid|zahlung|paiement|pago", "paid|payment|charged|bezahlt|payé|pagad"),
  action(
    "ship|sent|send|dispatch|deliver|arriv|versand|verschick|geschickt|gesendet|geliefert|envoy|expédi|livr|envia|entreg",
    "shipped|sent|dispatched|delivered|transit|versandt|verschickt|geliefert|envoyé|expédié|livré|enviad|entregad",
  ),
  action(
    "chang|updat|modif|correct|adjust|änder|aktualisier|modifi|actualiz|cambi|issu|process|appl|extend|fix|resolv",
    "changed|updated|modified|corrected|adjusted|geändert|aktualisiert|modifié|actualizad|cambiad|issued|processed|applied|extended|fixed|resolved|done",
  ),
];

const generalFrom = actions.length - 2;

/** The actions that a sentence speaks of: the particular ones, or else the general ones. */
export function actionsIn(sentence: string): Action[] {
  const lower = sentence.toLowerCase();
  const named = actions.map((one) => one.named.test(lower));
  const particular = actions.filter((_, at) => named[at] && at < generalFrom);
  return particular.length > 0 ? particular : actions.filter((_, at) => named[at]);
}
