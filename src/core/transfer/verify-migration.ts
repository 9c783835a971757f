import type { Job } from "../job/job.js";
import { type JobRequest, MIGRATION_TYPE, scopeOfRequest } from "../job/job-request.js";
import type { LogEntry } from "../job/log-entry.js";
import { sumOf } from "../job/tally.js";
import type { AssetRepository } from "../ports/asset-repository.js";

/** The scope of a migration, and the number of assets it copied. */
export interface Migration {
  readonly request: Pick<JobRequest, "paths" | "excludedPaths" | "filter">;
  readonly copied: number;
}

/** Result of verifying a migration. */
export interface MigrationCheck {
  readonly copied: number;
  readonly held: number;
  /** Whether the target has at least as many assets as were copied. It may have more, from before the migration. */
  readonly isWhole: boolean;
}

const PAGE_SIZE = 2_000;

/** Returns whether a job is a migration that ended and wrote copies, so that they can be verified. */
export const isEndedMigration = ({ request, state }: Job): boolean =>
  request.type === MIGRATION_TYPE && !request.dryRun && (state.status === "SUCCESS" || state.status === "FAILURE");

export const migrationOf = ({ request, tally }: Job): Migration => ({ request, copied: sumOf(tally).succeeded });

/**
 * Counts the assets that the target holds in a migration's scope, page by page. Each copy was already read back and
 * compared when it was made; this finds copies that have gone missing since. Ends early, with the count so far, when
 * `signal` is aborted.
 */
export async function verifyMigration(
  { request, copied }: Migration,
  target: Pick<AssetRepository, "scan">,
  signal?: AbortSignal,
): Promise<MigrationCheck> {
  let held = 0;
  const options = { pageSize: PAGE_SIZE, ...(signal ? { signal } : {}) };
  for await (const page of target.scan(scopeOfRequest(request), options)) {
    held += [...page.assets].filter(({ unreadable }) => !unreadable).length;
  }
  return { copied, held, isWhole: held >= copied };
}

/** Returns the check's result as a log line. */
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
