import { countAssets } from "../composition/transfer.js";
import type { JobReport } from "../core/job/job-report.js";
import { scopeOf } from "../core/asset/scope.js";
import type { Output } from "./output.js";

/**
 * Counts what the target holds of a migration's scope, and says so beside the copies that were read back. False where
 * some are missing; what is there beyond them was there before, or is gone at the source by now.
 */
export async function migrationIsWhole(report: JobReport, target: string, output: Output): Promise<boolean> {
  const { paths, excludedPaths = [], filter, succeededCount } = report;
  const held = await countAssets(
    target,
    scopeOf(paths, excludedPaths, {
      fileTypes: filter?.fileTypes ?? [],
      ...(filter?.startTime === undefined ? {} : { createdFromMs: filter.startTime }),
      ...(filter?.endTime === undefined ? {} : { createdToMs: filter.endTime }),
    }),
  );
  output.say(
    `Verified: ${succeededCount} copies read back, hashes equal; the target holds ${held} assets of this scope`,
  );
  return held >= succeededCount;
}
