// How long to wait before connecting again: doubles from half a second to eight, each with jitter, so that
// a restarted exchange does not meet all its clients in the same moment.

const FIRST_MS = 500;
const LONGEST_MS = 8000;

/** `attempt` counts from 0; `random` is uniform in [0, 1). The wait lies in the upper half of the ceiling. */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return ceiling * (0.5 + 0.5 * random);
}
