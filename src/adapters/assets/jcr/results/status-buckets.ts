import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import { AssetmillError } from "../../../../core/errors.js";
import { parentPath } from "../../../../core/asset/path.js";
import type { JcrDialect } from "../dialects/dialect.js";
import { ancestorsOf } from "../dialects/jcr-names.js";
import { isConflict, JcrFault, refusalOf, unavailable } from "../errors.js";

export const STATUS_TYPE = "oak:Unstructured";

/** Tries while others create the same nodes. */
const TRIES = 8;

/** Types of nodes above our own, best first: what Sling and AEM make /var of, and what a plain Oak has. */
const ANCESTOR_TYPES = ["sling:Folder", STATUS_TYPE, "nt:unstructured"] as const;

/** Returns the nodes above one, without the root, parents first. */
const above = (path: string): readonly string[] =>
  ancestorsOf(parentPath(path))
    .filter((ancestor) => ancestor !== "/")
    .reverse();

/** Creates the nodes below which results about plain files are stored, and the missing ones above, when they are first needed. */
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
      const own = await this.#missing(paths);
      const ancestors = own.includes(this.#status) ? await this.#missing(above(this.#status)) : [];
      const type = ancestors.length > 0 ? await this.#ancestorType() : STATUS_TYPE;
      const add = (path: string, primaryType: string) => ({ kind: "add", path, node: { primaryType } }) as const;
      try {
        return await this.#dialect.write([
          ...ancestors.map((path) => add(path, type)),
          ...own.map((path) => add(path, STATUS_TYPE)),
        ]);
      } catch (error) {
        if (!(error instanceof JcrFault)) throw error;
        if (!isConflict(error)) throw this.#impossible(error);
        if (attempt === TRIES) {
          // Nobody makes the same nodes so often: one is there that this user may not read.
          if (error.kind === "ItemExistsException") throw this.#impossible(error);
          throw unavailable(`concurrent writers below ${this.#status} keep interfering: ${error.message}`, error);
        }
        await sleep(20 * 2 ** attempt * Math.random());
      }
    }
  }

  /** Returns those nodes that do not exist, or that this user may not read. */
  async #missing(paths: readonly string[]): Promise<readonly string[]> {
    const nodes = await this.#dialect.read(paths, 0);
    return paths.filter((_, i) => nodes[i] === undefined);
  }

  async #ancestorType(): Promise<string> {
    const types = await this.#dialect.read(
      ANCESTOR_TYPES.map((type) => `/jcr:system/jcr:nodeTypes/${type}`),
      0,
    );
    // Who may not read the types gets the most general one.
    return ANCESTOR_TYPES.find((_, i) => types[i] !== undefined) ?? "nt:unstructured";
  }

  #impossible(fault: JcrFault): AssetmillError {
    const code = refusalOf(fault) === "ACCESS_DENIED" ? "ACCESS_DENIED" : "WRITE_FAILED";
    const message = `cannot store results about plain files below ${this.#status} (use ?status= to name another node): ${fault.message}`;
    return new AssetmillError(code, message, { cause: fault });
  }
}
