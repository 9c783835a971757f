/** Something that every adapter of a port promises, as a sentence, and how to find out. */
export interface Guarantee<Fixture, Flag extends string = never> {
  readonly guarantee: string;
  /** The capability it speaks of: an adapter whose flag is false does not promise it. */
  readonly needs?: Flag;
  /** Fails where the guarantee is broken. */
  check(fixture: Fixture): Promise<void>;
}

/** What an adapter can do beyond what every one does. */
export type Flags<Flag extends string> = Readonly<Record<Flag, boolean>>;

/** What is called of a test runner; mocha, vitest, jest and node:test all have it. */
export interface TestHost {
  describe(title: string, body: () => void): unknown;
  readonly it: ((title: string, body: () => Promise<void>) => unknown) & {
    skip(title: string, body: () => Promise<void>): unknown;
  };
  after(body: () => Promise<void>): unknown;
}

/** A port's guarantees, and one adapter to be held against them. */
export interface Suite<Fixture, Flag extends string> {
  readonly title: string;
  readonly guarantees: readonly Guarantee<Fixture, Flag>[];
  readonly flags: Flags<Flag>;
  /** Lends a check its fixture. */
  readonly run: (check: (fixture: Fixture) => Promise<void>) => Promise<void>;
  readonly close?: () => Promise<void>;
}

const isPromised = <Flag extends string>({ needs }: Guarantee<never, Flag>, flags: Flags<Flag>): boolean =>
  needs === undefined || flags[needs];

/**
 * One test for each guarantee, the flags in the title. What a flag switches off stands there as skipped, with its reason:
 * nothing is left out in silence.
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

/** Checks without a test runner: which of the promised guarantees are broken, in order. */
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

/** The runner whose functions are global: mocha; jest and vitest with globals. */
function globalHost(): TestHost {
  const { describe, it, after, afterAll } = globalThis as unknown as Partial<TestHost> & {
    readonly afterAll?: TestHost["after"];
  };
  const last = after ?? afterAll;
  if (!describe || !it || !last) throw new Error("no test runner's describe, it and after are global: hand them in");
  return { describe, it, after: last };
}
