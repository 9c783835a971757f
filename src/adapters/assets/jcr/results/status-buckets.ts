import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import { AssetmillError } from "../../../../core/errors.js";
import type { JcrDialect } from "../dialects/dialect.js";
import { isConflict, JcrFault, refusalOf, unavailable } from "../errors.js";

export const STATUS_TYPE = "oak:Unstructured";

/** Tries while others create the same nodes. */
const TRIES = 8;

/** Creates the nodes below which results about plain files are stored, when they are first needed. */
export class StatusBuckets {
  readonly #dialect: JcrDialect;
  readonly #status: string;
  readonly #known = new LRUCache<string, true>({ max: 5_000, ttl: 60_000 });
  /** One at a time: the first results of a job need all buckets, and would create the same ones concurrently. */
  readonly #turn = pLimit(1);

  constructor(dialect: JcrDialect, status: string) {
    this.#dialect = dialect;
    this.#status = status;
  }

  /** Throws UNAVAILABLE if others keep writing there; ACCESS_DENIED or WRITE_FAILED, which end the job, if they cannot be created. */
  ensure(buckets: readonly string[]): Promise<void> {
    return this.#turn(async () => {
      const unknown = buckets.filter((bucket) => !this.#known.has(bucket));
      if (unknown.length === 0) return;
      await this.#make([this.#status, ...unknown]);
      for (const bucket of unknown) this.#known.set(bucket, true);
    });
  }

  /** Parents first. Other processes may create them at the same time. */
  async #make(paths: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const nodes = await this.#dialect.read(paths, 0);
      const missing = paths.filter((_, i) => nodes[i] === undefined);
      try {
        return await this.#dialect.write(
          missing.map((path) => ({ kind: "add", path, node: { primaryType: STATUS_TYPE } })),
        );
      } catch (error) {
        if (!(error instanceof JcrFault)) throw error;
        if (!isConflict(error)) throw this.#impossible(error);
        if (attempt === TRIES)
          throw unavailable(`concurrent writers below ${this.#status} keep interfering: ${error.message}`, error);
        await sleep(20 * 2 ** attempt * Math.random());
      }
    }
  }

  #impossible(fault: JcrFault): AssetmillError {
    const code = refusalOf(fault) === "ACCESS_DENIED" ? "ACCESS_DENIED" : "WRITE_FAILED";
    const message = `cannot store results about plain files below ${this.#status} (use ?status= to name another node): ${fault.message}`;
    return new AssetmillError(code, message, { cause: fault });
  }
}
