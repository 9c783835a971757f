import { AssetmillError } from "../../src/core/errors.js";
import type { JobReport } from "../../src/core/operator/job-report.js";
import type { JobOperator, LogQuery, StartRequest } from "../../src/core/ports/job-operator.js";

/** Counted up, so that two jobs never share an id. */
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A JobOperator without an engine: jobs are started, looked at and forgotten; `failWith` makes every call fail. */
export class FakeOperator implements JobOperator {
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  readonly lines = ["one", "two", "three"];
  readonly #jobs = new Map<string, JobReport>();
  #failure: { readonly thrown: unknown } | undefined;
  delayMs = 0;

  failWith(thrown: unknown): this {
    this.#failure = { thrown };
    return this;
  }

  async start(request: StartRequest, by: string) {
    await this.#called("start", request, by);
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
    return { ...(await this.start(request, by)), joined: false, leftOut: [] };
  }

  async summary(processingId: string) {
    await this.#called("summary", processingId);
    return { types: {}, skips: {}, total: { total: 0, succeeded: 0, failed: 0, skipped: 0 } };
  }

  async status(processingId: string) {
    await this.#called("status", processingId);
    const job = this.#jobs.get(processingId);
    if (job) return job;
    throw new AssetmillError("JOB_NOT_FOUND", `no job ${processingId}`, { ids: { jobId: processingId } });
  }

  async logs(processingId: string, query: LogQuery = {}) {
    await this.#called("logs", processingId, query);
    const limit = query.tail ?? query.limit ?? 500;
    const offset = query.tail === undefined ? (query.offset ?? 0) : Math.max(0, this.lines.length - query.tail);
    const lines = this.lines.slice(offset, offset + limit);
    return { lines, limit, offset, hasMore: offset + lines.length < this.lines.length };
  }

  async cancel(processingId: string): Promise<JobReport> {
    return this.status(processingId);
  }

  async pause(processingId: string): Promise<JobReport> {
    return this.status(processingId);
  }

  async resume(processingId: string): Promise<JobReport> {
    return this.status(processingId);
  }

  async history() {
    return [...this.#jobs.values()].reverse();
  }

  async outcomes() {
    return { outcomes: [] };
  }

  async results() {
    return undefined;
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
  progress: null,
  throughput: null,
  pausing: false,
});
