import type { SqlDatabase } from "../sql/sql-database.js";
import { LEASE } from "./tables.js";

/** How long a result is cached: claims follow each other quickly, and a restart must resume within a second. */
const FRESH_MS = 300;

/** Finds owners of leases whose process is known to be dead. */
export class DeadOwners {
  readonly #database: SqlDatabase;
  #known: readonly string[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Returns the dead owners, cached for a moment. A stale result can only miss some: a dead owner stays dead. */
  async known(isKnownDead: (owner: string) => boolean): Promise<readonly string[]> {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < FRESH_MS) return this.#known;
    const owners = await this.#database.read(`select distinct owner from ${LEASE} where state = 'LEASED'`);
    this.#askedMs = nowMs;
    this.#known = owners.map((row) => String(row.owner)).filter(isKnownDead);
    return this.#known;
  }
}
