import { AssetmillError } from "../errors.js";

const MOST_CHARACTERS = 255;

/** The form of an idempotency key. */
export const IDEMPOTENCY_KEY = new RegExp(`^[\\x20-\\x7e]{1,${MOST_CHARACTERS}}$`);
/** The form in words, for messages. */
export const IDEMPOTENCY_KEY_ALLOWED = `1 to ${MOST_CHARACTERS} printable ASCII characters`;

/** The job that an idempotency key stands for, and its request's fingerprint. */
export interface KeyedJob {
  readonly jobId: string;
  readonly fingerprint: string;
}

/** Returns the job that a key stands for. Throws IDEMPOTENCY_CONFLICT if its request was a different one. */
export function jobOfKey(known: KeyedJob, fingerprint: string): string {
  if (known.fingerprint === fingerprint) return known.jobId;
  const message = `this key was already used for a different request, by job ${known.jobId}`;
  throw new AssetmillError("IDEMPOTENCY_CONFLICT", message, { ids: { jobId: known.jobId } });
}
