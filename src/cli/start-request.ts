import { invalidParameter } from "../core/errors.js";
import type { StartRequest } from "../core/ports/job-operator.js";

/** The flags of `process` that select what to process. */
export interface RequestFlags {
  readonly type: string;
  readonly exclude: readonly string[];
  readonly fileType: readonly string[];
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly onlyChanged?: boolean;
  readonly maxFailures?: string;
  readonly dryRun?: boolean;
}

/** Builds the start request from the flags. The operator validates it. */
export function requestOf(path: string, flags: RequestFlags): StartRequest {
  const startTime = instant(flags.createdAfter, "created-after");
  const endTime = instant(flags.createdBefore, "created-before");
  const onlyChanged = flags.onlyChanged === true;
  const filtered = flags.fileType.length > 0 || startTime !== undefined || endTime !== undefined || onlyChanged;
  return {
    path,
    type: flags.type,
    ...(flags.exclude.length > 0 ? { excludedPaths: flags.exclude } : {}),
    ...(filtered
      ? {
          filter: {
            fileTypes: flags.fileType,
            ...(startTime === undefined ? {} : { startTime }),
            ...(endTime === undefined ? {} : { endTime }),
            ...(onlyChanged ? { filterProcessedAssets: true } : {}),
          },
        }
      : {}),
    ...(flags.maxFailures === undefined ? {} : { maxFailures: failureLimit(flags.maxFailures) }),
    ...(flags.dryRun ? { dryRun: true } : {}),
  };
}

/** Returns a count as a number and anything else, such as a percentage, as text; the operator validates it. */
const failureLimit = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

/** Parses any format that `Date` accepts (`2026-01-31`, `2026-01-31T08:00:00Z`) to epoch milliseconds. */
function instant(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{11,}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(ms) || !isDay(text))
    throw invalidParameter(flag, `${JSON.stringify(text)} is not a date such as 2026-01-31`);
  return ms;
}

/** False for a day that does not exist: `Date` would read February 31 as March 3. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return true;
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}
