import type { ChunkClaim } from "../../job/chunk.js";
import type { AssetRepository } from "../../ports/asset-repository.js";
import type { Stamp } from "../../asset/stamp.js";

/** Number of assets whose stamps are read together. */
const SLICE = 250;
/** Number of slices kept: assets in flight are close together. */
const KEPT = 4;

/** Number of paths looked up together. */
const LOOKED_UP = 500;

/** A stamp, and whether what the handlers were told about the existence of other assets still holds. */
export interface KnownStamp {
  readonly stamp: Stamp;
  readonly linksHold: boolean;
}

type Slice = Promise<ReadonlyMap<string, KnownStamp>>;
type Source = Pick<AssetRepository, "results" | "stat">;

/**
 * Returns a lookup of the stamps of a chunk's open assets, which are read slice by slice on demand, and the existence of all
 * that they link to, together. Ignores stamps that
 * this job wrote: they were written just before a commit that failed, and must not make the asset UNCHANGED in this
 * job.
 */
export function stampsOf(
  { lease, entries, open }: ChunkClaim,
  repository: Source,
  signal?: AbortSignal,
): (path: string) => Promise<KnownStamp | undefined> {
  const paths = open.flatMap((index) => entries.at(index)?.asset.path ?? []);
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
  repository: Source,
  signal: AbortSignal | undefined,
): Slice {
  const results = await repository.results(paths, signal);
  const stamps = results.flatMap((result) =>
    result && result.jobId !== jobId ? [[result.path, result.stamp] as const] : [],
  );
  const existing = await existingOf(
    stamps.map(([, stamp]) => stamp),
    repository,
    signal,
  );
  return new Map(
    stamps.map(([path, stamp]) => [path, { stamp, linksHold: answersOf(stamp).every(isAs(existing)) }] as const),
  );
}

type Answer = readonly [path: string, answer: boolean | string];

const answersOf = ({ basis }: Stamp): readonly Answer[] => Object.entries(basis?.others ?? {});

/** An asset whose content was read is compared by its content. */
const isAs =
  (existing: ReadonlySet<string>) =>
  ([path, answer]: Answer): boolean =>
    typeof answer === "string" || existing.has(path) === answer;

/** Looks up all other assets that these stamps name, each once. Returns the paths where something exists. */
async function existingOf(
  stamps: readonly Stamp[],
  repository: Source,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const named = stamps.flatMap((stamp) =>
    answersOf(stamp).flatMap(([path, is]) => (typeof is === "string" ? [] : path)),
  );
  const paths = [...new Set(named)];
  const existing = new Set<string>();
  for (let from = 0; from < paths.length; from += LOOKED_UP) {
    const round = paths.slice(from, from + LOOKED_UP);
    const nodes = await repository.stat(round, signal);
    round.forEach((path, i) => void (nodes[i] && existing.add(path)));
  }
  return existing;
}
