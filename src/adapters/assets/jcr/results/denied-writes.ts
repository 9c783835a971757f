import { LRUCache } from "lru-cache";
import { AssetmillError } from "../../../../core/errors.js";

/** So many denied writes without one success mean that the user may not write at all. */
const MAX_DENIED = 50;
/** How long a job that writes nothing is remembered. */
const REMEMBERED_MS = 60_000;

/** Detects a job whose user may not write at all, by the job's first writes in this process. */
export class DeniedWrites {
  readonly #denied = new LRUCache<string, number>({ max: 1_000, ttl: REMEMBERED_MS });
  readonly #may = new LRUCache<string, true>({ max: 1_000 });

  wrote(jobId: string): void {
    this.#may.set(jobId, true);
  }

  /** Throws ACCESS_DENIED once enough writes were denied and none succeeded: the job fails, and can be resumed when rights are fixed. */
  denied(jobId: string, why: string): void {
    if (this.#may.has(jobId)) return;
    const count = (this.#denied.get(jobId) ?? 0) + 1;
    this.#denied.set(jobId, count);
    if (count < MAX_DENIED) return;
    const message = `the server denied all of the first ${MAX_DENIED} writes of this job; grant its user write access, then resume the job (${why})`;
    throw new AssetmillError("ACCESS_DENIED", message);
  }
}
