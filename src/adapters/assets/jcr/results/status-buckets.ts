import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import { AssetmillError } from "../../../../core/errors.js";
import type { JcrDialect } from "../dialects/dialect.js";
import { isConflict, JcrFault, refusalOf, unavailable } from "../errors.js";

export const STATUS_TYPE = "oak:Unstructured";

/** How often nodes that somebody else makes at the same time are looked for again. */
const TRIES = 8;

/** The nodes below which results about plain files stand; made when they are first needed. */
export class StatusBuckets {
  readonly #dialect: JcrDialect;
  readonly #status: string;
  readonly #known = new LRUCache<string, true>({ max: 5_000, ttl: 60_000 });
  /** One after the other: the first results of a job need them all, and would make the same ones at once. */
  readonly #turn = pLimit(1);

  constructor(dialect: JcrDialect, status: string) {
    this.#dialect = dialect;
    this.#status = status;
  }

  /** Errors: UNAVAILABLE where others make them all the time; what ends a job, where they cannot be made. */
  ensure(buckets: readonly string[]): Promise<void> {
    return this.#turn(async () => {
      const unknown = buckets.filter((bucket) => !this.#known.has(bucket));
      if (unknown.length === 0) return;
      await this.#make([this.#status, ...unknown]);
      for (const bucket of unknown) this.#known.set(bucket, true);
    });
  }

  /** Parents first; other processes may make them at the same time. */
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
        if (attempt === TRIES) throw unavailable(`others keep writing below ${this.#status}: ${error.message}`, error);
        await sleep(20 * 2 ** attempt * Math.random());
      }
    }
  }

  #impossible(fault: JcrFault): AssetmillError {
    const code = refusalOf(fault) === "ACCESS_DENIED" ? "ACCESS_DENIED" : "WRITE_FAILED";
    const message = `results about plain files cannot be kept below ${this.#status} (?status= names another place): ${fault.message}`;
    return new AssetmillError(code, message, { cause: fault });
  }
}
