import type { Asset } from "../asset/asset.js";
import type { OutcomeKind, ReportedOutcome } from "../asset/outcome.js";
import type { OutcomeCursor } from "../job/cursor.js";

export interface OutcomeQuery {
  /** Returns only outcomes after this position. */
  readonly after?: OutcomeCursor;
  readonly limit: number;
  /** @defaultValue all kinds */
  readonly kinds?: readonly OutcomeKind[];
}

export interface OutcomePage {
  readonly outcomes: readonly ReportedOutcome[];
  /** Where the next page starts; undefined if no more is stored now. */
  readonly next?: OutcomeCursor;
}

/** Assets as discovery saw them. */
export interface AssetPage {
  readonly assets: readonly Asset[];
  /** Where the next page starts; undefined if no more is stored now. */
  readonly next?: OutcomeCursor;
}

/** A job's assets and outcomes, in path order. Readable while the job runs. */
export interface JobReports {
  outcomes(jobId: string, query: OutcomeQuery): Promise<OutcomePage>;

  /**
   * Returns the assets with an outcome of these kinds. Without `kinds`: all assets, including those with no outcome
   * yet.
   */
  assets(jobId: string, query: OutcomeQuery): Promise<AssetPage>;

  /**
   * Returns, for each path, its outcome in the job; null if it has none yet, undefined if the job has not found it. The
   * paths must be in path order.
   */
  outcomesAt(jobId: string, paths: readonly string[]): Promise<readonly (ReportedOutcome | null | undefined)[]>;
}
