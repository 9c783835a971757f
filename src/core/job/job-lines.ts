import { FILE_TYPES } from "../asset/file-type.js";
import type { SkipCode } from "../asset/outcome.js";
import type { Job, JobDraft } from "./job.js";
import { LISTED_PATHS } from "./listed-job.js";
import { info, type LogEntry } from "./log-entry.js";
import { etaOf, throughputOf } from "./eta.js";
import { sumOf, type TypeTally } from "./tally.js";

/** The messages of a job's log. */

/** Lists are cut like those of jobs in lists: the status has them whole. */
function list(items: readonly string[]): string {
  const more = items.length - LISTED_PATHS;
  return `[${items.slice(0, LISTED_PATHS).join(", ")}${more > 0 ? ` and ${more} more` : ""}]`;
}

/** The first lines of a new job's log: what was asked for, and the warnings about it. */
export const firstLines = (job: Job, { warnings = [] }: JobDraft): readonly LogEntry[] => [
  startLine(job),
  ...warnings.map((message): LogEntry => ({ level: "WARN", message })),
];

function startLine(job: Job): LogEntry {
  const { paths, excludedPaths, filter, maxFailures, dryRun, onOverlap, failedOf } = job.request;
  const parts = [
    paths.length === 1 ? `path=${paths[0]}` : `paths=${list(paths)}`,
    ...(excludedPaths ? [`excluded=${list(excludedPaths)}`] : []),
    ...(filter && filter.fileTypes.length > 0 ? [`fileTypes=${list(filter.fileTypes)}`] : []),
    ...(filter?.startTime === undefined ? [] : [`startTime=${filter.startTime}`]),
    ...(filter?.endTime === undefined ? [] : [`endTime=${filter.endTime}`]),
    ...(filter?.filterProcessedAssets ? ["filterProcessedAssets=true"] : []),
    ...(maxFailures === undefined ? [] : [`maxFailures=${maxFailures}`]),
    ...(dryRun ? ["dryRun=true"] : []),
    ...(onOverlap === undefined ? [] : [`onOverlap=${onOverlap}`]),
    ...(failedOf === undefined ? [] : [`failedOf=${failedOf}`]),
  ];
  return info(`Started by ${job.createdBy}: ${parts.join(" ")}`);
}

export function countedLine(job: Job): LogEntry {
  const total = sumOf(job.tally).total;
  const skips = Object.entries(job.tally.skips).filter(([code]) => DISCOVERY_SKIPS.has(code));
  const skipped = skips.reduce((sum, [, count]) => sum + count, 0);
  const detail = skipped === 0 ? "" : `; ${skipped} skipped: ${skips.map(([code, n]) => `${n} ${code}`).join(", ")}`;
  return info(`Counted ${total} assets${detail}`);
}

/** Says once how many hidden files and folders discovery left out; nothing if there were none. */
export const hiddenLines = ({ tally: { hidden = 0 } }: Job): readonly LogEntry[] =>
  hidden === 0 ? [] : [info(`${leftOut(hidden)}; ?hidden=true in the repository's URI includes them`)];

/** One sentence on hidden files and folders that were left out. */
export const leftOut = (hidden: number): string =>
  `Left out ${hidden} hidden file${hidden === 1 ? "" : "s"} or folder${hidden === 1 ? "" : "s"} ` +
  "(.NAME, ~$NAME, Thumbs.db, __MACOSX)";

const DISCOVERY_SKIPS: ReadonlySet<string> = new Set<SkipCode>([
  "IGNORED_PATH",
  "CONTENT_FRAGMENT",
  "SUB_ASSET",
  "TRANSLATION_OUTPUT",
  "PATH_TOO_LONG",
  "GONE",
]);

export function progressLine(job: Job): LogEntry {
  const { total, succeeded, failed, skipped } = sumOf(job.tally);
  const done = succeeded + failed + skipped;
  const rate = throughputOf(job);
  const eta = etaOf(job);
  const counted = job.counting === "SUCCESS";
  const share = counted && total > 0 ? ` (${Math.floor((100 * done) / total)}%)` : "";
  const speed = rate === null ? "" : `, ${rate.toFixed(1)}/s`;
  const left =
    eta.basis === "UNKNOWN"
      ? ""
      : eta.basis === "LOWER_BOUND"
        ? `, at least ${eta.value} s left`
        : `, about ${eta.value} s left`;
  return info(`Progress ${done}/${total}${counted ? "" : " (still counting)"}${share}${speed}${left}`);
}

const counts = ({ succeeded, failed, skipped }: TypeTally): string =>
  `${succeeded} succeeded, ${failed} failed, ${skipped} skipped`;

/** The last lines of a job's log: totals, each file type, each skip reason, warnings if there are any, time. */
export function summaryLines(job: Job, nowMs: number): readonly LogEntry[] {
  const total = sumOf(job.tally);
  const lines = [info(`Total ${total.total}: ${counts(total)}`)];
  for (const type of FILE_TYPES) {
    const tally = job.tally.types[type];
    if (tally) lines.push(info(`${type} ${tally.total}: ${counts(tally)}`));
  }
  for (const [code, count] of Object.entries(job.tally.skips)) lines.push(info(`Skipped ${code} ${count}`));
  if (job.warnings > 0) lines.push(info(`Warnings ${job.warnings}`));
  lines.push(info(`Time ${duration(nowMs - job.startedAtMs)}`));
  return lines;
}

/** `HH:mm:ss`; hours may have more digits. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
