import type { ChunkPart } from "../chunk.js";
import { isUnavailable } from "../errors.js";
import type { AssetWrite } from "../ports/asset-repository.js";
import type { CommitAnswer } from "../ports/chunk-store.js";
import { backOff } from "./back-off.js";
import type { EngineTools } from "./tools.js";

/** How long a finished part waits for others to share its transaction. */
const LINGER_MS = 15;

interface Waiting {
  readonly part: ChunkPart;
  readonly answered: (answer: CommitAnswer) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Commits parts, many in one transaction, one transaction after the other. While the store cannot be reached it tries
 * again with exactly the same parts, so a commit whose answer was lost is not doubled; nothing is given up before the
 * worker ends.
 */
export class Committer {
  readonly #tools: EngineTools;
  #queue: Waiting[] = [];
  #running = false;
  readonly #over = new AbortController();

  constructor(tools: EngineTools) {
    this.#tools = tools;
  }

  commit(part: ChunkPart): Promise<CommitAnswer> {
    return new Promise((answered, failed) => {
      this.#queue.push({ part, answered, failed });
      if (!this.#running) void this.#run();
    });
  }

  /** Tries once more, and no more. */
  giveUp(): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { clock, options } = this.#tools;
    while (this.#queue.length > 0) {
      if (this.#queue.length < options.chunksPerCommit) await clock.sleep(LINGER_MS);
      const batch = this.#queue.splice(0, options.chunksPerCommit);
      await this.#store(batch);
    }
    this.#running = false;
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#insist(batch.map(({ part }) => part));
      batch.forEach(({ answered, failed }, i) => {
        const answer = answers[i];
        if (answer) answered(answer);
        else failed(new Error("the store gave too few answers"));
      });
    } catch (error) {
      // One part that the store cannot take must not hold up the others.
      if (batch.length > 1) for (const one of batch) await this.#store([one]);
      else batch[0]?.failed(error);
    }
  }

  async #insist(parts: readonly ChunkPart[]): Promise<readonly CommitAnswer[]> {
    const { chunks, repository, journal, clock, random } = this.#tools;
    for (let attempt = 1; ; attempt++) {
      try {
        const { enlist } = repository;
        if (enlist) return await chunks.commit(parts, enlist);
        await repository.apply(parts.flatMap<AssetWrite>((part) => part.writes));
        return await chunks.commit(parts);
      } catch (error) {
        if (!isUnavailable(error) || this.#over.signal.aborted) throw error;
        const pauseMs = backOff(attempt, random);
        journal.unavailable(error, pauseMs);
        await clock.sleep(pauseMs, this.#over.signal);
      }
    }
  }
}
