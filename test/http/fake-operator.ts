import { AssetmillError } from "../../src/core/errors.js";
import type { AssetStatusPage } from "../../src/core/job/asset-status.js";
import type { JobEvent } from "../../src/core/job/job-event.js";
import type { JobReport } from "../../src/core/job/job-report.js";
import type { ReportedOutcome } from "../../src/core/asset/outcome.js";
import type { ShownResult } from "../../src/core/ports/job-operator.js";
import type {
  AssetStatusRequest,
  HistoryPage,
  HistoryQuery,
  JobOperator,
  LogQuery,
  StartOptions,
  StartRequest,
} from "../../src/core/ports/job-operator.js";
import type { OutcomePage, OutcomeQuery } from "../../src/core/ports/job-reports.js";

/** Counted up, so that two jobs never share an id. */
export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A JobOperator without an engine: jobs are started, looked at and forgotten; `failWith` makes every call fail. */
export class FakeOperator implements JobOperator {
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  readonly lines = ["one", "two", "three"];
  /** What each job's outcomes are, all in chunk 0. */
  readonly reported: ReportedOutcome[] = [];
  /** What there is to be told of each job. */
  readonly told: JobEvent[] = [];
  written: ShownResult | undefined;
  readonly #jobs = new Map<string, JobReport>();
  #failure: { readonly thrown: unknown } | undefined;
  delayMs = 0;

  failWith(thrown: unknown): this {
    this.#failure = { thrown };
    return this;
  }

  /** A job that is there, and what is different about it. */
  withJob(over: Partial<JobReport> = {}): JobReport {
    const report = { ...reportFor(uuid(this.#jobs.size + 1), { path: "/a", type: "T" }, "ann"), ...over };
    this.#jobs.set(report.processingId, report);
    return report;
  }

  async start(request: StartRequest, by: string, options: StartOptions = {}) {
    await this.#called("start", request, by, ...(options.idempotencyKey === undefined ? [] : [options]));
    const report = reportFor(uuid(this.#jobs.size + 1), request, by);
    const busy = [...this.#jobs.values()].find((job) => job.path === report.path);
    if (busy) {
      throw new AssetmillError("PATH_BUSY", `job ${busy.processingId} is active on ${busy.path}`, {
        ids: { jobId: busy.processingId, path: busy.path, status: busy.status },
      });
    }
    this.#jobs.set(report.processingId, report);
    return { processingId: report.processingId };
  }

  async startOrJoin(request: StartRequest, by: string) {
    return { ...(await this.start(request, by)), joined: false, leftOut: [], warnings: [] };
  }

  async join(processingId: string) {
    await this.#called("join", processingId);
    return { processingId, joined: true, leftOut: [], warnings: [] };
  }

  async summary(processingId: string) {
    await this.#called("summary", processingId);
    return { types: {}, skips: {}, total: { total: 0, succeeded: 0, failed: 0, skipped: 0 } };
  }

  async status(processingId: string) {
    await this.#called("status", processingId);
    return this.#job(processingId);
  }

  async logs(processingId: string, query: LogQuery = {}) {
    await this.#called("logs", processingId, query);
    const limit = query.tail ?? query.limit ?? 500;
    const offset = query.tail === undefined ? (query.offset ?? 0) : Math.max(0, this.lines.length - query.tail);
    const lines = this.lines.slice(offset, offset + limit);
    return { lines, limit, offset, hasMore: offset + lines.length < this.lines.length };
  }

  cancel(processingId: string, by: string): Promise<JobReport> {
    return this.#changed("cancel", processingId, by);
  }

  pause(processingId: string, by: string): Promise<JobReport> {
    return this.#changed("pause", processingId, by);
  }

  resume(processingId: string, by: string): Promise<JobReport> {
    return this.#changed("resume", processingId, by);
  }

  restart(processingId: string, by: string) {
    return this.#again("restart", processingId, by);
  }

  retryFailed(processingId: string, by: string) {
    return this.#again("retryFailed", processingId, by);
  }

  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    await this.#called("history", query);
    return { jobs: [...this.#jobs.values()].reverse() };
  }

  async outcomes(processingId: string, query: OutcomeQuery): Promise<OutcomePage> {
    await this.#called("outcomes", processingId, query);
    const { kinds = ["SUCCEEDED", "FAILED", "SKIPPED"], after, limit } = query;
    const from = after ? after.index + 1 : 0;
    const wanted = this.reported.map((outcome, index) => ({ outcome, index })).slice(from);
    const found = wanted.filter(({ outcome }) => kinds.includes(outcome.outcome));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      outcomes: page.map(({ outcome }) => outcome),
      ...(last && found.length > limit ? { next: { chunk: 0, index: last.index } } : {}),
    };
  }

  async *events(processingId: string, { after }: { after?: string; signal?: AbortSignal } = {}) {
    await this.#called("events", processingId, { after });
    yield* this.told.slice(after === undefined ? 0 : this.told.findIndex(({ id }) => id === after) + 1);
  }

  async results(path: string) {
    await this.#called("results", path);
    return this.written;
  }

  async askAssetStatus(request: AssetStatusRequest, by: string) {
    await this.#called("askAssetStatus", request, by);
    return { jobId: uuid(99), status: "WAITING" };
  }

  async assetStatus(jobId: string, query: { after?: string; limit?: number } = {}): Promise<AssetStatusPage> {
    await this.#called("assetStatus", jobId, query);
    const counts = { SUCCESS: 1, FAILURE: 0, PROCESSING: 0, PENDING: 0 };
    const assets = [{ path: "/a/b.dita", uuid: null, status: "SUCCESS", exists: true }] as const;
    return { jobId, status: "SUCCESS", assets, counts };
  }

  async #changed(name: string, processingId: string, by: string): Promise<JobReport> {
    await this.#called(name, processingId, by);
    return this.#job(processingId);
  }

  async #again(name: string, processingId: string, by: string) {
    await this.#called(name, processingId, by);
    this.#job(processingId);
    return { processingId: uuid(this.#jobs.size + 1) };
  }

  #job(processingId: string): JobReport {
    const job = this.#jobs.get(processingId);
    if (job) return job;
    throw new AssetmillError("JOB_NOT_FOUND", `no job ${processingId}`, { ids: { jobId: processingId } });
  }

  async #called(name: string, ...args: unknown[]): Promise<void> {
    this.calls.push({ name, args });
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (this.#failure) throw this.#failure.thrown;
  }
}

const reportFor = (processingId: string, request: StartRequest, createdBy: string): JobReport => ({
  processingId,
  path: request.path ?? request.paths?.[0] ?? "/",
  status: "WAITING",
  triggeredCount: 0,
  startedAt: 0,
  completedAt: 0,
  hasLogs: true,
  createdBy,
  type: request.type,
  migrationSet: { totalFiles: 0, calculationStatus: "WAITING" },
  eta: { value: 0, unit: "SECONDS", basis: "UNKNOWN" },
  comments: "",
  filter: { fileTypes: ["DITAMAP"], startTime: 1_700_000_000_000, filterProcessedAssets: false },
  restartable: false,
  resumable: false,
  cancellable: true,
  paths: [request.path ?? "/"],
  priority: request.priority ?? 5,
  attempt: 1,
  processedCount: 0,
  succeededCount: 0,
  failedCount: 0,
  skippedCount: 0,
  warningCount: 0,
  progress: null,
  throughput: null,
  pausing: false,
  dryRun: request.dryRun ?? false,
});
