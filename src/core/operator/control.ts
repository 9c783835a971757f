import { AssetmillError, invalidParameter } from "../errors.js";
import type { Job } from "../job.js";
import { scopeOfRequest } from "../job-request.js";
import { cancel, type JobChange, pause, resume } from "../job-transitions.js";
import type { JobLog, LogPage } from "../ports/job-log.js";
import type { JobControl, JobSummary, LogQuery } from "../ports/job-operator.js";
import type { JobReports, OutcomePage, OutcomeQuery } from "../ports/job-reports.js";
import type { JobStore, JobView } from "../ports/job-store.js";
import { overlaps, type Scope } from "../scope.js";
import { sumOf } from "../tally.js";
import { type JobReport, reportOf } from "./job-report.js";

/** What control over stored jobs needs: the store alone. */
export interface ControlTools {
  readonly jobs: JobStore;
  readonly log: JobLog;
  readonly reports: JobReports;
  /** Called after whatever may have made work. */
  readonly onWork: () => void;
}

const MAX_LINES = 10_000;
const DEFAULT_LINES = 500;
const DEFAULT_HISTORY = 20;
const MAX_HISTORY = 1_000;

/** What may be asked of jobs that exist. */
export class Control implements JobControl {
  readonly #tools: ControlTools;

  constructor(tools: ControlTools) {
    this.#tools = tools;
  }

  async status(processingId: string): Promise<JobReport> {
    return reportOf(await this.#job(processingId));
  }

  async summary(processingId: string): Promise<JobSummary> {
    const { tally } = await this.#job(processingId);
    return { types: tally.types, skips: tally.skips, total: sumOf(tally) };
  }

  cancel(processingId: string, by: string): Promise<JobReport> {
    return this.#update(processingId, ({ job, facts }) => cancel(job, by, facts));
  }

  pause(processingId: string, by: string): Promise<JobReport> {
    return this.#update(processingId, ({ job, facts }) => pause(job, by, facts));
  }

  resume(processingId: string, by: string): Promise<JobReport> {
    return this.#update(processingId, ({ job, rivals }) => {
      const change = resume(job, by);
      refuseOverlap(scopeOfRequest(job.request), rivals);
      return change;
    });
  }

  async history(query: { limit?: number } = {}): Promise<readonly JobReport[]> {
    const limit = wholeNumber(query.limit ?? DEFAULT_HISTORY, "limit", 1, MAX_HISTORY);
    return (await this.#tools.jobs.list({ limit })).map(reportOf);
  }

  async logs(processingId: string, query: LogQuery = {}): Promise<LogPage & { limit: number }> {
    const { offset, limit, tail } = query;
    if (tail !== undefined && (offset !== undefined || limit !== undefined)) {
      throw invalidParameter("tail", "cannot be combined with offset or limit");
    }
    const count =
      tail === undefined
        ? wholeNumber(limit ?? DEFAULT_LINES, "limit", 1, MAX_LINES)
        : wholeNumber(tail, "tail", 0, MAX_LINES);
    const from = wholeNumber(offset ?? 0, "offset", 0, Number.MAX_SAFE_INTEGER);
    await this.#job(processingId);
    const { log } = this.#tools;
    const page = tail === undefined ? log.read(processingId, from, count) : log.tail(processingId, count);
    return { ...(await page), limit: count };
  }

  async outcomes(processingId: string, query: OutcomeQuery): Promise<OutcomePage> {
    await this.#job(processingId);
    return this.#tools.reports.outcomes(processingId, query);
  }

  async #update(id: string, decide: (view: JobView) => JobChange): Promise<JobReport> {
    const job = await this.#tools.jobs.update(id, decide);
    this.#tools.onWork();
    return reportOf(job);
  }

  async #job(id: string): Promise<Job> {
    const job = await this.#tools.jobs.get(id);
    if (!job) throw new AssetmillError("JOB_NOT_FOUND", `there is no job ${id.slice(0, 100)}`, { ids: { jobId: id } });
    return job;
  }
}

/** PATH_BUSY, naming the job, where one of these holds a path of the scope. */
export function refuseOverlap(scope: Scope, rivals: readonly Job[]): void {
  const rival = rivals.find((other) => overlaps(scope, scopeOfRequest(other.request)));
  if (!rival) return;
  throw new AssetmillError(
    "PATH_BUSY",
    `job ${rival.id} (${rival.state.status}) is at work on an overlapping path, ${rival.request.paths[0]}`,
    { ids: { jobId: rival.id, status: rival.state.status } },
  );
}

function wholeNumber(value: number, field: string, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalidParameter(field, `must be a whole number from ${least} to ${most}`);
}
