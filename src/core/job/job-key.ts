import { AssetmillError } from "../errors.js";

/** What an idempotency key stands for. */
export interface KeyedJob {
  readonly jobId: string;
  readonly fingerprint: string;
}

/** The job that a key stands for; IDEMPOTENCY_CONFLICT where it stands for another request than this one. */
export function jobOfKey(known: KeyedJob, fingerprint: string): string {
  if (known.fingerprint === fingerprint) return known.jobId;
  throw new AssetmillError("IDEMPOTENCY_CONFLICT", `this key stands for another request, that of job ${known.jobId}`, {
    ids: { jobId: known.jobId },
  });
}
