/** Ids as Discord gives them out: later ones are larger, and all of them tell when they were made. */
const epochMs = 1_420_070_400_000n;

export function createSnowflakes(): () => string {
  let last = 0n;
  return () => {
    const next = (BigInt(Date.now()) - epochMs) << 22n;
    last = next > last ? next : last + 1n;
    return String(last);
  };
}
