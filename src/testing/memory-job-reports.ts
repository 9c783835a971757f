import type { Asset } from "../core/asset/asset.js";
import type { ReportedOutcome } from "../core/asset/outcome.js";
import type { OutcomeCursor } from "../core/job/cursor.js";
import type { AssetPage, JobReports, OutcomePage, OutcomeQuery } from "../core/ports/job-reports.js";
import type { MemoryDatabase } from "./memory-database.js";

interface FoundAsset {
  readonly at: OutcomeCursor;
  readonly asset: Asset;
  readonly outcome: ReportedOutcome | undefined;
}

/** Reports of jobs in memory: the port's specification. */
export class MemoryJobReports implements JobReports {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async outcomes(jobId: string, query: OutcomeQuery): Promise<OutcomePage> {
    const ended = this.#found(jobId).filter(({ outcome }) => outcome !== undefined);
    const { page, ...next } = pageOf(ended, query);
    return { outcomes: page.flatMap(({ outcome }) => outcome ?? []), ...next };
  }

  async assets(jobId: string, query: OutcomeQuery): Promise<AssetPage> {
    const { page, ...next } = pageOf(this.#found(jobId), query);
    return { assets: page.map(({ asset }) => asset), ...next };
  }

  async outcomesAt(jobId: string, paths: readonly string[]): Promise<readonly (ReportedOutcome | null | undefined)[]> {
    const byPath = new Map(this.#found(jobId).map(({ asset, outcome }) => [asset.path, outcome ?? null]));
    return paths.map((path) => byPath.get(path));
  }

  /** Returns all assets that discovery found, in path order. */
  #found(jobId: string): readonly FoundAsset[] {
    const chunks = this.#database.state.jobs.get(jobId)?.chunks ?? [];
    return chunks.flatMap(({ chunk, entries, outcomes }) =>
      entries.map(({ asset }, index) => ({ at: { chunk, index }, asset, outcome: outcomes[index] })),
    );
  }
}

function pageOf(found: readonly FoundAsset[], { after, limit, kinds }: OutcomeQuery) {
  const rest = found
    .filter(({ at }) => !after || at.chunk > after.chunk || (at.chunk === after.chunk && at.index > after.index))
    .filter(({ outcome }) => !kinds || (outcome && kinds.includes(outcome.outcome)));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return last && rest.length > limit ? { page, next: last.at } : { page };
}
