import { performance } from "node:perf_hooks";

const WARM_UP = 2_000;
/** Jobs of one bulk insert. */
export const BATCH = 1_000;

/**
 * Runs a peer: `node NAME.mjs COUNT URL`. `work` enqueues and processes so many no-op jobs and returns how many it
 * processed. Prints `{ "handled", "seconds" }` of COUNT of them, after a warm-up that does not count.
 */
export async function runPeer(work) {
  const [count, url] = [Number(process.argv[2]), process.argv[3]];
  await work(Math.min(count, WARM_UP), url);
  const began = performance.now();
  const handled = await work(count, url);
  console.log(JSON.stringify({ handled, seconds: (performance.now() - began) / 1_000 }));
}

/** The numbers 0 to count - 1 in arrays of BATCH. */
export function* batches(count) {
  for (let from = 0; from < count; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
  }
}
