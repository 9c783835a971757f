import { AssetmillError } from "../core/errors.js";
import type { JobReport } from "../core/job/job-report.js";
import { normalisePath } from "../core/asset/path.js";
import type { AccessAction, AccessPolicy } from "../core/ports/access-policy.js";
import type { Principal } from "../core/ports/authenticator.js";
import type {
  AssetStatusRequest,
  HistoryQuery,
  JobOperator,
  LogQuery,
  StartOptions,
  StartRequest,
} from "../core/ports/job-operator.js";
import type { OutcomeQuery } from "../core/ports/job-reports.js";

/** Jobs that a history may look at for one answer: a caller that may read few of them does not read the whole store. */
const MAX_LOOKED_AT = 10_000;
const HISTORY_DEFAULT = 20;
const HISTORY_PAGE = 1_000;

/**
 * The driving port as one caller may use it. Each method asks the policy first, and acts in the caller's name whatever
 * name it is given; a route that has nothing else can forget neither. FORBIDDEN where the policy says no: "process" on all
 * of a job's paths to start or change it, "read" on them to see anything of it.
 */
export class AuthorizedOperator implements JobOperator {
  readonly #operator: JobOperator;
  readonly #principal: Principal;
  readonly #policy: AccessPolicy | undefined;

  /** Without a policy everything is allowed. */
  constructor(operator: JobOperator, principal: Principal, policy: AccessPolicy | undefined) {
    this.#operator = operator;
    this.#principal = principal;
    this.#policy = policy;
  }

  async start(request: StartRequest, _by?: string, options?: StartOptions) {
    await this.#demand(rootsOf(request), "process");
    return this.#hidingRival(() => this.#operator.start(request, this.#principal.name, options));
  }

  async startOrJoin(request: StartRequest) {
    await this.#demand(rootsOf(request), "process");
    return this.#hidingRival(() => this.#operator.startOrJoin(request, this.#principal.name));
  }

  async status(processingId: string): Promise<JobReport> {
    const report = await this.#operator.status(processingId);
    await this.#demand(report.paths, "read");
    return report;
  }

  async summary(processingId: string) {
    await this.#demandJob(processingId, "read");
    return this.#operator.summary(processingId);
  }

  async cancel(processingId: string) {
    await this.#demandJob(processingId, "process");
    return this.#operator.cancel(processingId, this.#principal.name);
  }

  async pause(processingId: string) {
    await this.#demandJob(processingId, "process");
    return this.#operator.pause(processingId, this.#principal.name);
  }

  async resume(processingId: string) {
    await this.#demandJob(processingId, "process");
    return this.#hidingRival(() => this.#operator.resume(processingId, this.#principal.name));
  }

  async restart(processingId: string) {
    await this.#demandJob(processingId, "process");
    return this.#hidingRival(() => this.#operator.restart(processingId, this.#principal.name));
  }

  async retryFailed(processingId: string) {
    await this.#demandJob(processingId, "process");
    return this.#hidingRival(() => this.#operator.retryFailed(processingId, this.#principal.name));
  }

  /** Leaves out what may not be read, and goes on until `limit` jobs are found or 10,000 were looked at. */
  async history(query: HistoryQuery = {}): Promise<readonly JobReport[]> {
    if (!this.#policy) return this.#operator.history(query);
    const { limit = HISTORY_DEFAULT } = query;
    const readable: JobReport[] = [];
    let before = query.before;
    let pageSize = limit;
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; pageSize = HISTORY_PAGE) {
      const page = await this.#operator.history({
        ...query,
        limit: pageSize,
        ...(before === undefined ? {} : { before }),
      });
      for (const report of page) {
        if (!(await this.#allows(report.paths, "read"))) continue;
        readable.push(report);
        if (readable.length === limit) return readable;
      }
      lookedAt += page.length;
      if (page.length < pageSize) break;
      before = page.at(-1)?.processingId;
    }
    return readable;
  }

  async logs(processingId: string, query?: LogQuery) {
    await this.#demandJob(processingId, "read");
    return this.#operator.logs(processingId, query);
  }

  async outcomes(processingId: string, query: OutcomeQuery) {
    await this.#demandJob(processingId, "read");
    return this.#operator.outcomes(processingId, query);
  }

  async *events(processingId: string, options?: { readonly after?: string; readonly signal?: AbortSignal }) {
    await this.#demandJob(processingId, "read");
    yield* this.#operator.events(processingId, options);
  }

  async results(path: string) {
    await this.#demand([normalisePath(path)], "read");
    return this.#operator.results(path);
  }

  async askAssetStatus(request: AssetStatusRequest) {
    await this.#demand(rootsOf(request), "read");
    return this.#operator.askAssetStatus(request, this.#principal.name);
  }

  async assetStatus(jobId: string, query?: { readonly after?: string; readonly limit?: number }) {
    await this.#demandJob(jobId, "read");
    return this.#operator.assetStatus(jobId, query);
  }

  async #demandJob(processingId: string, action: AccessAction): Promise<void> {
    if (this.#policy) await this.#demand((await this.#operator.status(processingId)).paths, action);
  }

  async #demand(paths: readonly string[], action: AccessAction): Promise<void> {
    if (await this.#allows(paths, action)) return;
    throw new AssetmillError("FORBIDDEN", `${this.#principal.name} may not ${action} this`);
  }

  async #allows(paths: readonly string[], action: AccessAction): Promise<boolean> {
    for (const path of paths)
      if (this.#policy && !(await this.#policy.allows(this.#principal, path, action))) return false;
    return true;
  }

  /** A refusal names the job in the way; a caller that may not read that one is not told its paths. */
  async #hidingRival<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#policy || !AssetmillError.is(error) || error.code !== "PATH_BUSY") throw error;
      const rival = error.ids.jobId;
      if (rival !== undefined && (await this.#allows((await this.#operator.status(rival)).paths, "read"))) throw error;
      throw new AssetmillError("PATH_BUSY", "a job of somebody else's holds an overlapping path", {
        cause: error,
      });
    }
  }
}

/** The paths of a request in their written form; whatever else is wrong with it is for the operator to say. */
function rootsOf({ path, paths }: { readonly path?: string; readonly paths?: readonly string[] }): readonly string[] {
  return [
    ...(path === undefined ? [] : [normalisePath(path, "path")]),
    ...(paths ?? []).map((each, i) => normalisePath(each, `paths[${i}]`)),
  ];
}
