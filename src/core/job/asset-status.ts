import type { JobStatus } from "./lifecycle.js";

/** How an asset stands with post-processing. PENDING: nothing was done yet; PROCESSING: a job is at it. */
export const ASSET_STATUSES = ["SUCCESS", "FAILURE", "PROCESSING", "PENDING"] as const;

export type AssetStatus = (typeof ASSET_STATUSES)[number];

export interface AssetStatusEntry {
  readonly path: string;
  /** What processing wrote as the asset's uuid; null where it wrote none. */
  readonly uuid: string | null;
  readonly status: AssetStatus;
  /** It stands in the repository now. */
  readonly exists: boolean;
}

/** A page of an asked-for status list. */
export interface AssetStatusPage {
  readonly jobId: string;
  /** Of the job that lists the assets; the list is whole once it is SUCCESS. */
  readonly status: JobStatus;
  readonly assets: readonly AssetStatusEntry[];
  /** Of this page, by status. */
  readonly counts: Readonly<Record<AssetStatus, number>>;
  /** Where the next page begins; undefined at the end of what is listed now. */
  readonly next?: string;
}
