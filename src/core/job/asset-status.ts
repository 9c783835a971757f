import type { JobStatus } from "./lifecycle.js";

/** Post-processing status of an asset. PENDING: not processed yet. PROCESSING: a job is processing it. */
export const ASSET_STATUSES = ["SUCCESS", "FAILURE", "PROCESSING", "PENDING"] as const;

export type AssetStatus = (typeof ASSET_STATUSES)[number];

export interface AssetStatusEntry {
  readonly path: string;
  /** The UUID that processing wrote for the asset; null if none. */
  readonly uuid: string | null;
  readonly status: AssetStatus;
  /** Whether it exists in the repository now. */
  readonly exists: boolean;
}

/** One page of an asset status list. */
export interface AssetStatusPage {
  readonly jobId: string;
  /** Status of the job that lists the assets. The list is complete when it is SUCCESS. */
  readonly status: JobStatus;
  readonly assets: readonly AssetStatusEntry[];
  /** Number of this page's assets by status. */
  readonly counts: Readonly<Record<AssetStatus, number>>;
  /** Where the next page begins; undefined if no more is listed now. */
  readonly next?: string;
}
