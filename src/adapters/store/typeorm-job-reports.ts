import type { OutcomeKind, ReportedOutcome } from "../../core/outcome.js";
import type { JobReports, OutcomeCursor, OutcomePage, OutcomeQuery } from "../../core/ports/job-reports.js";
import type { Row, SqlDatabase } from "../sql/sql-database.js";
import { unpackManifest } from "./manifest-codec.js";
import { unpackOutcomes } from "./outcome-codec.js";
import { CHUNK, OUTCOME_PART } from "./tables.js";

const ALL: readonly OutcomeKind[] = ["SUCCEEDED", "FAILED", "SKIPPED"];

/** Outcomes as they stand in the chunks: reports cannot disagree with the work. */
export class TypeOrmJobReports implements JobReports {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async outcomes(jobId: string, query: OutcomeQuery): Promise<OutcomePage> {
    const kinds = query.kinds ?? ALL;
    if (kinds.length === 0) return { outcomes: [] };
    const found: ReportedOutcome[] = [];
    let cursor: OutcomeCursor = query.after ?? { chunk: 0, index: -1 };
    for (;;) {
      const chunk = await this.#nextChunk(jobId, cursor, kinds);
      if (!chunk) return { outcomes: found };
      const number = Number(chunk.chunk);
      for (const [index, outcome] of await this.#outcomesOf(jobId, chunk)) {
        if ((number === cursor.chunk && index <= cursor.index) || !kinds.includes(outcome.outcome)) continue;
        // Full, and there is a further one: the page ends with the last that it holds.
        if (found.length === query.limit) return { outcomes: found, next: cursor };
        found.push(outcome);
        cursor = { chunk: number, index };
      }
      cursor = { chunk: number, index: Number(chunk.assets) };
      if (found.length === query.limit) return { outcomes: found, next: cursor };
    }
  }

  /** The first chunk, from the cursor's on, that has an outcome of these kinds. */
  async #nextChunk(jobId: string, cursor: OutcomeCursor, kinds: readonly OutcomeKind[]): Promise<Row | undefined> {
    const skips = kinds.includes("SKIPPED") ? "c.ruled > 0 or " : "";
    const counts = kinds.map((kind) => `p.${kind.toLowerCase()} > 0`).join(" or ");
    const [chunk] = await this.#database.read(
      `select c.chunk, c.assets, c.ruled, c.created_at_ms, c.manifest from ${CHUNK} c
       where c.job_id = ? and (c.chunk > ? or (c.chunk = ? and c.assets > ?)) and (${skips}exists (
         select 1 from ${OUTCOME_PART} p where p.job_id = c.job_id and p.chunk = c.chunk and (${counts})))
       order by c.chunk limit 1`,
      [jobId, cursor.chunk, cursor.chunk, cursor.index + 1],
    );
    return chunk;
  }

  /** By index, in order. */
  async #outcomesOf(jobId: string, chunk: Row): Promise<readonly (readonly [number, ReportedOutcome])[]> {
    const parts = await this.#database.read(
      `select at_ms, outcomes from ${OUTCOME_PART} where job_id = ? and chunk = ?`,
      [jobId, chunk.chunk],
    );
    const entries = unpackManifest(chunk.manifest as Uint8Array);
    const reported: (readonly [number, ReportedOutcome])[] = [];
    entries.forEach(({ asset, skip }, index) => {
      if (!skip) return;
      reported.push([
        index,
        { path: asset.path, outcome: "SKIPPED", code: skip, attempts: 0, at: Number(chunk.created_at_ms) },
      ]);
    });
    for (const part of parts) {
      for (const { index, ageMs, outcome } of unpackOutcomes(part.outcomes as Uint8Array)) {
        const { kind, attempts } = outcome;
        const path = entries[index]?.asset.path ?? "";
        const at = Number(part.at_ms) - ageMs;
        reported.push([
          index,
          {
            path,
            outcome: kind,
            ...(outcome.kind === "SUCCEEDED" ? {} : { code: outcome.code }),
            ...("message" in outcome && outcome.message !== undefined ? { message: outcome.message } : {}),
            ...("handler" in outcome && outcome.handler !== undefined ? { handler: outcome.handler } : {}),
            attempts,
            at,
          },
        ]);
      }
    }
    return reported.sort(([a], [b]) => a - b);
  }
}
