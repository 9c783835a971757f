import type { Asset } from "../asset/asset.js";
import type { OutcomeKind, ReportedOutcome } from "../asset/outcome.js";
import type { OutcomeCursor } from "../job/cursor.js";

export interface OutcomeQuery {
  /** Outcomes after this one. */
  readonly after?: OutcomeCursor;
  readonly limit: number;
  /** @defaultValue all kinds */
  readonly kinds?: readonly OutcomeKind[];
}

export interface OutcomePage {
  readonly outcomes: readonly ReportedOutcome[];
  /** Undefined at the end of what is stored now. */
  readonly next?: OutcomeCursor;
}

/** Assets as discovery saw them. */
export interface AssetPage {
  readonly assets: readonly Asset[];
  /** Undefined at the end of what is stored now. */
  readonly next?: OutcomeCursor;
}

/** What a job has found and how that ended, readable while it runs. Everything comes in path order. */
export interface JobReports {
  outcomes(jobId: string, query: OutcomeQuery): Promise<OutcomePage>;

  /** The assets with an outcome of these kinds; of any kind, or none yet, where `kinds` is left out. */
  assets(jobId: string, query: OutcomeQuery): Promise<AssetPage>;

  /**
   * How these paths, given in path order, stand in the job: an outcome, null where it has none yet, undefined where the
   * job has not found it.
   */
  outcomesAt(jobId: string, paths: readonly string[]): Promise<readonly (ReportedOutcome | null | undefined)[]>;
}
