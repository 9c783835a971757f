import type { Job } from "../job/job.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type { Clock } from "../ports/clock.js";
import type { JobLog } from "../ports/job-log.js";
import { isEndedMigration, migrationOf, verifiedLine, verifyMigration } from "./verify-migration.js";

/** How long `close` waits for running checks. */
const GRACE_MS = 2_000;

export interface MigrationWatchTools {
  readonly target: Pick<AssetRepository, "scan">;
  readonly log: Pick<JobLog, "append">;
  readonly clock: Pick<Clock, "sleep">;
  /** Called when a check failed. The job stays as it ended. */
  readonly onError: (jobId: string, error: unknown) => void;
}

/**
 * Verifies each migration that ends in this process, once, and writes the result to the job's log. A job's end does not
 * wait for this. If the process is killed meanwhile, the line is missing.
 */
export class MigrationWatch {
  readonly #tools: MigrationWatchTools;
  readonly #seen = new Set<string>();
  readonly #checks = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(tools: MigrationWatchTools) {
    this.#tools = tools;
  }

  /** Accepts any job that ended. May be called repeatedly for the same job. */
  readonly ended = (job: Job): void => {
    if (!isEndedMigration(job)) return;
    const end = `${job.id} ${job.attempt}`;
    if (this.#over.signal.aborted || this.#seen.has(end)) return;
    this.#seen.add(end);
    const check = this.#verify(job)
      .catch((error: unknown) => this.#tools.onError(job.id, error))
      .finally(() => this.#checks.delete(check));
    this.#checks.add(check);
  };

  /** Waits a short time for running checks, then aborts them. Resolves when nothing more is read or written. */
  async close(): Promise<void> {
    const ended = new AbortController();
    const all = Promise.all(this.#checks).then(() => ended.abort());
    await Promise.race([all, this.#tools.clock.sleep(GRACE_MS, ended.signal)]);
    this.#over.abort();
    await Promise.all(this.#checks);
  }

  async #verify(job: Job): Promise<void> {
    const { target, log } = this.#tools;
    const check = await verifyMigration(migrationOf(job), target, this.#over.signal);
    if (!this.#over.signal.aborted) await log.append(job.id, [verifiedLine(check)]);
  }
}
