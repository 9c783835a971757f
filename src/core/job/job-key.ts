import { AssetmillError } from "../errors.js";

const MOST_CHARACTERS = 255;

/** What an idempotency key looks like. */
export const IDEMPOTENCY_KEY = new RegExp(`^[\\x20-\\x7e]{1,${MOST_CHARACTERS}}$`);
/** The same in words. */
export const IDEMPOTENCY_KEY_ALLOWED = `1 to ${MOST_CHARACTERS} printable ASCII characters`;

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
