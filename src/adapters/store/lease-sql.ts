import type { Lease } from "../../core/job/lease.js";
import type { ChunkPart, DiscoveryPage, NewChunk } from "../../core/job/chunk.js";
import { DISCOVERY } from "../../core/job/lease.js";
import type { Row, SqlTransaction } from "../sql/sql-database.js";
import { pathKey } from "../sql/path-key.js";
import { FORGETS_DEATHS, forgetsDeathsWhere } from "./lease-record.js";
import type { PackedManifest } from "./manifest-codec.js";
import { packOutcomes } from "./outcome-codec.js";
import { CHUNK, LEASE, OUTCOME_PART } from "./tables.js";

/** "mine": stored by this call. "mine already": stored by an earlier try of the same part. "lost": the epoch moved on. */
export type Fence = "mine" | "mine already" | "lost";

/** SQL: leases as a table `mine`, from one JSON parameter made by `leasesJson`. */
export const mine = ({ dialect }: Pick<SqlTransaction, "dialect">): string =>
  `${dialect.rows({ job: "text", number: "integer", held: "integer" })} as mine`;

/** SQL: row `l` is one of `mine`, and still leased under that epoch. */
export const IS_MINE = "l.job_id = mine.job and l.chunk = mine.number and l.epoch = mine.held and l.state = 'LEASED'";

export const leasesJson = (leases: readonly Lease[]): string =>
  JSON.stringify(leases.map(({ jobId, chunk, epoch }) => ({ job: jobId, number: chunk, held: epoch })));

/** Locks the rows of leases in order of job and chunk, so that no two transactions deadlock. */
export async function lockLeases(tx: SqlTransaction, leases: readonly Lease[]): Promise<void> {
  const { forUpdate } = tx.dialect;
  if (forUpdate === "") return;
  await tx.query(
    `select 1 from ${LEASE} l join ${mine(tx)} on ${IS_MINE} order by l.job_id, l.chunk ${forUpdate} of l`,
    [leasesJson(leases)],
  );
}

/** Identifies a lease. Includes the epoch: a node may lose a lease and claim the same chunk again. */
export const leaseKey = ({ jobId, chunk, epoch }: Lease): string => `${jobId} ${chunk} ${epoch}`;

/** Returns the keys of the leases that a statement returned. */
export const returnedKeys = (rows: readonly Row[]): ReadonlySet<string> =>
  new Set(
    rows.map((row) => leaseKey({ jobId: String(row.job_id), chunk: Number(row.chunk), epoch: Number(row.epoch) })),
  );

const MADE = {
  job: "text",
  number: "integer",
  held: "integer",
  made: "integer",
  closes: "integer",
  advances: "integer",
} as const;

/** Advances each part's lease if its epoch and part number are still current. One statement for all parts. */
export async function fenceParts(tx: SqlTransaction, parts: readonly ChunkPart[]): Promise<(part: ChunkPart) => Fence> {
  await lockLeases(
    tx,
    parts.map(({ lease }) => lease),
  );
  const made = JSON.stringify(
    parts.map(({ lease: { jobId, chunk, epoch }, part, closes, advances }) => ({
      job: jobId,
      number: chunk,
      held: epoch,
      made: part,
      closes: closes ? 1 : 0,
      advances: advances ? 1 : 0,
    })),
  );
  const stored = await tx.query(
    `update ${LEASE} as l set part = l.part + 1,
       state = case mine.closes when 1 then 'DONE' else l.state end,
       owner = case mine.closes when 1 then null else l.owner end,
       ${forgetsDeathsWhere("mine.advances = 1")}
     from ${tx.dialect.rows(MADE)} as mine
     where ${IS_MINE} and l.part = mine.made
     returning job_id, chunk, epoch`,
    [made],
  );
  const fresh = returnedKeys(stored);
  const rest = parts.filter(({ lease }) => !fresh.has(leaseKey(lease)));
  const repeated = new Set<string>();
  for (const { lease, part } of rest) {
    if (await isAt(tx, lease, part + 1)) repeated.add(leaseKey(lease));
  }
  return ({ lease }) => {
    const key = leaseKey(lease);
    return fresh.has(key) ? "mine" : repeated.has(key) ? "mine already" : "lost";
  };
}

/** Advances discovery's cursor if the page's epoch and number are still current. */
export async function fencePage(tx: SqlTransaction, lease: Lease, page: DiscoveryPage): Promise<Fence> {
  const nextChunk = page.chunks.at(-1)?.number;
  const stored = await tx.query(
    `update ${LEASE} set part = part + 1, ${FORGETS_DEATHS}, path_cursor = ?, next_chunk = coalesce(?, next_chunk)
       ${page.complete ? ", state = 'DONE', owner = null" : ""}
     where job_id = ? and chunk = ${DISCOVERY} and epoch = ? and part = ? and state = 'LEASED' returning chunk`,
    [page.cursor ?? null, nextChunk === undefined ? null : nextChunk + 1, lease.jobId, lease.epoch, page.part],
  );
  if (stored.length > 0) return "mine";
  return (await isAt(tx, lease, page.part + 1)) ? "mine already" : "lost";
}

async function isAt(tx: SqlTransaction, lease: Lease, part: number): Promise<boolean> {
  const [row] = await tx.query(`select epoch, part from ${LEASE} where job_id = ? and chunk = ?`, [
    lease.jobId,
    lease.chunk,
  ]);
  return row?.epoch === lease.epoch && row.part === part;
}

/** A chunk to create, and what is stored of its entries. */
export type PackedChunk = Omit<NewChunk, "entries"> & { readonly packed: PackedManifest };

/** Inserts new chunks. Those without an open asset are DONE at once. */
export async function insertChunks(tx: SqlTransaction, jobId: string, chunks: readonly PackedChunk[]): Promise<void> {
  if (chunks.length === 0) return;
  await tx.query(
    `insert into ${LEASE} (job_id, chunk, state, triggerable) values ${chunks.map(() => "(?, ?, ?, ?)").join(", ")}`,
    chunks.flatMap(({ number, open }) => [jobId, number, open > 0 ? "READY" : "DONE", open]),
  );
  await tx.query(
    `insert into ${CHUNK} (job_id, chunk, assets, ruled, created_at_ms, first_key, manifest)
     values ${chunks.map(() => "(?, ?, ?, ?, ?, ?, ?)").join(", ")}`,
    chunks.flatMap(({ number, packed: { manifest, bytes } }) => [
      jobId,
      number,
      manifest.length,
      manifest.skips.size,
      tx.nowMs,
      pathKey(manifest.assets.pathAt(0) ?? ""),
      bytes,
    ]),
  );
}

/** Inserts outcomes, one row per part. */
export async function insertOutcomes(tx: SqlTransaction, parts: readonly ChunkPart[]): Promise<void> {
  await tx.query(
    `insert into ${OUTCOME_PART} (job_id, chunk, epoch, part, at_ms, succeeded, failed, skipped, outcomes)
     values ${parts.map(() => "(?, ?, ?, ?, ?, ?, ?, ?, ?)").join(", ")}`,
    parts.flatMap(({ lease: { jobId, chunk, epoch }, part, outcomes }) => {
      const { SUCCEEDED, FAILED, SKIPPED } = outcomes.count();
      return [jobId, chunk, epoch, part, tx.nowMs, SUCCEEDED, FAILED, SKIPPED, packOutcomes(outcomes)];
    }),
  );
}
