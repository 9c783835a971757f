import type { StartRequest } from "../core/ports/job-operator.js";
import { pointInTime } from "./point-in-time.js";

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
  const startTime =
    flags.createdAfter === undefined ? undefined : pointInTime(flags.createdAfter, "first", "created-after");
  const endTime =
    flags.createdBefore === undefined ? undefined : pointInTime(flags.createdBefore, "last", "created-before");
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
