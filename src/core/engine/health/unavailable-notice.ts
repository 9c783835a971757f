import { messageOf } from "../../errors.js";
import { repositoryUnavailable } from "../../job/job-transitions.js";
import type { EngineTools } from "../tools.js";

const SAY_EVERY_MS = 5_000;

/**
 * Notes in a job's comments and log that it waits for its repository, at most every few seconds. Best effort: if the
 * store is unreachable as well, nobody could read the note there. The job's next progress removes it.
 */
export class UnavailableNotice {
  readonly #tools: Pick<EngineTools, "jobs" | "clock">;
  readonly #saidMs = new Map<string, number>();

  constructor(tools: Pick<EngineTools, "jobs" | "clock">) {
    this.#tools = tools;
  }

  async say(jobId: string, error: unknown): Promise<void> {
    const { jobs, clock } = this.#tools;
    const nowMs = clock.monotonicMs();
    const saidMs = this.#saidMs.get(jobId);
    if (saidMs !== undefined && nowMs - saidMs < SAY_EVERY_MS) return;
    // Forgets old entries, because jobs end. At worst a note is repeated.
    for (const [id, at] of this.#saidMs) if (nowMs - at >= SAY_EVERY_MS) this.#saidMs.delete(id);
    this.#saidMs.set(jobId, nowMs);
    await jobs.update(jobId, ({ job }) => repositoryUnavailable(job, messageOf(error))).catch(() => {});
  }
}
