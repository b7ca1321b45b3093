/**
 * Some processes of a run believe in another time: wrong by so much, forwards or backwards. Whatever is remembered for a
 * day is forgotten by then, or not yet true.
 */
export const wrongByMs = 25 * 3_600_000;

/** What a process has written down, by the run's own clock. @param now of that clock, within hours of the writing */
export const righted = (at: number, now: number) => at + Math.round((now - at) / wrongByMs) * wrongByMs;
