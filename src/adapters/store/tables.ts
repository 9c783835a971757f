/** Names of the store's tables, for SqlText. */
export const JOB = "{job}";
export const LEASE = "{lease}";
export const CHUNK = "{chunk}";
export const OUTCOME_PART = "{outcome_part}";
export const IDEMPOTENCY = "{idempotency}";
export const LOG_BLOCK = "{log_block}";
export const HELD_PATH = "{held_path}";
