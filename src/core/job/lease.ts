/** The right to work on one chunk, or on discovery (number 0). Commits are fenced by its epoch. */
export interface Lease {
  readonly jobId: string;
  readonly chunk: number;
  readonly epoch: number;
}

/** The chunk number of the lease on a job's discovery. */
export const DISCOVERY = 0;

/** READY: free to be claimed. LEASED: owned until it expires. DONE: nothing is left to do. */
export type LeaseState = "READY" | "LEASED" | "DONE";
