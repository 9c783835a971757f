import { LRUCache } from "lru-cache";
import { AssetmillError } from "../../../../core/errors.js";

/** So many writes of a job, all denied and none done, are no matter of single assets. */
export const MAX_DENIED = 50;
/** How long a job that writes nothing is remembered. */
const REMEMBERED_MS = 60_000;

/** Whether a job's user may write at all: told from its first writes, as this process saw them. */
export class DeniedWrites {
  readonly #denied = new LRUCache<string, number>({ max: 1_000, ttl: REMEMBERED_MS });
  readonly #may = new LRUCache<string, true>({ max: 1_000 });

  wrote(jobId: string): void {
    this.#may.set(jobId, true);
  }

  /** Throws ACCESS_DENIED where everything so far was denied, and that is enough: whoever mends it can resume the job. */
  denied(jobId: string, why: string): void {
    if (this.#may.has(jobId)) return;
    const count = (this.#denied.get(jobId) ?? 0) + 1;
    this.#denied.set(jobId, count);
    if (count < MAX_DENIED) return;
    const message = `the server denied the first ${MAX_DENIED} writes of this job, all of them; may its user write here? (${why})`;
    throw new AssetmillError("ACCESS_DENIED", message);
  }
}
