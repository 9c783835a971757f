/** The right to work on one chunk, or, as number 0, on discovery. Its epoch is what commits are fenced by. */
export interface Lease {
  readonly jobId: string;
  readonly chunk: number;
  readonly epoch: number;
}

/** The lease row that stands for a job's discovery. */
export const DISCOVERY = 0;

/** READY: free to be claimed. LEASED: owned until its time runs out. DONE: nothing is left to do. */
export type LeaseState = "READY" | "LEASED" | "DONE";
