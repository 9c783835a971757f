import type { HostHealth } from "../../ports/health-probe.js";

/** Measurements that decide whether the host is overloaded. */
export interface Vitals extends HostHealth {
  /** The store's longest response time. */
  readonly storeMs: number;
  /** The repository's longest response time. */
  readonly repositoryMs: number;
}

/** Limits above which the host counts as overloaded. 0: no limit. */
export type VitalLimits = Vitals;

/** Number of bad looks in a row before a step down, so that short peaks change nothing. */
export const DOWN_AFTER = 4;
/** Number of good looks in a row before a step up. */
export const UP_AFTER = 8;
/** Share of the limit below which a look is good. It is well below 1, to avoid going up and down all the time. */
const GOOD_BELOW = 0.7;

const TELL: { readonly [V in keyof Vitals]: (value: number) => string } = {
  loopMs: (ms) => `event loop ${Math.round(ms)} ms late`,
  heapPercent: (percent) => `heap ${Math.round(percent)} % full`,
  storeMs: (ms) => `store took ${seconds(ms)} to answer`,
  repositoryMs: (ms) => `repository took ${seconds(ms)} to answer`,
};
const VITALS = ["loopMs", "heapPercent", "storeMs", "repositoryMs"] as const satisfies readonly (keyof Vitals)[];

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/**
 * Decides how many assets may be in flight at once, by the host's health. Halves the number after some bad looks in a
 * row and raises it by a quarter of the maximum after some good ones. Never goes below one: the overload may have
 * nothing to do with us.
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

  /** Why the number is reduced; undefined if it is not. */
  get why(): string | undefined {
    if (this.#count === this.#most) return undefined;
    return `${this.#cause}; ${this.#count} of ${this.#most} assets at once`;
  }

  /** Takes a look, about once a second. Returns whether the number changed. */
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
