import type { Job } from "./job.js";
import { DISCOVERY, type Lease } from "./lease.js";

/**
 * Shares of jobs, as pure functions. A job's share is what part of the slots and chunks in flight it may hold, among the
 * jobs that want some: it has a weight by its priority. Claims share the chunks over all nodes, slots those of a process.
 */

/** Weight of priority 0, the highest. Each step of priority halves it. */
export const MAX_WEIGHT = 512;
/** A job that has just begun to wait counts as if it had waited this long, so that weights matter from the start. */
export const HEAD_START_MS = 1_000;

/** A newcomer beyond the first is left to other nodes until it has waited this long: one of them may be idle. */
export const LEFT_TO_OTHERS_MS = 400;

/** Returns the weight of a job's share. */
export const weightOf = ({ request }: Pick<Job, "request">): number => MAX_WEIGHT >> request.priority;

/** A job with free leases, as seen by a claim. */
export interface Claimant {
  readonly id: string;
  /** Position in the order of creation. */
  readonly sequence: number;
  readonly weight: number;
  /** Number of its leases that are LEASED, over all nodes. */
  readonly held: number;
  /** Time since work of it was last claimed, on any node, or else since its creation; milliseconds. */
  readonly waitedMs: number;
  /** Number of its chunks that can be claimed; need not count further than the claim asks for. */
  readonly ready: number;
  /** Whether its discovery can be claimed. */
  readonly discovery: boolean;
  /** Whether a careful chunk of it waits for a worker that is alone. */
  readonly needsCare?: boolean;
}

/**
 * Returns how far behind its share a job is: the more, the longer it has waited, the less it holds, and the heavier it is.
 * Waiting outweighs everything in the end, so that no job starves.
 */
export const lag = ({ weight, held, waitedMs }: Pick<Claimant, "weight" | "held" | "waitedMs">): number =>
  (weight * (HEAD_START_MS + Math.max(0, waitedMs))) / (held + 1);

/** Compares jobs in the order in which a claim serves them: those furthest behind their share first. */
export const byLag = (a: Claimant, b: Claimant): number =>
  Number(b.needsCare ?? false) - Number(a.needsCare ?? false) || lag(b) - lag(a) || a.sequence - b.sequence;

/** How many chunks a worker wants. */
export interface WantedChunks {
  readonly chunks: number;
  /** Further chunks, one each, of jobs that the worker holds none of: the first at once, others if nobody took them. */
  readonly newcomers: number;
  /** Jobs of which the worker holds a chunk. */
  readonly holding: ReadonlySet<string>;
}

/** Returns what a claim asks for. */
export const wantedChunks = ({ chunks, newcomers = 0, holding = [] }: AskedChunks): WantedChunks => ({
  chunks,
  newcomers,
  holding: new Set(holding.filter(({ chunk }) => chunk !== DISCOVERY).map(({ jobId }) => jobId)),
});

interface AskedChunks {
  readonly chunks: number;
  readonly newcomers?: number;
  readonly holding?: readonly Lease[];
}

/**
 * Shares out the chunks of a claim: each goes to the job that is then furthest behind its share. Returns the number of
 * chunks by job; jobs that get none are missing.
 */
export function shareOut(
  claimants: readonly Claimant[],
  { chunks, newcomers, holding }: WantedChunks,
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  const open = claimants.filter(({ ready }) => ready > 0).map((claimant) => ({ ...claimant }));
  const give = (to: (typeof open)[number]): void => {
    shares.set(to.id, (shares.get(to.id) ?? 0) + 1);
    Object.assign(to, { held: to.held + 1, waitedMs: 0, ready: to.ready - 1, needsCare: false });
    if (to.ready === 0) open.splice(open.indexOf(to), 1);
  };
  for (let left = chunks; left > 0 && open.length > 0; left--) {
    give(open.reduce((first, next) => (byLag(next, first) < 0 ? next : first)));
  }
  open
    .filter(({ id }) => !holding.has(id) && !shares.has(id))
    .sort(byLag)
    .filter(({ waitedMs }, i) => i === 0 || waitedMs >= LEFT_TO_OTHERS_MS)
    .slice(0, Math.max(0, newcomers))
    .forEach(give);
  return shares;
}
