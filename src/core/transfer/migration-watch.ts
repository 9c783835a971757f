import type { Job } from "../job/job.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type { Clock } from "../ports/clock.js";
import type { JobLog } from "../ports/job-log.js";
import { isEndedMigration, migrationOf, verifiedLine, verifyMigration } from "./verify-migration.js";

/** What is counted while the process is to end is given this long. */
const GRACE_MS = 2_000;

export interface MigrationWatchTools {
  readonly target: Pick<AssetRepository, "scan">;
  readonly log: Pick<JobLog, "append">;
  readonly clock: Pick<Clock, "sleep">;
  /** Told of a check that could not be made; the job stays as it ended. */
  readonly onError: (jobId: string, error: unknown) => void;
}

/**
 * Verifies each migration that ends in this process, once, and says in the job's log what it found. Runs beside the work:
 * a job's end does not wait for it. A process that is killed at that moment leaves the line out.
 */
export class MigrationWatch {
  readonly #tools: MigrationWatchTools;
  readonly #seen = new Set<string>();
  readonly #checks = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(tools: MigrationWatchTools) {
    this.#tools = tools;
  }

  /** Takes any job that ended; the same one as often as it likes to be told. */
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

  /** Lets a check end for a little while, then breaks it off. Resolves once nothing more is read or written. */
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
