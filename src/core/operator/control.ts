import { AssetmillError, invalidParameter } from "../errors.js";
import { isAtWork, type Job, type JobDraft } from "../job/job.js";
import { cancel, type JobChange, pause, refuseDamaged, resume } from "../job/job-transitions.js";
import { accepts, isFinal } from "../job/lifecycle.js";
import { HISTORY_PAGE, LOG_PAGE } from "../job/page-limits.js";
import { normalisePath } from "../asset/path.js";
import type { Clock } from "../ports/clock.js";
import type { IdGenerator } from "../ports/id-generator.js";
import type { JobLog, LogPage } from "../ports/job-log.js";
import type { HistoryPage, HistoryQuery, JobControl, JobSummary, LogQuery } from "../ports/job-operator.js";
import type { JobReports, OutcomePage, OutcomeQuery } from "../ports/job-reports.js";
import type { JobStore, JobView } from "../ports/job-store.js";
import { sumOf } from "../job/tally.js";
import type { JobEvent } from "../job/job-event.js";
import { type JobReport, listedReportOf, reportOf, type Seen } from "../job/job-report.js";
import type { ListedJob } from "../job/listed-job.js";
import { LISTING_TYPE } from "./normalise-request.js";
import { refuseResume, refuseStart } from "./overlap.js";
import { refuseTooMany } from "./active-jobs.js";
import { watchJob, type WatchOptions } from "./watch-job.js";

/** Dependencies of Control: just the store. */
export interface ControlTools {
  readonly jobs: JobStore;
  readonly log: JobLog;
  readonly reports: JobReports;
  readonly ids: IdGenerator;
  readonly clock: Clock;
  /** Most jobs of the store that may be active at once; a start or resume beyond is refused. @defaultValue 10,000 */
  readonly maxActiveJobs?: number;
  /** Called after every change that may have created work for a worker. */
  readonly onWork: () => void;
}

/** Queries and controls stored jobs, without a repository. */
export class Control implements JobControl {
  readonly #tools: ControlTools;

  constructor(tools: ControlTools) {
    this.#tools = tools;
  }

  async status(processingId: string): Promise<JobReport> {
    // All reads at the same time: beside busy jobs each one waits for a turn of the event loop or two.
    const seen = this.#seenOf([processingId]);
    seen.catch(() => {});
    const job = await this.job(processingId);
    return reportOf(job, isAtWork(job) ? (await seen)(job.id) : {});
  }

  async summary(processingId: string): Promise<JobSummary> {
    const { tally } = await this.listed(processingId);
    return { types: tally.types, skips: tally.skips, total: sumOf(tally) };
  }

  cancel(processingId: string, by: string): Promise<JobReport> {
    return this.#update(processingId, ({ job, facts }) => cancel(job, by, facts));
  }

  pause(processingId: string, by: string): Promise<JobReport> {
    return this.#update(processingId, ({ job, facts }) => pause(job, by, facts));
  }

  resume(processingId: string, by: string): Promise<JobReport> {
    return this.#update(processingId, async ({ job, others }) => {
      const change = resume(job, by);
      await refuseResume(job, others);
      if (isFinal(job.state.status)) await refuseTooMany(others, this.#tools.maxActiveJobs);
      return change;
    });
  }

  async restart(processingId: string, by: string): Promise<{ processingId: string }> {
    const job = await this.#ended(processingId, "restart");
    return this.begin(this.draftFrom(job, job.request, by));
  }

  async retryFailed(processingId: string, by: string): Promise<{ processingId: string }> {
    const job = await this.#ended(processingId, "retry-failed");
    if (sumOf(job.tally).failed === 0) {
      throw new AssetmillError("ILLEGAL_STATE", `no asset of this job failed; the job is ${job.state.status}`, {
        ids: { jobId: job.id, status: job.state.status },
      });
    }
    return this.begin(this.draftFrom(job, { ...job.request, failedOf: job.id }, by));
  }

  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    const { before, status, type, path, createdBy } = query;
    const limit = wholeNumber(query.limit ?? HISTORY_PAGE.default, "limit", 1, HISTORY_PAGE.most);
    const { jobs, more } = await this.#tools.jobs.list({
      limit,
      typesNot: [LISTING_TYPE],
      ...(before === undefined ? {} : { beforeSequence: (await this.listed(before)).sequence }),
      ...(status === undefined ? {} : { statuses: [status] }),
      ...(type === undefined ? {} : { type }),
      ...(path === undefined ? {} : { path: normalisePath(path) }),
      ...(createdBy === undefined ? {} : { createdBy }),
    });
    const last = more ? jobs.at(-1) : undefined;
    return { jobs: await this.#reports(jobs), ...(last ? { next: last.id } : {}) };
  }

  events(processingId: string, options: WatchOptions = {}): AsyncIterable<JobEvent> {
    const { log, clock } = this.#tools;
    return watchJob(processingId, options, {
      log,
      clock,
      job: () => this.listed(processingId),
      report: async (job) => listedReportOf(job, (await this.#seen([job]))(job.id)),
    });
  }

  async logs(processingId: string, query: LogQuery = {}): Promise<LogPage & { limit: number }> {
    const { offset, limit, tail } = query;
    if (tail !== undefined && (offset !== undefined || limit !== undefined)) {
      throw invalidParameter("tail", "cannot be combined with offset or limit");
    }
    const count =
      tail === undefined
        ? wholeNumber(limit ?? LOG_PAGE.default, "limit", 1, LOG_PAGE.most)
        : wholeNumber(tail, "tail", 0, LOG_PAGE.most);
    const from = wholeNumber(offset ?? 0, "offset", 0, Number.MAX_SAFE_INTEGER);
    await this.listed(processingId);
    const { log } = this.#tools;
    const page = tail === undefined ? log.read(processingId, from, count) : log.tail(processingId, count);
    return { ...(await page), limit: count };
  }

  async outcomes(processingId: string, query: OutcomeQuery): Promise<OutcomePage> {
    await this.listed(processingId);
    return this.#tools.reports.outcomes(processingId, query);
  }

  /** Drafts a job that follows an ended one, with the ended job's handlers. */
  protected draftFrom(job: Job, request: Job["request"], by: string): JobDraft {
    const { repository, handlers, id } = job;
    return { id: this.#tools.ids.uuid(), request, repository, handlers, createdBy: by, restartedFrom: id };
  }

  protected async begin(draft: JobDraft): Promise<{ processingId: string }> {
    const { jobs, onWork, maxActiveJobs } = this.#tools;
    if (typeof draft.createdBy !== "string" || draft.createdBy === "")
      throw invalidParameter("by", "must name who starts the job");
    const job = await jobs.create(draft, async (others) => {
      // First the overlap: a repeated request joins its job, which is no further one.
      await refuseStart(draft.request, others);
      await refuseTooMany(others, maxActiveJobs);
    });
    onWork();
    return { processingId: job.id };
  }

  async #ended(id: string, event: "restart" | "retry-failed"): Promise<Job> {
    const job = await this.job(id);
    const { status } = job.state;
    refuseDamaged(job);
    if (accepts(status, event) && !job.request.listing) return job;
    throw new AssetmillError("ILLEGAL_STATE", `cannot ${event} a job that is ${status}`, {
      ids: { jobId: id, status },
    });
  }

  async #update(id: string, decide: (view: JobView) => JobChange | Promise<JobChange>): Promise<JobReport> {
    const job = await this.#tools.jobs.update(id, decide);
    this.#tools.onWork();
    return this.report(job);
  }

  protected async report(job: Job): Promise<JobReport> {
    return reportOf(job, (await this.#seen([job]))(job.id));
  }

  async #reports(jobs: readonly ListedJob[]): Promise<readonly JobReport[]> {
    const seen = await this.#seen(jobs);
    return jobs.map((job) => listedReportOf(job, seen(job.id)));
  }

  async #seen(jobs: readonly Pick<Job, "id" | "state">[]): Promise<(id: string) => Seen> {
    const ids = jobs.filter(isAtWork).map(({ id }) => id);
    return ids.length === 0 ? () => ({}) : this.#seenOf(ids);
  }

  async #seenOf(ids: readonly string[]): Promise<(id: string) => Seen> {
    const store = this.#tools.jobs;
    const [unattended, nowMs] = await Promise.all([store.unattended(ids), store.now()]);
    return (id) => {
      const unattendedSinceMs = unattended.get(id);
      return { nowMs, ...(unattendedSinceMs === undefined ? {} : { unattendedSinceMs }) };
    };
  }

  protected async job(id: string): Promise<Job> {
    return (await this.#tools.jobs.get(id)) ?? jobNotFound(id);
  }

  /** Like `job`, without reading the whole request: for what is asked often. */
  protected async listed(id: string): Promise<ListedJob> {
    const [job] = (await this.#tools.jobs.list({ ids: [id], limit: 1 })).jobs;
    return job ?? jobNotFound(id);
  }
}

function jobNotFound(id: string): never {
  throw new AssetmillError("JOB_NOT_FOUND", `there is no job ${id.slice(0, 100)}`, { ids: { jobId: id } });
}

/** Returns the number if it is whole and within bounds; throws INVALID_PARAMETER, naming the field, otherwise. */
export function wholeNumber(value: number, field: string, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalidParameter(field, `must be a whole number from ${least} to ${most}, not ${String(value)}`);
}
