import type { SqlDatabase } from "../sql/sql-database.js";
import { LEASE } from "./tables.js";

/** How long an answer is good: a claim follows the other, and a restart must go on within a second. */
const FRESH_MS = 300;

/** Owners of leases in this store whose process is known to be gone. */
export class DeadOwners {
  readonly #database: SqlDatabase;
  #known: readonly string[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** At most a moment old. A dead owner stays dead, so an old answer only misses some. */
  async known(isKnownDead: (owner: string) => boolean): Promise<readonly string[]> {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < FRESH_MS) return this.#known;
    const owners = await this.#database.read(`select distinct owner from ${LEASE} where state = 'LEASED'`);
    this.#askedMs = nowMs;
    this.#known = owners.map((row) => String(row.owner)).filter(isKnownDead);
    return this.#known;
  }
}
