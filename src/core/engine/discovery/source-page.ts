import type { AssetList } from "../../asset/asset-list.js";
import type { SkipCode } from "../../asset/outcome.js";
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

/** Assets that discovery found, and the path that it has reached. */
export interface SourcePage {
  readonly assets: AssetList;
  /** Skip codes that are decided already, by index. @defaultValue none */
  readonly skips?: ReadonlyMap<number, SkipCode>;
  readonly upTo: string;
  /** Number of hidden files and folders that were left out. @defaultValue 0 */
  readonly hidden?: number;
}
