/** An estimator of the remaining time that is told the number of assets handled. All times are milliseconds since the start. */
export interface Peer {
  /** So many assets are handled at this time. */
  record(done: number, atMs: number): void;
  /** Returns the remaining milliseconds; NaN if it cannot tell. */
  remainingMs(done: number, total: number, atMs: number): number;
}

/** Remaining assets at the average time of those handled. */
export class Elapsed implements Peer {
  record(): void {
    // Needs nothing but the time.
  }

  remainingMs(done: number, total: number, atMs: number): number {
    return (atMs / done) * (total - done);
  }
}

/** An exponential moving average, corrected for having started at 0. */
class Ema {
  readonly #smoothing: number;
  #last = 0;
  #calls = 0;

  constructor(smoothing: number) {
    this.#smoothing = smoothing;
  }

  add(value: number): number {
    this.#last = this.#smoothing * value + (1 - this.#smoothing) * this.#last;
    this.#calls++;
    return this.value;
  }

  get value(): number {
    return this.#calls === 0 ? 0 : this.#last / (1 - (1 - this.#smoothing) ** this.#calls);
  }
}

/**
 * tqdm 4.67, `std.py`: `update` adds to two moving averages (smoothing 0.3), of the steps and of the seconds between two
 * displays, at most one display in 0.1 s and one in so many steps as pass in about that time; its monitor thread resets
 * that number after 10 s without a display. `format_meter` divides the remaining steps by the ratio of the averages, and
 * by the average rate since the start before the first display.
 */
export class Tqdm implements Peer {
  readonly #steps = new Ema(0.3);
  readonly #seconds = new Ema(0.3);
  readonly #everySteps = new Ema(0.3);
  #minSteps = 0;
  #shownMs = 0;
  #shownDone = 0;

  record(done: number, atMs: number): void {
    const seconds = (atMs - this.#shownMs) / 1000;
    if (seconds >= MONITOR_S) this.#minSteps = 1;
    const steps = done - this.#shownDone;
    if (steps < this.#minSteps || seconds < MIN_INTERVAL_S) return;
    this.#steps.add(steps);
    this.#seconds.add(seconds);
    const stepsInInterval = (steps * MIN_INTERVAL_S) / seconds;
    this.#minSteps = seconds >= MONITOR_S ? stepsInInterval : this.#everySteps.add(stepsInInterval);
    this.#shownMs = atMs;
    this.#shownDone = done;
  }

  remainingMs(done: number, total: number, atMs: number): number {
    const rate = this.#seconds.value > 0 ? this.#steps.value / this.#seconds.value : done / (atMs / 1000);
    return ((total - done) / rate) * 1000;
  }
}
const MIN_INTERVAL_S = 0.1;
const MONITOR_S = 10;

/**
 * indicatif 0.17.4 and later, `Estimator` in `state.rs`: steps per second, smoothed twice, each time so that what is 15 s
 * old weighs a tenth; both averages are normalised for having started at 0, and weighted by the time since the last step.
 */
export class Indicatif implements Peer {
  #smoothed = 0;
  #doubleSmoothed = 0;
  #done = 0;
  #atMs = 0;

  record(done: number, atMs: number): void {
    if (done <= this.#done || atMs <= this.#atMs) return;
    const ageMs = atMs - this.#atMs;
    const weight = weightOf(ageMs);
    this.#smoothed = this.#smoothed * weight + ((done - this.#done) / ageMs) * (1 - weight);
    const normalised = this.#smoothed / (1 - weightOf(atMs));
    this.#doubleSmoothed = this.#doubleSmoothed * weight + normalised * (1 - weight);
    this.#done = done;
    this.#atMs = atMs;
  }

  remainingMs(done: number, total: number, atMs: number): number {
    const weight = weightOf(atMs - this.#atMs);
    const whole = 1 - weightOf(atMs);
    const smoothed = (this.#smoothed * weight) / whole;
    const stepsPerMs = (this.#doubleSmoothed * weight + smoothed * (1 - weight)) / whole;
    return (total - done) / stepsPerMs;
  }
}
const weightOf = (ageMs: number): number => 0.1 ** (ageMs / 15_000);
