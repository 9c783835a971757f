import type { ChunkClaim } from "../../job/chunk.js";
import type { AssetRepository } from "../../ports/asset-repository.js";
import type { Stamp } from "../../asset/stamp.js";

/** Number of assets whose stamps are read together. */
const SLICE = 250;
/** Number of slices kept: assets in flight are close together. */
const KEPT = 4;

type Slice = Promise<ReadonlyMap<string, Stamp>>;

/**
 * Returns a lookup of the stamps of a chunk's open assets, which are read slice by slice on demand. Ignores stamps that
 * this job wrote: they were written just before a commit that failed, and must not make the asset UNCHANGED in this
 * job.
 */
export function stampsOf(
  { lease, entries, open }: ChunkClaim,
  repository: Pick<AssetRepository, "results">,
  signal?: AbortSignal,
): (path: string) => Promise<Stamp | undefined> {
  const paths = open.flatMap((index) => entries[index]?.asset.path ?? []);
  const position = new Map(paths.map((path, i) => [path, i]));
  const slices = new Map<number, Slice>();
  return async (path) => {
    const number = Math.floor((position.get(path) ?? 0) / SLICE);
    let slice = slices.get(number);
    if (!slice) {
      slice = read(paths.slice(number * SLICE, (number + 1) * SLICE), lease.jobId, repository, signal);
      slices.set(number, slice);
      slices.delete(number - KEPT);
      // Forgets a failed read, so that the next caller reads again.
      slice.catch(() => slices.delete(number));
    }
    return (await slice).get(path);
  };
}

async function read(
  paths: readonly string[],
  jobId: string,
  repository: Pick<AssetRepository, "results">,
  signal: AbortSignal | undefined,
): Slice {
  const results = await repository.results(paths, signal);
  return new Map(
    results.flatMap((result) => (result && result.jobId !== jobId ? [[result.path, result.stamp] as const] : [])),
  );
}
