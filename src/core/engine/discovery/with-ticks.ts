import type { Clock } from "../../ports/clock.js";

/**
 * Yields the items of a source, and undefined whenever the next one takes longer than `untilTickMs` says. It is asked
 * again after each; undefined: no tick is needed before the next item. Like the source, it is read by one consumer; the
 * source is read one item ahead.
 */
export async function* withTicks<T>(
  source: AsyncIterable<T>,
  untilTickMs: () => number | undefined,
  clock: Pick<Clock, "sleep">,
): AsyncGenerator<T | undefined> {
  const items = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (let next = items.next(); ;) {
      const item = await itemWithin(next, untilTickMs(), clock);
      if (item === undefined) {
        yield undefined;
        continue;
      }
      if (item.done) {
        isOver = true;
        return;
      }
      // Read while the consumer is at work on this one.
      next = items.next();
      next.catch(() => {});
      yield item.value;
    }
  } finally {
    // The consumer left early. A source that hangs must not hold it up.
    if (!isOver) items.return?.().catch(() => {});
  }
}

/** Returns undefined if the time runs out first. */
async function itemWithin<T>(
  next: Promise<IteratorResult<T>>,
  ms: number | undefined,
  clock: Pick<Clock, "sleep">,
): Promise<IteratorResult<T> | undefined> {
  if (ms === undefined) return next;
  const over = new AbortController();
  try {
    return await Promise.race([next, clock.sleep(Math.max(0, ms), over.signal).then(() => undefined)]);
  } finally {
    over.abort(OVER);
  }
}

/** A preallocated reason: abort() without one creates an error with a stack each time. */
const OVER = new Error("the wait is over");
