import type { Asset } from "../../core/asset/asset.js";
import type { ManifestEntry } from "../../core/job/chunk.js";
import { entriesIn } from "../../core/job/manifest.js";
import type { OutcomeKind, ReportedOutcome } from "../../core/asset/outcome.js";
import type { OutcomeCursor } from "../../core/job/cursor.js";
import type { AssetPage, JobReports, OutcomePage, OutcomeQuery } from "../../core/ports/job-reports.js";
import { pathKey } from "../sql/path-key.js";
import type { Row, SqlDatabase } from "../sql/sql-database.js";
import { readable } from "./damaged-chunk.js";
import { unpackManifest } from "./manifest-codec.js";
import { unpackOutcomes } from "./outcome-codec.js";
import { CHUNK, OUTCOME_PART } from "./tables.js";

const COLUMNS = "c.chunk, c.assets, c.created_at_ms, c.manifest";

/** An asset of a chunk, with its index and its outcome if it has one. */
interface ReportedAsset {
  readonly index: number;
  readonly asset: Asset;
  readonly outcome: ReportedOutcome | undefined;
}

/** The chunk that would contain a path. */
interface Surroundings {
  readonly outcomes: ReadonlyMap<string, ReportedOutcome | null>;
  /** Key of the next chunk's first path; undefined for the last chunk so far. */
  readonly before?: Buffer;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: OutcomeCursor;
}

/** Reports read from the chunks themselves, so that they cannot disagree with the work. */
export class TypeOrmJobReports implements JobReports {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async outcomes(jobId: string, query: OutcomeQuery): Promise<OutcomePage> {
    const kinds = query.kinds ?? ["SUCCEEDED", "FAILED", "SKIPPED"];
    const { items, ...next } = await this.#page(jobId, { ...query, kinds }, ({ outcome }) => outcome);
    return { outcomes: items, ...next };
  }

  async assets(jobId: string, query: OutcomeQuery): Promise<AssetPage> {
    const { items, ...next } = await this.#page(jobId, query, ({ asset }) => asset);
    return { assets: items, ...next };
  }

  async outcomesAt(jobId: string, paths: readonly string[]): Promise<readonly (ReportedOutcome | null | undefined)[]> {
    let around: Surroundings | undefined;
    const found: (ReportedOutcome | null | undefined)[] = [];
    for (const path of paths) {
      const key = pathKey(path);
      if (!around || (around.before && Buffer.compare(key, around.before) >= 0))
        around = await this.#around(jobId, key);
      found.push(around.outcomes.get(path));
    }
    return found;
  }

  async #page<T>(
    jobId: string,
    { kinds, after, limit }: OutcomeQuery,
    pick: (reported: ReportedAsset) => T | undefined,
  ): Promise<Page<T>> {
    const items: T[] = [];
    if (kinds?.length === 0) return { items };
    let cursor: OutcomeCursor = after ?? { chunk: 0, index: -1 };
    for (;;) {
      const chunk = await this.#nextChunk(jobId, cursor, kinds);
      if (!chunk) return { items };
      const number = Number(chunk.chunk);
      for (const reported of await this.#assetsOf(jobId, chunk)) {
        const { index, outcome } = reported;
        if (number === cursor.chunk && index <= cursor.index) continue;
        if (kinds && !(outcome && kinds.includes(outcome.outcome))) continue;
        const item = pick(reported);
        if (item === undefined) continue;
        // The page is full and there is another item: the next page starts after the last one on this.
        if (items.length === limit) return { items, next: cursor };
        items.push(item);
        cursor = { chunk: number, index };
      }
      cursor = { chunk: number, index: Number(chunk.assets) };
      if (items.length < limit) continue;
      return (await this.#nextChunk(jobId, cursor, kinds)) ? { items, next: cursor } : { items };
    }
  }

  /** Returns the first chunk at or after the cursor that has an outcome of these kinds. */
  async #nextChunk(
    jobId: string,
    cursor: OutcomeCursor,
    kinds: readonly OutcomeKind[] | undefined,
  ): Promise<Row | undefined> {
    const [chunk] = await this.#database.read(
      `select ${COLUMNS} from ${CHUNK} c
       where c.job_id = ? and (c.chunk > ? or (c.chunk = ? and c.assets - 1 > ?))${kinds ? ` and (${holding(kinds)})` : ""}
       order by c.chunk limit 1`,
      [jobId, cursor.chunk, cursor.chunk, cursor.index],
    );
    return chunk;
  }

  /** Reads the chunk that would contain a path, and where the next one begins: paths before that need no further read. */
  async #around(jobId: string, key: Buffer): Promise<Surroundings> {
    const { keys } = this.#database.dialect;
    // An index may hold no more than the head of a key: it finds the few chunks that begin alike, which are compared as a whole.
    const head = keys.head("c.first_key");
    const asked = [jobId, key.subarray(0, keys.headBytes), key];
    const [[chunk], [next]] = await Promise.all([
      this.#database.read(
        `select ${COLUMNS} from ${CHUNK} c where c.job_id = ? and ${head} <= ? and c.first_key <= ?
         order by ${keys.order("c.first_key", "desc")} limit 1`,
        asked,
      ),
      this.#database.read(
        `select c.first_key from ${CHUNK} c where c.job_id = ? and ${head} >= ? and c.first_key > ?
         order by ${keys.order("c.first_key", "asc")} limit 1`,
        asked,
      ),
    ]);
    const assets = chunk ? await this.#assetsOf(jobId, chunk) : [];
    const outcomes = new Map(assets.map(({ asset, outcome }) => [asset.path, outcome ?? null]));
    return { outcomes, ...(next ? { before: Buffer.from(next.first_key as Uint8Array) } : {}) };
  }

  /** Returns a chunk's assets in order of index. */
  async #assetsOf(jobId: string, chunk: Row): Promise<readonly ReportedAsset[]> {
    const parts = await this.#database.read(
      `select at_ms, outcomes from ${OUTCOME_PART} where job_id = ? and chunk = ?`,
      [jobId, chunk.chunk],
    );
    const number = Number(chunk.chunk);
    const entries = entriesIn(await readable(number, () => unpackManifest(chunk.manifest as Uint8Array)));
    const outcomes = entries.map((entry) => ruledOutcome(entry, Number(chunk.created_at_ms)));
    for (const part of parts) {
      for (const { index, ageMs, outcome } of await readable(number, () =>
        unpackOutcomes(part.outcomes as Uint8Array),
      )) {
        const path = entries[index]?.asset.path ?? "";
        outcomes[index] = {
          path,
          outcome: outcome.kind,
          ...(outcome.kind === "SUCCEEDED" ? {} : { code: outcome.code }),
          ...("message" in outcome && outcome.message !== undefined ? { message: outcome.message } : {}),
          ...("handler" in outcome && outcome.handler !== undefined ? { handler: outcome.handler } : {}),
          attempts: outcome.attempts,
          at: Number(part.at_ms) - ageMs,
        };
      }
    }
    return entries.map(({ asset }, index) => ({ index, asset, outcome: outcomes[index] }));
  }
}

/** SQL condition that chunk `c` has an outcome of one of these kinds. */
function holding(kinds: readonly OutcomeKind[]): string {
  const counts = kinds.map((kind) => `p.${kind.toLowerCase()} > 0`).join(" or ");
  return `${kinds.includes("SKIPPED") ? "c.ruled > 0 or " : ""}exists (
    select 1 from ${OUTCOME_PART} p where p.job_id = c.job_id and p.chunk = c.chunk and (${counts}))`;
}

/** Returns the outcome that a skip rule decided in discovery, if any. */
const ruledOutcome = ({ asset: { path }, skip }: ManifestEntry, at: number): ReportedOutcome | undefined =>
  skip && { path, outcome: "SKIPPED", code: skip, attempts: 0, at };
