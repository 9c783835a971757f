import type { ChunkPart } from "../../job/chunk.js";
import type { CommitAnswer } from "../../ports/chunk-store.js";
import { retryTools, retryWhileUnavailable } from "../retry-while-unavailable.js";
import type { EngineTools } from "../tools.js";

/** How long a finished part waits for others to share its transaction. */
const LINGER_MS = 15;

interface Waiting {
  readonly part: ChunkPart;
  readonly alone: boolean;
  readonly answered: (answer: CommitAnswer) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Commits parts, several per transaction, one transaction at a time. While the store is unreachable, retries with
 * exactly the same parts, so that a commit whose answer was lost is not doubled. Does not give up before the worker
 * ends.
 */
export class Committer {
  readonly #tools: EngineTools;
  #queue: Waiting[] = [];
  #running = false;
  readonly #over = new AbortController();

  constructor(tools: EngineTools) {
    this.#tools = tools;
  }

  /** Commits a part. `alone`: do not wait for other parts, because none will come. */
  commit(part: ChunkPart, alone = false): Promise<CommitAnswer> {
    return new Promise((answered, failed) => {
      this.#queue.push({ part, alone, answered, failed });
      if (!this.#running) void this.#run();
    });
  }

  /** Makes one last try and then no more. */
  giveUp(): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { clock, options } = this.#tools;
    while (this.#queue.length > 0) {
      const all = this.#queue.length >= options.chunksPerCommit || this.#queue.every(({ alone }) => alone);
      if (!all) await clock.sleep(LINGER_MS);
      const batch = this.#queue.splice(0, options.chunksPerCommit);
      await this.#store(batch);
    }
    this.#running = false;
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      const { chunks, repository, latency } = this.#tools;
      const parts = batch.map(({ part }) => part);
      const answers = await retryWhileUnavailable(
        () => latency.store.time(() => chunks.commit(parts, repository.enlist)),
        retryTools(this.#tools, this.#over.signal),
      );
      batch.forEach(({ answered, failed }, i) => {
        const answer = answers[i];
        if (answer) answered(answer);
        else failed(new Error("the store returned too few answers to a commit"));
      });
    } catch (error) {
      // A part that the store cannot store must not block the others.
      if (batch.length > 1) for (const one of batch) await this.#store([one]);
      else batch[0]?.failed(error);
    }
  }
}
