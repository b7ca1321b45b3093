/** Amounts of money as people write them ("100.00"), in integers of minor units (10000 cents). */

/**
 * Currencies whose minor unit is not a hundredth, after ISO 4217. Not asked of Intl: it gives the digits that people
 * usually show, so HUF and IDR would be off by a factor of 100.
 */
const exponents: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ").map((code) => [code, 0]),
  ),
  ...Object.fromEntries("BHD IQD JOD KWD LYD OMR TND".split(" ").map((code) => [code, 3])),
  CLF: 4,
  UYW: 4,
};

export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && (Object.hasOwn(exponents, code) || intlKnows(code));
}

/** Digits behind the point of a currency's minor unit. */
export function exponentOf(currency: string): number {
  return Object.hasOwn(exponents, currency) ? (exponents[currency] ?? 2) : 2;
}

/** Minor units of a decimal text; undefined when it is not an amount, is negative, or has too many digits. */
export function minorUnits(text: string, currency: string): number | undefined {
  const exponent = exponentOf(currency);
  const [, whole, fraction = ""] = /^(\d{1,12})(?:\.(\d{1,4}))?$/.exec(text) ?? [];
  if (whole === undefined || fraction.length > exponent) return undefined;
  return Number(whole) * 10 ** exponent + Number(fraction.padEnd(exponent, "0") || "0");
}

function intlKnows(code: string): boolean {
  return Intl.supportedValuesOf("currency").includes(code);
}
