import type * as CliProgress from "cli-progress";
import type { JobReport } from "../core/job/job-report.js";
import type { Output } from "./output.js";

const LINE_EVERY_MS = 5_000;

/** Shows a job's progress, updated on each call. */
export interface ProgressView {
  show(report: JobReport): void;
  end(): void;
}

/** Returns a progress bar on a terminal, elsewhere a plain line every few seconds. */
export async function progressView(output: Output): Promise<ProgressView> {
  return output.isTerminal ? new ProgressBar(output, await import("cli-progress")) : new ProgressLines(output);
}

const rate = (report: JobReport): string => (report.throughput === null ? "" : `${report.throughput}/s`);

function left(report: JobReport): string {
  if (report.eta.basis === "UNKNOWN" || report.eta.basis === "DONE") return "";
  const time = report.eta.value < 90 ? `${report.eta.value} s` : `${Math.round(report.eta.value / 60)} min`;
  return report.eta.basis === "LOWER_BOUND" ? `at least ${time} left` : `about ${time} left`;
}

const unattended = ({ unattendedSince }: JobReport): string =>
  unattendedSince === undefined ? "" : `no worker since ${new Date(unattendedSince).toISOString()}`;

/** How long this process may take for its first claim. Before, it is no news that nobody works on the job. */
const FIRST_CLAIM_MS = 2_000;

const details = (report: JobReport, viewedMs: number): string =>
  [
    rate(report),
    left(report),
    viewedMs < FIRST_CLAIM_MS ? "" : unattended(report),
    report.failedCount > 0 ? `${report.failedCount} failed` : "",
  ]
    .filter(Boolean)
    .join(", ");

class ProgressBar implements ProgressView {
  readonly #bar: CliProgress.SingleBar;
  readonly #sinceMs = performance.now();
  #started = false;

  constructor(output: Output, { Presets, SingleBar }: typeof CliProgress) {
    this.#bar = new SingleBar(
      {
        format: "{status} [{bar}] {percentage}% {value}/{totalText} {details}",
        stream: output.err,
        hideCursor: true,
        gracefulExit: false,
      },
      Presets.rect,
    );
  }

  show(report: JobReport): void {
    const total = report.migrationSet.totalFiles;
    const counting = report.migrationSet.calculationStatus !== "SUCCESS";
    const payload = {
      status: report.pausing ? "PAUSING" : report.status,
      totalText: counting ? `${total}+ (counting)` : String(total),
      details: details(report, performance.now() - this.#sinceMs),
    };
    if (!this.#started) this.#bar.start(Math.max(1, total), report.processedCount, payload);
    this.#started = true;
    this.#bar.setTotal(Math.max(1, total));
    this.#bar.update(report.processedCount, payload);
  }

  end(): void {
    if (this.#started) this.#bar.stop();
  }
}

class ProgressLines implements ProgressView {
  readonly #output: Output;
  readonly #sinceMs = performance.now();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  show(report: JobReport): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < LINE_EVERY_MS) return;
    this.#lastMs = nowMs;
    const total = report.migrationSet.totalFiles;
    const counting = report.migrationSet.calculationStatus === "SUCCESS" ? "" : " (still counting)";
    const more = details(report, nowMs - this.#sinceMs);
    this.#output.say(`${report.status} ${report.processedCount}/${total}${counting}${more === "" ? "" : `, ${more}`}`);
  }

  end(): void {
    // Nothing to clean up.
  }
}
