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

/** What happened that no caller is waiting to hear. */
export interface EngineJournal {
  /** The store or repository cannot be reached; the worker goes on trying. */
  unavailable(error: unknown, retryInMs: number): void;
  /** Something that should not happen did; the job gives up. */
  failed(jobId: string, error: unknown): void;
}

/** A logger for one chunk's handlers whose lines also go to `sink`, and from there into the job's log. */
export type OpenHandlerLogger = (job: Job, sink: (entry: LogEntry) => void) => HandlerLogger;

/** Everything that the engine is given. */
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
  /** 0 to 1, like Math.random. */
  readonly random: () => number;
  readonly openHandlerLogger: OpenHandlerLogger;
  readonly journal: EngineJournal;
  /** Called where an answer of the store says that a job has ended: at least once, if this process lives on. */
  readonly onEnd?: (job: Job) => void;
  readonly options: EngineOptions;
  /** Given where a handler has `thread: true`. */
  readonly threads?: HandlerThreads;
  /** How fast store and repository answer. */
  readonly latency: Latency;
  /** Given where a process that is unwell is to do less at once. */
  readonly health?: HealthProbe;
}
