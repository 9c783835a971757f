import { createHash } from "node:crypto";
import type { Job, JobDraft } from "../../core/job/job.js";
import { type JobRequest, scopeOfRequest } from "../../core/job/job-request.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { HELD_PATH } from "./tables.js";

/**
 * The paths of all jobs that hold a scope, so that those which overlap another scope are found by index: two scopes can
 * only overlap if a root of one is a root of the other or lies above one. So a job's rows are its roots (`own` = 1) and all
 * paths above them (`own` = 0), each under a hash that includes repository and type, because paths may be longer than
 * what an index takes.
 */

/** Jobs that cannot overlap have different ones. */
export type JobKind = Pick<JobDraft, "repository"> & { readonly request: { readonly type: string } };

/** Row of a path. */
interface HeldPath {
  readonly path_hash: string;
  readonly own: 0 | 1;
}

const COLUMNS = { path_hash: "bytes", own: "integer" } as const;

/**
 * Most paths of a job. A job with more is entered by paths above its roots, which finds others that do not overlap; they are
 * told apart afterwards.
 */
const MAX_PATHS = 1_000;

/** Returns paths that are at or above the roots, and whether each stands for a root. At most `MAX_PATHS`. */
export function placesOf(roots: readonly string[]): ReadonlyMap<string, boolean> {
  const places = new Map([["/", roots.includes("/")]]);
  // Level by level, so that all roots are shortened to the same depth where there are too many paths.
  let deeper = roots.filter((root) => root !== "/").map((root) => ({ root, length: 0 }));
  while (deeper.length > 0) {
    const level = new Map<string, boolean>();
    const next: typeof deeper = [];
    for (const { root, length } of deeper) {
      const end = root.indexOf("/", length + 1);
      const path = end < 0 ? root : root.slice(0, end);
      level.set(path, end < 0 || (level.get(path) ?? false));
      if (end >= 0) next.push({ root, length: end });
    }
    if (places.size + level.size > MAX_PATHS) {
      for (const { root, length } of deeper) places.set(root.slice(0, length) || "/", true);
      break;
    }
    for (const [path, own] of level) places.set(path, own);
    deeper = next;
  }
  return places;
}

function hashOf({ repository, request: { type } }: JobKind, path: string): string {
  return createHash("sha256")
    .update(JSON.stringify([repository, type, path]))
    .digest("hex")
    .slice(0, 32);
}

/** Returns the rows of jobs whose scope may overlap that of these roots, as the JSON parameter of `heldRows`. */
export function soughtJson(kind: JobKind, roots: readonly string[]): string {
  const sought = [...placesOf(roots)].flatMap(([path, own]): HeldPath[] => {
    const path_hash = hashOf(kind, path);
    return own
      ? [
          { path_hash, own: 1 },
          { path_hash, own: 0 },
        ]
      : [{ path_hash, own: 1 }];
  });
  return JSON.stringify(sought);
}

/** SQL: the rows of one JSON parameter. */
export const heldRows = ({ dialect }: Pick<SqlTransaction, "dialect">): string => dialect.rows(COLUMNS);

/** Enters the paths of a job that holds its scope from now on. */
export async function enterPaths(
  tx: Pick<SqlTransaction, "dialect" | "query">,
  job: JobKind & Pick<Job, "sequence"> & { readonly request: Pick<JobRequest, "paths"> },
): Promise<void> {
  const { roots } = scopeOfRequest(job.request);
  const rows = [...placesOf(roots)].map(([path, own]): HeldPath => ({
    path_hash: hashOf(job, path),
    own: own ? 1 : 0,
  }));
  await tx.query(
    `insert into ${HELD_PATH} (path_hash, own, sequence) select path_hash, own, ${job.sequence} from ${heldRows(tx)} as paths`,
    [JSON.stringify(rows)],
  );
}

/** Removes the paths of a job that no longer holds its scope. */
export async function removePaths(tx: SqlTransaction, { sequence }: Pick<Job, "sequence">): Promise<void> {
  await tx.query(`delete from ${HELD_PATH} where sequence = ? returning sequence`, [sequence]);
}
