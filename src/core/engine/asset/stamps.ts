import type { ChunkClaim } from "../../job/chunk.js";
import type { AssetRepository } from "../../ports/asset-repository.js";
import type { Stamp } from "../../asset/stamp.js";

/** Assets asked about together. */
const SLICE = 250;
/** Assets in flight lie close together: so many slices are kept. */
const KEPT = 4;

type Slice = Promise<ReadonlyMap<string, Stamp>>;

/**
 * The stamps of a chunk's open assets, read slice by slice as they are asked for. One that this very job wrote is none:
 * it was written just before a commit that never was, and an asset that the job processes is not UNCHANGED in it.
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
      // A failed read is not remembered: whoever comes next asks again.
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
