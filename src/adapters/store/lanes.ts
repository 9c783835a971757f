import type { ClaimRequest } from "../../core/ports/chunk-store.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import type { SqlDialect } from "../sql/sql-dialect.js";
import { handlersOf } from "./job-mapper.js";
import { CLAIMABLE } from "./job-status.js";
import { JOB } from "./tables.js";
import { workKey } from "./work-key.js";

/**
 * Claimable jobs stand in lanes: those of one lane have the same repository, handlers, priority and status of discovery, and
 * stand in the order of how long they have waited. So a claim looks only at the heads of the lanes that it can serve. The
 * index `job_claimable` holds them.
 */

/** SQL: the lane of a job, as the index has it. */
export const LANE = "(work_key || ' ' || cast(priority as text) || ' ' || counting)";

/** SQL condition on `j`: the job stands in its lane. */
export const IN_LANE = `${CLAIMABLE} and blocked_by is null`;

/** SQL: the order within a lane. */
export const LANE_ORDER = "claimed_at_ms, created_at_ms, sequence";

/** A lane that this node can serve. */
export interface Lane {
  readonly name: string;
  /** Its jobs' handlers, as stored. */
  readonly handlers: string;
  /** Whether jobs in it may have chunks, and whether their discovery may be READY. */
  readonly chunks: boolean;
  readonly discovery: boolean;
}

/** SQL: jobs in their lanes, by the index that holds them. */
export const inLanes = ({ byIndex }: SqlDialect): string => `${JOB} j ${byIndex("job_claimable")}`;

/** SQL: the first lane that meets a condition. */
const first = (dialect: SqlDialect, condition: string): string =>
  `select ${LANE} from ${inLanes(dialect)} where ${IN_LANE} ${condition} order by ${LANE} limit 1`;

/** How many jobs of a new kind are looked at for one whose record is sound. */
const LOOKED_AT = 20;

/** Most kinds of work that are remembered. */
const MAX_KNOWN = 1_000;

interface Work {
  readonly repository: string;
  readonly handlers: string;
}

/** Finds lanes, and remembers what work each work key stands for. */
export class Lanes {
  readonly #known = new Map<string, Work>();

  /** Returns the lanes that have jobs of this repository, whose handlers this node has. */
  async served(database: SqlDatabase, request: ClaimRequest): Promise<readonly Lane[]> {
    // Hops from one lane's first job to the next lane's.
    const { dialect } = database;
    const rows = await database.read(
      `with recursive lanes (lane) as (
         select * from (${first(dialect, "")}) as first_lane
         union all
         select (${first(dialect, `and ${LANE} > lanes.lane`)}) from lanes where lane is not null
       ) select lane from lanes where lane is not null`,
    );
    const served: Lane[] = [];
    for (const { lane } of rows) {
      const name = String(lane);
      const [key = "", , counting = ""] = name.split(" ");
      const work = await this.#workOf(database, key, name);
      if (work === undefined || work.repository !== request.repository) continue;
      if (!handlersOf(work.handlers)?.every((handler) => request.handlers.includes(handler))) continue;
      // Nobody has claimed discovery yet, or it is complete.
      const [chunks, discovery] = [counting !== "WAITING", counting !== "SUCCESS"];
      served.push({ name, handlers: work.handlers, chunks, discovery });
    }
    return served;
  }

  async #workOf(database: SqlDatabase, key: string, lane: string): Promise<Work | undefined> {
    const known = this.#known.get(key);
    if (known) return known;
    const rows = await database.read(
      `select repository, handlers from ${inLanes(database.dialect)} where ${LANE} = ? and ${IN_LANE} order by ${LANE_ORDER} limit ${LOOKED_AT}`,
      [lane],
    );
    const work = rows
      .map(({ repository, handlers }): Work => ({ repository: String(repository), handlers: String(handlers) }))
      // A damaged record no longer has what its key was made of.
      .find(({ repository, handlers }) => workKey(repository, handlers) === key);
    if (!work) return undefined;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, work);
    return work;
  }
}
