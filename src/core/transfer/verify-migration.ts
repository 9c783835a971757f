import type { Job } from "../job/job.js";
import { type JobRequest, MIGRATION_TYPE, scopeOfRequest } from "../job/job-request.js";
import type { LogEntry } from "../job/log-entry.js";
import { sumOf } from "../job/tally.js";
import type { AssetRepository } from "../ports/asset-repository.js";

/** What was asked for, and how many assets of that were copied. */
export interface Migration {
  readonly request: Pick<JobRequest, "paths" | "excludedPaths" | "filter">;
  readonly copied: number;
}

/** What the target holds of a migration. */
export interface MigrationCheck {
  readonly copied: number;
  readonly held: number;
  /** False: copies are missing. What the target holds beyond them was there before, or is gone at the source by now. */
  readonly isWhole: boolean;
}

const PAGE_SIZE = 2_000;

/** Returns whether a job ended whose copies are to be counted: a migration that wrote, and was not stopped. */
export const isEndedMigration = ({ request, state }: Job): boolean =>
  request.type === MIGRATION_TYPE && !request.dryRun && (state.status === "SUCCESS" || state.status === "FAILURE");

export const migrationOf = ({ request, tally }: Job): Migration => ({ request, copied: sumOf(tally).succeeded });

/**
 * Counts what the target holds of a migration's scope, page by page. Each copy was read back and compared when it was
 * made; this finds those that went missing since. Ends early, with what it has counted, once `signal` is aborted.
 */
export async function verifyMigration(
  { request, copied }: Migration,
  target: Pick<AssetRepository, "scan">,
  signal?: AbortSignal,
): Promise<MigrationCheck> {
  let held = 0;
  const options = { pageSize: PAGE_SIZE, ...(signal ? { signal } : {}) };
  for await (const page of target.scan(scopeOfRequest(request), options)) held += page.assets.length;
  return { copied, held, isWhole: held >= copied };
}

/** What the check found, for the job's log and whoever watches. */
export function verifiedLine({ copied, held, isWhole }: MigrationCheck): LogEntry {
  return isWhole
    ? {
        level: "INFO",
        message: `Verified: ${copied} copies read back, hashes equal; the target holds ${held} assets of this scope`,
      }
    : {
        level: "WARN",
        message: `Not verified: ${copied} copies were read back, but the target holds only ${held} assets of this scope`,
      };
}
