/**
 * How often a test that bounds a time or a memory is tried again: `it(…).retries(NOISY)`. What is bounded is promised
 * of the product; the pauses of a busy machine, seconds at times, are not the product's, and seldom come three times
 * running. Each repetition is reported. A test that is tried again asserts nothing but that bound: what is right at
 * every try, or wrong at one, belongs in a test without retries, for a race must not get three tries.
 */
export const NOISY = 2;

type Measure<F> = (this: Mocha.Context) => Promise<F>;

/**
 * Two tests over one run of `measure`, which asserts what is right and returns what the run took. The first has one
 * try. The second bounds those figures; where they are out of bounds it measures again, NOISY times at most, and an
 * assertion of `measure` that fails then fails it without another try.
 */
export function itMeasures<F>(
  title: string,
  measure: Measure<F>,
  boundTitle: string,
  expectWithin: (figures: F) => void,
): void {
  let figures: { readonly of: F } | undefined;
  it(title, async function () {
    figures = { of: await measure.call(this) };
  });
  it(boundTitle, async function () {
    const seen = figures ?? { of: await measuredAgain(this, measure) };
    figures = undefined;
    expectWithin(seen.of);
  }).retries(NOISY);
}

async function measuredAgain<F>(test: Mocha.Context, measure: Measure<F>): Promise<F> {
  try {
    return await measure.call(test);
  } catch (error) {
    test.retries(0);
    throw error;
  }
}

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const again = (this.currentTest as (Mocha.Test & { currentRetry(): number }) | undefined)?.currentRetry() ?? 0;
    if (again > 0) process.stderr.write(`\n*** AGAIN (${again} of ${NOISY}): ${this.currentTest?.fullTitle()} ***\n`);
  },
};
