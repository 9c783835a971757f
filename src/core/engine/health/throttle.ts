import type { HostHealth } from "../../ports/health-probe.js";

/** Everything that is looked at. */
export interface Vitals extends HostHealth {
  /** The slowest answer of the store. */
  readonly storeMs: number;
  /** The slowest answer of the repository. */
  readonly repositoryMs: number;
}

/** From which value on the host is unwell; 0: never. */
export type VitalLimits = Vitals;

/** Looks in a row, all of them bad, before one step down: a moment's trouble changes nothing. */
export const DOWN_AFTER = 4;
/** Looks in a row, all of them good, before one step up. */
export const UP_AFTER = 8;
/** Good is not just below the limit, or it would go up and down for ever. */
const GOOD_BELOW = 0.7;

const TELL: { readonly [V in keyof Vitals]: (value: number) => string } = {
  loopMs: (ms) => `event loop ${Math.round(ms)} ms late`,
  heapPercent: (percent) => `heap ${Math.round(percent)} % full`,
  storeMs: (ms) => `store took ${seconds(ms)}`,
  repositoryMs: (ms) => `repository took ${seconds(ms)}`,
};
const VITALS = ["loopMs", "heapPercent", "storeMs", "repositoryMs"] as const satisfies readonly (keyof Vitals)[];

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/**
 * How many assets may be in flight at once, by how the host is doing: half as many after some bad looks in a row, a
 * quarter of all more after some good ones. Never less than one: what is unwell may have nothing to do with us.
 */
export class Throttle {
  readonly #most: number;
  readonly #limits: VitalLimits;
  #count: number;
  #bad = 0;
  #good = 0;
  #cause = "";

  constructor(most: number, limits: VitalLimits) {
    this.#most = this.#count = most;
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Why there are fewer than there could be; undefined where there are not. */
  get why(): string | undefined {
    if (this.#count === this.#most) return undefined;
    return `${this.#cause}; ${this.#count} of ${this.#most} assets at once`;
  }

  /** Once a second or so. True where the count changed. */
  look(vitals: Vitals): boolean {
    const loads = VITALS.map((vital) => ({ vital, load: this.#load(vital, vitals[vital]) }));
    const worst = loads.reduce((a, b) => (b.load > a.load ? b : a));
    this.#bad = worst.load > 1 ? this.#bad + 1 : 0;
    this.#good = worst.load < GOOD_BELOW ? this.#good + 1 : 0;
    const before = this.#count;
    if (this.#bad >= DOWN_AFTER && before > 1) {
      this.#bad = 0;
      this.#count = Math.ceil(before / 2);
      this.#cause = TELL[worst.vital](vitals[worst.vital]);
    } else if (this.#good >= UP_AFTER && before < this.#most) {
      this.#good = 0;
      this.#count = Math.min(this.#most, before + Math.max(1, Math.floor(this.#most / 4)));
    }
    return this.#count !== before;
  }

  #load(vital: keyof Vitals, value: number): number {
    const limit = this.#limits[vital];
    return limit > 0 && Number.isFinite(value) ? value / limit : 0;
  }
}
