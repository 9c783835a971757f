/**
 * How often a test that bounds a time or a memory is tried again: `it(…).retries(NOISY)`. What is bounded is promised
 * of the product; the pauses of a busy machine, seconds at times, are not the product's, and seldom come three times
 * running. Each repetition is said aloud.
 */
export const NOISY = 2;

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const again = (this.currentTest as (Mocha.Test & { currentRetry(): number }) | undefined)?.currentRetry() ?? 0;
    if (again > 0) process.stderr.write(`\n*** AGAIN (${again} of ${NOISY}): ${this.currentTest?.fullTitle()} ***\n`);
  },
};
