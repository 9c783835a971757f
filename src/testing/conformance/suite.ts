/** A promise of every adapter of a port, as a sentence, and a check of it. */
export interface Guarantee<Fixture, Flag extends string = never> {
  readonly guarantee: string;
  /** The flag that it depends on: an adapter whose flag is false does not promise it. */
  readonly needs?: Flag;
  /** Rejects if the guarantee is broken. */
  check(fixture: Fixture): Promise<void>;
}

/** Optional abilities of an adapter. */
export type Flags<Flag extends string> = Readonly<Record<Flag, boolean>>;

/** The functions used of a test runner. mocha, vitest, jest and node:test all have them. */
export interface TestHost {
  describe(title: string, body: () => void): unknown;
  readonly it: ((title: string, body: () => Promise<void>) => unknown) & {
    skip(title: string, body: () => Promise<void>): unknown;
  };
  after(body: () => Promise<void>): unknown;
}

/** A port's guarantees, and one adapter to test against them. */
export interface Suite<Fixture, Flag extends string> {
  readonly title: string;
  readonly guarantees: readonly Guarantee<Fixture, Flag>[];
  readonly flags: Flags<Flag>;
  /** Runs a check with a fixture. */
  readonly run: (check: (fixture: Fixture) => Promise<void>) => Promise<void>;
  readonly close?: () => Promise<void>;
}

const isPromised = <Flag extends string>({ needs }: Guarantee<never, Flag>, flags: Flags<Flag>): boolean =>
  needs === undefined || flags[needs];

/**
 * Defines one test per guarantee, with the flags in the title. Guarantees that a flag switches off are shown as
 * skipped, with the reason, so that nothing is left out silently.
 */
export function testSuite<Fixture, Flag extends string>(
  { title, guarantees, flags, run, close }: Suite<Fixture, Flag>,
  host: TestHost = globalHost(),
): void {
  const shown = Object.entries(flags).map(([flag, on]) => `${flag}: ${on ? "yes" : "no"}`);
  host.describe(shown.length === 0 ? title : `${title} (${shown.join(", ")})`, () => {
    if (close) host.after(close);
    for (const promise of guarantees) {
      const test = (): Promise<void> => run((fixture) => promise.check(fixture));
      if (isPromised(promise, flags)) host.it(promise.guarantee, test);
      else host.it.skip(`${promise.guarantee} [not promised: ${promise.needs} is no]`, test);
    }
  });
}

/** A guarantee that an adapter broke. */
export interface Breach {
  readonly guarantee: string;
  readonly error: unknown;
}

/** Runs all checks without a test runner. Returns the broken guarantees, in order. */
export async function breachesOf<Fixture, Flag extends string>({
  guarantees,
  flags,
  run,
  close,
}: Suite<Fixture, Flag>): Promise<readonly Breach[]> {
  const breaches: Breach[] = [];
  for (const promise of guarantees) {
    if (!isPromised(promise, flags)) continue;
    try {
      await run((fixture) => promise.check(fixture));
    } catch (error) {
      breaches.push({ guarantee: promise.guarantee, error });
    }
  }
  await close?.();
  return breaches;
}

/** Returns the test runner whose functions are global: mocha, or jest and vitest with globals. */
function globalHost(): TestHost {
  const { describe, it, after, afterAll } = globalThis as unknown as Partial<TestHost> & {
    readonly afterAll?: TestHost["after"];
  };
  const last = after ?? afterAll;
  if (!describe || !it || !last)
    throw new Error("no global describe, it and after found: pass your test runner's as host");
  return { describe, it, after: last };
}
