import { invalidParameter } from "../core/errors.js";

/** The longest time that a timer of Node's takes; in milliseconds, some 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Throws INVALID_PARAMETER, naming the option, if a limit is not an integer within these bounds. */
export function checkLimit(field: string, value: unknown, least = 1, most = MAX_TIMER_MS): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw invalidParameter(field, `must be an integer from ${least} to ${most}; got ${String(value)}`);
}
