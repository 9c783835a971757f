/** Milliseconds to wait before trying again to reach a store or repository: 0.2 s doubling to 10 s, jittered. */
export const backOff = (attempt: number, random: () => number): number =>
  Math.min(10_000, 200 * 2 ** Math.min(attempt - 1, 10)) * (0.5 + random() / 2);
