import type { ChunkClaim } from "../../core/job/chunk.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { readable } from "./damaged-chunk.js";
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

/** Reads claimed chunks, after the claim's transaction: manifests never change, and only our own epoch can add outcomes now. */
export async function readChunks(
  database: SqlDatabase,
  jobId: string,
  chunks: readonly TakenChunk[],
): Promise<readonly ChunkClaim[]> {
  if (chunks.length === 0) return [];
  const manifests = await database.read(
    `select chunk, manifest from ${CHUNK} where job_id = ? and chunk in ${database.dialect.list("integer")}`,
    [jobId, JSON.stringify(chunks.map(({ number }) => number))],
  );
  const done = await doneIndices(
    database,
    jobId,
    chunks.filter(({ epoch }) => epoch > 1).map(({ number }) => number),
  );
  const byNumber = new Map(manifests.map((row) => [Number(row.chunk), row.manifest as Uint8Array]));
  return chunks.map(({ number, epoch, takenOver, careful }) => {
    const manifest = byNumber.get(number);
    if (!manifest) throw new Error(`chunk ${number} of job ${jobId} has no manifest in the store`);
    const entries = readable(number, () => unpackManifest(manifest));
    const open: number[] = [];
    entries.forEach(({ skip }, index) => {
      if (!skip && !done.get(number)?.has(index)) open.push(index);
    });
    return { lease: { jobId, chunk: number, epoch }, entries, open, takenOver, ...(careful ? { careful } : {}) };
  });
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
    const outcomes = readable(chunk, () => unpackOutcomes(part.outcomes as Uint8Array));
    for (const { index } of outcomes) indices.add(index);
    done.set(chunk, indices);
  }
  return done;
}
