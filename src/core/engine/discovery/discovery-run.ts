import type { Lease } from "../../job/lease.js";
import type { DiscoveryClaim } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { LeasedWork, StopReason } from "../leased-work.js";

/** A claimed discovery at work. */
export class DiscoveryRun implements LeasedWork {
  readonly job: Job;
  readonly claim: DiscoveryClaim;
  leaseUntilMs: number;
  readonly sinceMs: number;
  readonly alone = false;
  /** Whether a page was stored: a stop repeats what was found since. */
  hasProgress = false;
  readonly #stop = new AbortController();

  constructor(job: Job, claim: DiscoveryClaim, leaseUntilMs: number, sinceMs: number) {
    this.job = job;
    this.claim = claim;
    this.leaseUntilMs = leaseUntilMs;
    this.sinceMs = sinceMs;
  }

  get lease(): Lease {
    return this.claim.lease;
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  get over(): AbortSignal {
    return this.#stop.signal;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Stops the walk at once. It repeats at most the page that was not stored. */
  stop(reason: StopReason): void {
    if (!this.signal.aborted) this.#stop.abort(new Error(reason));
  }

  abandon(): void {
    // The walk may still wait for a repository call, which has its own timeout.
  }

  enforceDeadline(): void {
    // A walk over a million assets has no deadline. Repository calls have their own timeouts.
  }
}
