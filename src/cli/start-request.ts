import { invalidParameter } from "../core/errors.js";
import type { StartRequest } from "../core/ports/job-operator.js";

/** The flags of `process` that say what to process. */
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

/** The start request that the command line asks for; what it means is for the operator to judge. */
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

/** A count, or a percentage; what is neither is refused by whoever knows the rule. */
const failureLimit = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

/** Epoch milliseconds of what `Date` understands: `2026-01-31`, `2026-01-31T08:00:00Z`. */
function instant(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{11,}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(ms) || !isDay(text))
    throw invalidParameter(flag, `${JSON.stringify(text)} is not a date such as 2026-01-31`);
  return ms;
}

/** False for a day that no month has: `Date` would take the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return true;
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}
