import { AssetmillError } from "../core/errors.js";
import type { JobReport } from "../core/job/job-report.js";
import { HISTORY_PAGE } from "../core/job/page-limits.js";
import { normalisePath } from "../core/asset/path.js";
import type { AccessAction, AccessPolicy } from "../core/ports/access-policy.js";
import type { Principal } from "../core/ports/authenticator.js";
import type {
  AssetStatusRequest,
  HistoryPage,
  HistoryQuery,
  JobOperator,
  LogQuery,
  StartOptions,
  StartRequest,
} from "../core/ports/job-operator.js";
import type { OutcomeQuery } from "../core/ports/job-reports.js";

/** Most jobs that one history request examines: a caller that may read few must not cause a scan of the whole store. */
const MAX_EXAMINED = 10_000;

/**
 * The driving port restricted to what one caller may do. Each method checks the policy first and acts under the caller's
 * name, whatever name it is given; routes get no other operator, so none can forget either. Starting or changing a job
 * requires "process" on all of its paths, seeing it requires "read". Throws FORBIDDEN if the policy denies it.
 */
export class AuthorizedOperator implements JobOperator {
  readonly #operator: JobOperator;
  readonly #principal: Principal;
  readonly #policy: AccessPolicy | undefined;

  /** Without a policy, everything is allowed. */
  constructor(operator: JobOperator, principal: Principal, policy: AccessPolicy | undefined) {
    this.#operator = operator;
    this.#principal = principal;
    this.#policy = policy;
  }

  async start(request: StartRequest, _by?: string, options?: StartOptions) {
    await this.#require(rootsOf(request), "process");
    return this.#hidingConflict(() => this.#operator.start(request, this.#principal.name, options));
  }

  async startOrJoin(request: StartRequest) {
    await this.#require(rootsOf(request), "process");
    return this.#hidingConflict(() => this.#operator.startOrJoin(request, this.#principal.name));
  }

  async join(processingId: string) {
    await this.#requireOnJob(processingId, "process");
    return this.#operator.join(processingId);
  }

  async status(processingId: string): Promise<JobReport> {
    const report = await this.#operator.status(processingId);
    await this.#require(report.paths, "read");
    return report;
  }

  async summary(processingId: string) {
    await this.#requireOnJob(processingId, "read");
    return this.#operator.summary(processingId);
  }

  async cancel(processingId: string) {
    await this.#requireOnJob(processingId, "process");
    return this.#operator.cancel(processingId, this.#principal.name);
  }

  async pause(processingId: string) {
    await this.#requireOnJob(processingId, "process");
    return this.#operator.pause(processingId, this.#principal.name);
  }

  async resume(processingId: string) {
    await this.#requireOnJob(processingId, "process");
    return this.#hidingConflict(() => this.#operator.resume(processingId, this.#principal.name));
  }

  async restart(processingId: string) {
    await this.#requireOnJob(processingId, "process");
    return this.#hidingConflict(() => this.#operator.restart(processingId, this.#principal.name));
  }

  async retryFailed(processingId: string) {
    await this.#requireOnJob(processingId, "process");
    return this.#hidingConflict(() => this.#operator.retryFailed(processingId, this.#principal.name));
  }

  /**
   * Leaves out jobs that the caller may not read. The page ends at `limit` jobs found, at 10,000 examined, or where the
   * jobs are large. Its cursor is a job that the caller may read, so it names no other.
   */
  async history(query: HistoryQuery = {}): Promise<HistoryPage> {
    if (!this.#policy) return this.#operator.history(query);
    const { limit = HISTORY_PAGE.default } = query;
    const readable: JobReport[] = [];
    let before = query.before;
    let pageSize = limit;
    const page = (isEnd: boolean): HistoryPage => {
      const last = isEnd ? undefined : readable.at(-1);
      return { jobs: readable, ...(last ? { next: last.processingId } : {}) };
    };
    for (let examined = 0; examined < MAX_EXAMINED; pageSize = HISTORY_PAGE.most) {
      const { jobs, next } = await this.#operator.history({
        ...query,
        limit: pageSize,
        ...(before === undefined ? {} : { before }),
      });
      for (const [i, report] of jobs.entries()) {
        if (!(await this.#allowsReading(report))) continue;
        readable.push(report);
        if (readable.length === limit) return page(next === undefined && i === jobs.length - 1);
      }
      if (next === undefined) return page(true);
      // A page that ended before its limit is large. Of such pages no more than one is collected.
      if (jobs.length < pageSize && readable.length > 0) return page(false);
      examined += jobs.length;
      before = next;
    }
    return page(false);
  }

  async logs(processingId: string, query?: LogQuery) {
    await this.#requireOnJob(processingId, "read");
    return this.#operator.logs(processingId, query);
  }

  async outcomes(processingId: string, query: OutcomeQuery) {
    await this.#requireOnJob(processingId, "read");
    return this.#operator.outcomes(processingId, query);
  }

  async *events(processingId: string, options?: { readonly after?: string; readonly signal?: AbortSignal }) {
    await this.#requireOnJob(processingId, "read");
    yield* this.#operator.events(processingId, options);
  }

  async results(path: string) {
    await this.#require([normalisePath(path)], "read");
    return this.#operator.results(path);
  }

  async askAssetStatus(request: AssetStatusRequest) {
    await this.#require(rootsOf(request), "read");
    return this.#operator.askAssetStatus(request, this.#principal.name);
  }

  async assetStatus(jobId: string, query?: { readonly after?: string; readonly limit?: number }) {
    await this.#requireOnJob(jobId, "read");
    return this.#operator.assetStatus(jobId, query);
  }

  async #requireOnJob(processingId: string, action: AccessAction): Promise<void> {
    if (this.#policy) await this.#require((await this.#operator.status(processingId)).paths, action);
  }

  async #require(paths: readonly string[], action: AccessAction): Promise<void> {
    if (await this.#allows(paths, action)) return;
    throw new AssetmillError("FORBIDDEN", `${this.#principal.name} is not allowed to ${action} this path or job`);
  }

  /** Like `#allows`, for a job of a list: that may lack some of the job's paths. */
  async #allowsReading({ processingId, paths, pathsCount }: JobReport): Promise<boolean> {
    if (!(await this.#allows(paths, "read"))) return false;
    return pathsCount === undefined || this.#allows((await this.#operator.status(processingId)).paths, "read");
  }

  async #allows(paths: readonly string[], action: AccessAction): Promise<boolean> {
    for (const path of paths)
      if (this.#policy && !(await this.#policy.allows(this.#principal, path, action))) return false;
    return true;
  }

  /** A PATH_BUSY error names the conflicting job. Hides that from callers who may not read the job. */
  async #hidingConflict<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#policy || !AssetmillError.is(error) || error.code !== "PATH_BUSY") throw error;
      const conflict = error.ids.jobId;
      if (conflict !== undefined && (await this.#allows((await this.#operator.status(conflict)).paths, "read")))
        throw error;
      throw new AssetmillError("PATH_BUSY", "another user's job holds an overlapping path", {
        cause: error,
      });
    }
  }
}

/** Returns a request's normalised paths. The operator validates the rest. */
function rootsOf({ path = null, paths }: Pick<StartRequest, "path" | "paths">): readonly string[] {
  return [
    ...(path === null ? [] : [normalisePath(path, "path")]),
    ...(paths ?? []).map((each, i) => normalisePath(each, `paths[${i}]`)),
  ];
}
