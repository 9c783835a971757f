import { AssetmillError, invalidParameter } from "../errors.js";
import { costKeyOf } from "../job/cost-key.js";
import { parseCursor } from "../job/cursor.js";
import type { Job, JobDraft } from "../job/job.js";
import { type JobRequest, scopeOfRequest } from "../job/job-request.js";
import { refuseDamaged } from "../job/job-transitions.js";
import { isFinal } from "../job/lifecycle.js";
import { fingerprintOf, sameRequest } from "../job/request-fingerprint.js";
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_ALLOWED, jobOfKey } from "../job/job-key.js";
import { OUTCOME_PAGE } from "../job/page-limits.js";
import { normalisePath } from "../asset/path.js";
import { type AssetHandler, typesOf } from "../ports/asset-handler.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type {
  AssetStatusRequest,
  JobOperator,
  ShownResult,
  StartedOrJoined,
  StartOptions,
  StartRequest,
} from "../ports/job-operator.js";
import type { AssetStatusPage } from "../job/asset-status.js";
import { assetStatusPage, listingOnly } from "./asset-statuses.js";
import { Control, type ControlTools, wholeNumber } from "./control.js";
import { idleExclusions } from "./idle-exclusions.js";
import { normaliseListing, normaliseRequest, unknownType } from "./normalise-request.js";

/** Dependencies of the operator. */
export interface OperatorTools extends ControlTools {
  readonly repository: AssetRepository;
  /** In registration order. Their types are the known job types. */
  readonly handlers: readonly AssetHandler[];
}

/** Implements the driving port: validates requests, calls the store, and represents the result. */
export class Operator extends Control implements JobOperator {
  readonly #tools: OperatorTools;
  readonly #types: readonly string[];

  constructor(tools: OperatorTools) {
    super(tools);
    this.#tools = tools;
    this.#types = [...new Set(tools.handlers.flatMap(typesOf))].sort();
  }

  async start(request: StartRequest, by: string, { idempotencyKey: key }: StartOptions = {}) {
    const normalised = normaliseRequest(request, this.#types);
    const { jobs, repository } = this.#tools;
    const fingerprint = fingerprintOf(normalised, repository.identity);
    const idempotency = key === undefined ? undefined : { key: checkedKey(key), fingerprint };
    // Checked first, because the repository may have changed since. `create` checks again, under its lock.
    const known = idempotency && (await jobs.byKey(by, idempotency.key));
    if (known) return { processingId: jobOfKey(known, fingerprint) };
    await this.#refuseMissing(normalised.paths);
    const warnings = await idleExclusions(normalised, repository);
    return this.begin({ ...this.#draft(normalised, by), warnings, ...(idempotency ? { idempotency } : {}) });
  }

  async startOrJoin(request: StartRequest, by: string): Promise<StartedOrJoined> {
    const normalised = normaliseRequest(request, this.#types);
    await this.#refuseMissing(normalised.paths);
    const warnings = await idleExclusions(normalised, this.#tools.repository);
    try {
      const started = await this.begin({ ...this.#draft(normalised, by), warnings });
      return { ...started, joined: false, leftOut: [], warnings };
    } catch (error) {
      const busy = AssetmillError.is(error) && error.code === "PATH_BUSY" ? error.ids.jobId : undefined;
      const job = busy === undefined ? undefined : await this.#tools.jobs.get(busy);
      if (!job || !sameRequest(job.request, normalised)) throw error;
      return { ...this.#join(job, "PATH_BUSY", "has the same request but"), warnings };
    }
  }

  async join(processingId: string): Promise<StartedOrJoined> {
    const job = await this.job(processingId);
    refuseDamaged(job);
    const { status } = job.state;
    if (isFinal(status) || status === "PAUSED") {
      throw new AssetmillError("ILLEGAL_STATE", `job ${job.id} cannot be run: it is ${status}`, {
        ids: { jobId: job.id, status },
      });
    }
    const { identity } = this.#tools.repository;
    if (job.repository !== identity)
      throw invalidParameter("assets", `job ${job.id} is about ${job.repository}, not ${identity}`);
    if (this.#handlersOf(job.request.type).length === 0) throw unknownType(job.request.type, this.#types);
    return this.#join(job, "ILLEGAL_STATE", "");
  }

  /** Throws, with this code, if this node lacks a handler that the job needs. */
  #join(job: Job, code: "PATH_BUSY" | "ILLEGAL_STATE", that: string): StartedOrJoined {
    const have = this.#handlersOf(job.request.type).map(({ name }) => name);
    const missing = job.handlers.filter((name) => !have.includes(name));
    if (missing.length > 0) {
      const needs = [that, "needs handlers that are not loaded:"].filter(Boolean).join(" ");
      throw new AssetmillError(code, `job ${job.id} ${needs} ${missing.join(", ")}`, {
        ids: { jobId: job.id, status: job.state.status },
      });
    }
    this.#tools.onWork();
    const leftOut = have.filter((name) => !job.handlers.includes(name));
    return { processingId: job.id, joined: true, leftOut, warnings: [] };
  }

  async results(path: string): Promise<ShownResult | undefined> {
    const { repository } = this.#tools;
    const normalised = normalisePath(path);
    const [[result], [node]] = await Promise.all([repository.results([normalised]), repository.stat([normalised])]);
    if (!result && node?.kind !== "asset") {
      if (node) throw pathNotFound(normalised, "is a folder, not an asset");
      throw pathNotFound(normalised, (await repository.whyAbsent?.(normalised)) ?? "does not exist");
    }
    return result && { ...result, exists: node?.kind === "asset" };
  }

  async askAssetStatus(request: AssetStatusRequest, by: string): Promise<{ jobId: string; status: string }> {
    const normalised = normaliseListing(request);
    const missing = await this.#missing(normalised.paths);
    const { processingId } = await this.begin(this.#draft({ ...normalised, listing: { missing } }, by));
    return { jobId: processingId, status: "WAITING" };
  }

  async assetStatus(jobId: string, query: { after?: string; limit?: number } = {}): Promise<AssetStatusPage> {
    const limit = wholeNumber(query.limit ?? OUTCOME_PAGE.default, "limit", 1, OUTCOME_PAGE.most);
    const after = query.after === undefined ? undefined : parseCursor(query.after, "after");
    return assetStatusPage(listingOnly(await this.listed(jobId)), { after, limit }, this.#tools);
  }

  /** Refuses a job whose results could not be stored. */
  protected override async begin(draft: JobDraft): Promise<{ processingId: string }> {
    const { request } = draft;
    if (!request.dryRun && !request.listing) await this.#tools.repository.prepare?.(scopeOfRequest(request));
    return super.begin(draft);
  }

  /** Uses the handlers that the type has now. */
  protected override draftFrom(job: Job, request: JobRequest, by: string): JobDraft {
    const handlers = this.#handlersOf(request.type);
    if (handlers.length === 0) throw unknownType(request.type, this.#types);
    return { ...super.draftFrom(job, request, by), ...drafted(request.type, handlers) };
  }

  async #missing(paths: readonly string[]): Promise<readonly string[]> {
    const nodes = await this.#tools.repository.stat(paths);
    return paths.filter((_path, i) => nodes[i] === undefined);
  }

  async #refuseMissing(paths: readonly string[]): Promise<void> {
    const [missing] = await this.#missing(paths);
    if (missing === undefined) return;
    const blank = /\s$/.test(missing) ? " (the blank at its end is part of the name)" : "";
    const why = await this.#tools.repository.whyAbsent?.(missing);
    throw pathNotFound(missing, why ?? `does not exist or cannot be read${blank}`);
  }

  #draft(request: JobRequest, by: string): JobDraft {
    const { ids, repository } = this.#tools;
    const handlers = drafted(request.type, this.#handlersOf(request.type));
    return { id: ids.uuid(), request, repository: repository.identity, ...handlers, createdBy: by };
  }

  #handlersOf(type: string): readonly AssetHandler[] {
    return this.#tools.handlers.filter((handler) => typesOf(handler).includes(type));
  }
}

/** What a draft says about its handlers. */
const drafted = (type: string, handlers: readonly AssetHandler[]): Pick<JobDraft, "handlers" | "costKey"> => ({
  handlers: handlers.map(({ name }) => name),
  ...(handlers.length === 0 ? {} : { costKey: costKeyOf(type, handlers) }),
});

function checkedKey(key: string): string {
  if (IDEMPOTENCY_KEY.test(key)) return key;
  throw invalidParameter("Idempotency-Key", `must be ${IDEMPOTENCY_KEY_ALLOWED}`);
}

const pathNotFound = (path: string, why: string): AssetmillError =>
  new AssetmillError("PATH_NOT_FOUND", `${path}: ${why}`, {
    ids: { path, field: "path" },
    fields: [{ field: "path", message: `${path}: ${why}` }],
  });
