import type { Job } from "../job/job.js";
import type { LogEntry } from "../job/log-entry.js";
import type { AssetHandler, HandlerLogger } from "../ports/asset-handler.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type { ChunkStore } from "../ports/chunk-store.js";
import type { Clock } from "../ports/clock.js";
import type { CreateDigest } from "../ports/digest.js";
import type { HandlerThreads } from "../ports/handler-threads.js";
import type { HealthProbe } from "../ports/health-probe.js";
import type { JobReports } from "../ports/job-reports.js";
import type { JobStore } from "../ports/job-store.js";
import type { OwnerIdentity } from "../ports/owner-identity.js";
import type { SkipRules } from "../asset/skip-rules.js";
import type { EngineOptions } from "./options.js";
import type { Latency } from "./health/stopwatch.js";

/** Reports events that no caller waits for. */
export interface EngineJournal {
  /** The store or repository is unreachable. The worker retries. */
  unavailable(error: unknown, retryInMs: number): void;
  /** An unexpected error occurred. The job gives up. */
  failed(jobId: string, error: unknown): void;
}

/** Opens a logger for the handlers of one chunk. Its lines also go to `sink`, and from there to the job's log. */
export type OpenHandlerLogger = (job: Job, sink: (entry: LogEntry) => void) => HandlerLogger;

/** The engine's dependencies. */
export interface EngineTools {
  readonly jobs: JobStore;
  readonly chunks: ChunkStore;
  readonly reports: JobReports;
  readonly repository: AssetRepository;
  /** In registration order. */
  readonly handlers: readonly AssetHandler[];
  readonly skipRules: SkipRules;
  readonly owner: OwnerIdentity;
  readonly clock: Clock;
  readonly createDigest: CreateDigest;
  /** Returns numbers from 0 to 1, like Math.random. */
  readonly random: () => number;
  readonly openHandlerLogger: OpenHandlerLogger;
  readonly journal: EngineJournal;
  /** Called when the store's answer says that a job has ended: at least once, unless the process dies before. */
  readonly onEnd?: (job: Job) => void;
  readonly options: EngineOptions;
  /** Present if a handler has `thread`. */
  readonly threads?: HandlerThreads;
  /** Measures the response times of store and repository. */
  readonly latency: Latency;
  /** Present if an overloaded process must run fewer assets at once. */
  readonly health?: HealthProbe;
}
