import type { ChunkClaim } from "../../core/job/chunk.js";
import type { Manifest } from "../../core/job/manifest.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { readable } from "./damaged-chunk.js";
import type { ManifestCache } from "./manifest-cache.js";
import { unpackManifest } from "./manifest-codec.js";
import { unpackOutcomes } from "./outcome-codec.js";
import { CHUNK, OUTCOME_PART } from "./tables.js";

/** A chunk whose lease was just claimed. */
export interface TakenChunk {
  readonly number: number;
  readonly epoch: number;
  readonly takenOver: boolean;
  readonly careful?: NonNullable<ChunkClaim["careful"]>;
}

/**
 * Reads claimed chunks, after the claim's transaction: manifests never change, and only our own epoch can add outcomes now.
 * Takes manifests that are in memory from there.
 */
export async function readChunks(
  database: SqlDatabase,
  jobId: string,
  chunks: readonly TakenChunk[],
  known: ManifestCache,
): Promise<readonly ChunkClaim[]> {
  if (chunks.length === 0) return [];
  const manifests = new Map<number, Manifest>();
  const rest: number[] = [];
  for (const { number } of chunks) {
    const manifest = known.take(jobId, number);
    if (manifest) manifests.set(number, manifest);
    else rest.push(number);
  }
  for (const [number, manifest] of await readManifests(database, jobId, rest)) manifests.set(number, manifest);
  const done = await doneIndices(
    database,
    jobId,
    chunks.filter(({ epoch }) => epoch > 1).map(({ number }) => number),
  );
  return chunks.map(({ number, epoch, takenOver, careful }) => {
    const entries = manifests.get(number);
    if (!entries) throw new Error(`chunk ${number} of job ${jobId} has no manifest in the store`);
    const ended = done.get(number);
    const open = ended ? entries.open.filter((index) => !ended.has(index)) : entries.open;
    return { lease: { jobId, chunk: number, epoch }, entries, open, takenOver, ...(careful ? { careful } : {}) };
  });
}

async function readManifests(
  database: SqlDatabase,
  jobId: string,
  chunks: readonly number[],
): Promise<readonly (readonly [chunk: number, manifest: Manifest])[]> {
  if (chunks.length === 0) return [];
  const rows = await database.read(
    `select chunk, manifest from ${CHUNK} where job_id = ? and chunk in ${database.dialect.list("integer")}`,
    [jobId, JSON.stringify(chunks)],
  );
  return Promise.all(
    rows.map(async (row) => {
      const number = Number(row.chunk);
      return [number, await readable(number, () => unpackManifest(row.manifest as Uint8Array))] as const;
    }),
  );
}

/** Returns the indices that have an outcome, by chunk. */
async function doneIndices(
  database: SqlDatabase,
  jobId: string,
  chunks: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const done = new Map<number, Set<number>>();
  if (chunks.length === 0) return done;
  const parts = await database.read(
    `select chunk, outcomes from ${OUTCOME_PART} where job_id = ? and chunk in ${database.dialect.list("integer")}`,
    [jobId, JSON.stringify(chunks)],
  );
  for (const part of parts) {
    const chunk = Number(part.chunk);
    const indices = done.get(chunk) ?? new Set<number>();
    const outcomes = await readable(chunk, () => unpackOutcomes(part.outcomes as Uint8Array));
    for (const { index } of outcomes) indices.add(index);
    done.set(chunk, indices);
  }
  return done;
}
