import { invalidParameter } from "../../core/errors.js";
import { escapeLine, hasLevel, type LogLevel } from "../../core/job/log-entry.js";
import type { OutcomeKind, ReportedOutcome } from "../../core/asset/outcome.js";
import type { OutcomeCursor } from "../../core/job/cursor.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { type JobsFlags, withJobs } from "../with-jobs.js";
import type { Output } from "../output.js";
import { shownPath } from "../shown-path.js";

export interface ReportFlags extends JobsFlags {
  readonly json?: boolean;
}

const PAGE = 1_000;

/** Prints the outcome of every asset of a job in path order, page by page, whatever the job's size. */
export const outcomesCommand = (id: string, flags: ReportFlags, output: Output): Promise<ExitCode> =>
  report(id, ["SUCCEEDED", "FAILED", "SKIPPED"], flags, output);

/** Prints every asset that failed or was skipped, and why. */
export const failuresCommand = (id: string, flags: ReportFlags, output: Output): Promise<ExitCode> =>
  report(id, ["FAILED", "SKIPPED"], flags, output);

function report(id: string, kinds: readonly OutcomeKind[], flags: ReportFlags, output: Output): Promise<ExitCode> {
  return withJobs(flags, async (jobs) => {
    let after: OutcomeCursor | undefined;
    do {
      const page = await jobs.outcomes(id, { kinds, limit: PAGE, ...(after ? { after } : {}) });
      for (const outcome of page.outcomes) {
        if (flags.json) output.json(outcome);
        else output.line(textOf(outcome));
      }
      after = page.next;
    } while (after);
    return EXIT.success;
  });
}

function textOf({ path, outcome, code, message, handler, attempts }: ReportedOutcome): string {
  const why = [code, message, handler && `[${handler}]`].filter(Boolean).join(" ");
  const tries = attempts > 1 ? ` (${attempts} tries)` : "";
  return `${outcome.padEnd(9)} ${shownPath(path)}${escapeLine(`${why === "" ? "" : `: ${why}`}${tries}`)}`;
}

export interface LogFlags extends ReportFlags {
  readonly offset?: number;
  readonly limit?: number;
  readonly tail?: number;
  readonly level?: LogLevel;
}

/** Prints a job's log, or the requested lines. With a level, `limit` counts only lines of that level. */
export function logsCommand(id: string, flags: LogFlags, output: Output): Promise<ExitCode> {
  const { level } = flags;
  if (level !== undefined && flags.tail !== undefined) {
    throw invalidParameter("level", "--level and --tail cannot be combined");
  }
  return withJobs(flags, async (jobs) => {
    const print = (text: string, line: number): void => {
      if (flags.json) output.json({ line, text });
      else output.line(text);
    };
    if (flags.tail !== undefined) {
      const { lines, offset } = await jobs.logs(id, {
        tail: flags.tail,
        ...(flags.offset === undefined ? {} : { offset: flags.offset }),
        ...(flags.limit === undefined ? {} : { limit: flags.limit }),
      });
      for (const [i, text] of lines.entries()) print(text, offset + i);
      return EXIT.success;
    }
    let offset = flags.offset ?? 0;
    let left = flags.limit ?? Number.POSITIVE_INFINITY;
    let hasMore: boolean;
    do {
      const page = await jobs.logs(id, { offset, limit: level === undefined ? Math.min(left, PAGE) : PAGE });
      for (const [i, text] of page.lines.entries()) {
        if (left === 0 || (level !== undefined && !hasLevel(text, level))) continue;
        print(text, page.offset + i);
        left--;
      }
      offset += page.lines.length;
      hasMore = page.hasMore && page.lines.length > 0;
    } while (hasMore && left > 0);
    return EXIT.success;
  });
}
