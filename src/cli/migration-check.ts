import { verifyTarget } from "../composition/transfer.js";
import type { JobReport } from "../core/job/job-report.js";
import { MIGRATION_TYPE } from "../core/job/job-request.js";
import type { Output } from "./output.js";

/** Verifies the target of a migration that ended, and says what it holds. False where copies are missing. */
export async function migrationIsWhole(
  report: JobReport,
  target: string | undefined,
  output: Output,
): Promise<boolean> {
  if (report.type !== MIGRATION_TYPE || report.dryRun || target === undefined) return true;
  const { isWhole, line } = await verifyTarget(target, report, report.succeededCount);
  output.say(line);
  return isWhole;
}
