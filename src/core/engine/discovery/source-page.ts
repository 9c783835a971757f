import type { ManifestEntry } from "../../job/chunk.js";
import type { AssetRepository } from "../../ports/asset-repository.js";
import type { JobReports } from "../../ports/job-reports.js";

export interface SourceTools {
  readonly repository: AssetRepository;
  readonly reports: JobReports;
}

export interface Walk {
  /** Starts after this path. */
  readonly after: string | undefined;
  readonly pageSize: number;
  readonly signal: AbortSignal;
}

/** Entries that discovery found, and the path that it has reached. */
export interface SourcePage {
  readonly entries: readonly ManifestEntry[];
  readonly upTo: string;
  /** Number of hidden files and folders that were left out. @defaultValue 0 */
  readonly hidden?: number;
}
