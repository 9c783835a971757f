import { TooManyRequests } from "../too-many-requests.js";
import type { Claim } from "./credential-cache.js";
import { type Claimant, RecentLogins } from "./recent-logins.js";
import { type Stranger, StrangerQueue } from "./stranger-queue.js";

export interface LoginTurnsOptions {
  /** Checks under way at once. At most half of them, but at least one, are for strangers. */
  readonly concurrency: number;
  /** Strangers that may wait; any beyond are refused with RATE_LIMITED, the most suspicious first. */
  readonly maxWaiting: number;
  /** How long a stranger waits at most. @defaultValue 20 s: less than the 30 s after which a request is answered anyway */
  readonly maxWaitMs?: number;
}

const MAX_WAIT_MS = 20_000;

interface Waiting extends Stranger {
  readonly key: string;
  readonly begin: () => void;
  readonly refuse: () => void;
}

/**
 * Hands out turns to check credentials where that costs much: threads, or requests to a server. Known callers never wait
 * behind strangers and are never refused for them. Known callers that wait are as many as known credentials at most.
 */
export class LoginTurns {
  readonly #logins = new RecentLogins();
  readonly #strangers = new StrangerQueue<Waiting>(this.#logins);
  readonly #known: (() => void)[] = [];
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  #running = 0;
  #runningStrangers = 0;

  constructor({ concurrency, maxWaiting, maxWaitMs = MAX_WAIT_MS }: LoginTurnsOptions) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Runs `check` when its turn comes. It returns undefined for wrong credentials, which counts against the claimant's
   * address. Rejects with RATE_LIMITED if a stranger finds too many others waiting, or waits too long.
   */
  async run<T>({ key, known }: Claim, claimant: Claimant, check: () => Promise<T | undefined>): Promise<T | undefined> {
    await (known ? this.#turnOfKnown() : this.#turnOfStranger(key, claimant));
    try {
      const result = await check();
      if (result === undefined) this.#logins.failed(claimant);
      else this.#logins.succeeded(claimant);
      return result;
    } finally {
      this.#running--;
      if (!known) this.#runningStrangers--;
      this.#next();
    }
  }

  /** Treats a stranger that waits as one that has only just come: it asked again. */
  renew(key: string): void {
    this.#strangers.renew((stranger) => stranger.key === key);
  }

  #turnOfKnown(): Promise<void> {
    return new Promise((begin) => {
      this.#known.push(begin);
      this.#next();
    });
  }

  #turnOfStranger(key: string, claimant: Claimant): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => {
        clearTimeout(timer);
        reject(new TooManyRequests("too many logins are being checked; try again shortly", 1_000));
      };
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const waiting: Waiting = { key, claimant, begin, refuse };
      const timer = setTimeout(() => {
        if (this.#strangers.remove(waiting)) refuse();
      }, this.#maxWaitMs).unref();
      this.#strangers.add(waiting);
      this.#next();
      if (this.#strangers.size > this.#maxWaiting) this.#strangers.shed()?.refuse();
    });
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const stranger = this.#known.length === 0 && this.#mayRunStranger() ? this.#strangers.take() : undefined;
      const begin = this.#known.shift() ?? stranger?.begin;
      if (!begin) return;
      this.#running++;
      if (stranger) this.#runningStrangers++;
      begin();
    }
  }

  #mayRunStranger(): boolean {
    return this.#runningStrangers < Math.max(1, Math.floor(this.#concurrency / 2));
  }
}
