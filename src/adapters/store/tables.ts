/** Names of the store's tables, in one place. */
export const JOB = "assetmill_job";
export const LEASE = "assetmill_lease";
export const CHUNK = "assetmill_chunk";
export const OUTCOME_PART = "assetmill_outcome_part";
export const IDEMPOTENCY = "assetmill_idempotency";
export const LOG_BLOCK = "assetmill_log_block";
