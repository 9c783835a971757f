import { AssetmillError } from "../errors.js";
import { type JobRequest, sameRequest, scopeOfRequest } from "../job-request.js";
import { normalisePath } from "../path.js";
import { type AssetHandler, typesOf } from "../ports/asset-handler.js";
import type { AssetRepository, AssetResult } from "../ports/asset-repository.js";
import type { IdGenerator } from "../ports/id-generator.js";
import type { JobOperator, StartedOrJoined, StartRequest } from "../ports/job-operator.js";
import { Control, type ControlTools, refuseOverlap } from "./control.js";
import { normaliseRequest } from "./normalise-request.js";

/** What the operator is given beside the store. */
export interface OperatorTools extends ControlTools {
  readonly repository: AssetRepository;
  /** In registration order; their types are the known job types. */
  readonly handlers: readonly AssetHandler[];
  readonly ids: IdGenerator;
}

/** The one implementation of the driving port: validates, asks the store, represents. */
export class Operator extends Control implements JobOperator {
  readonly #tools: OperatorTools;
  readonly #types: readonly string[];

  constructor(tools: OperatorTools) {
    super(tools);
    this.#tools = tools;
    this.#types = [...new Set(tools.handlers.flatMap(typesOf))].sort();
  }

  async start(request: StartRequest, by: string): Promise<{ processingId: string }> {
    const normalised = await this.#checked(request);
    return { processingId: await this.#create(normalised, by) };
  }

  async startOrJoin(request: StartRequest, by: string): Promise<StartedOrJoined> {
    const normalised = await this.#checked(request);
    try {
      return { processingId: await this.#create(normalised, by), joined: false, leftOut: [] };
    } catch (error) {
      const busy = AssetmillError.is(error) && error.code === "PATH_BUSY" ? error.ids.jobId : undefined;
      const job = busy === undefined ? undefined : await this.#tools.jobs.get(busy);
      if (!job || !sameRequest(job.request, normalised)) throw error;
      const have = this.#handlersOf(normalised.type);
      const missing = job.handlers.filter((name) => !have.includes(name));
      if (missing.length > 0) {
        const message = `job ${job.id} of this request needs handlers that are not loaded here: ${missing.join(", ")}`;
        throw new AssetmillError("PATH_BUSY", message, { ids: { jobId: job.id, status: job.state.status } });
      }
      this.#tools.onWork();
      return { processingId: job.id, joined: true, leftOut: have.filter((name) => !job.handlers.includes(name)) };
    }
  }

  async results(path: string): Promise<AssetResult | undefined> {
    const { repository } = this.#tools;
    const normalised = normalisePath(path);
    const [[result], [node]] = await Promise.all([repository.results([normalised]), repository.stat([normalised])]);
    if (!result && node?.kind !== "asset") throw pathNotFound(normalised, "there is no asset");
    return result;
  }

  async #checked(request: StartRequest): Promise<JobRequest> {
    const normalised = normaliseRequest(request, this.#types);
    const nodes = await this.#tools.repository.stat(normalised.paths);
    const missing = normalised.paths.find((_path, i) => nodes[i] === undefined);
    if (missing !== undefined) throw pathNotFound(missing, "nothing is there, or nothing that may be read");
    return normalised;
  }

  async #create(request: JobRequest, by: string): Promise<string> {
    const { jobs, ids, repository, onWork } = this.#tools;
    const handlers = this.#handlersOf(request.type);
    const draft = { id: ids.uuid(), request, repository: repository.identity, handlers, createdBy: by };
    const scope = scopeOfRequest(request);
    const job = await jobs.create(draft, (rivals) => refuseOverlap(scope, rivals));
    onWork();
    return job.id;
  }

  #handlersOf(type: string): readonly string[] {
    return this.#tools.handlers.filter((handler) => typesOf(handler).includes(type)).map((handler) => handler.name);
  }
}

const pathNotFound = (path: string, why: string): AssetmillError =>
  new AssetmillError("PATH_NOT_FOUND", `${path}: ${why}`, {
    ids: { path, field: "path" },
    fields: [{ field: "path", message: `${path}: ${why}` }],
  });
