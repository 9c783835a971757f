import { DISCOVERY, type LeaseState } from "./lease.js";

/**
 * Who may take a lease, what the death of its owner counts, when a chunk is careful, when an asset is poison: decided
 * here, as pure functions. A store selects and locks rows, asks these, and writes what they return.
 */

/** Deaths in a row from which on a chunk is careful: alone in its process, one announced asset at a time. */
export const CAREFUL_FROM_DEATHS = 2;
/** Deaths of a chunk's owners in a row, none of which committed an outcome, after which the job gives up. */
export const MAX_CHUNK_DEATHS = 10;
/** Deaths of discovery's owners in a row, none of which committed a page, after which the job gives up. */
export const MAX_DISCOVERY_DEATHS = 3;
/** Charges in a row that make an asset poison. */
export const MAX_CHARGES = 3;

/** The asset that was announced when owners died. In careful mode it is always the first open one, so one is enough. */
export interface Charge {
  /** In the chunk's manifest. */
  readonly index: number;
  /** Owners in a row that died so. */
  readonly times: number;
}

/** What a store knows of a lease, beside who owns it and until when. */
export interface LeaseRecord {
  /** `DISCOVERY`, or the chunk's number. */
  readonly chunk: number;
  readonly state: LeaseState;
  readonly epoch: number;
  /** Parts stored: of a chunk under this epoch, of discovery ever. */
  readonly part: number;
  /** Owners that died in a row without the outcome of the first open asset; of discovery, without a page. */
  readonly deaths: number;
  /** The asset that a careful owner has started. */
  readonly announced: number | undefined;
  readonly charge: Charge | undefined;
  /** Assets that the first claim hands over: those that no skip rule decided. Discovery has none. */
  readonly triggerable: number;
}

/** What a commit that advances, and a release, leave of the deaths before. */
export const NO_DEATHS = { deaths: 0, announced: undefined, charge: undefined } as const;

/** Counts the owner's death: charges the asset that it had announced, and clears the announcement. */
export function died<L extends LeaseRecord>(lease: L): L {
  const { announced, charge } = lease;
  const before = charge?.index === announced ? (charge?.times ?? 0) : 0;
  const charged = announced === undefined ? charge : { index: announced, times: Math.min(before + 1, MAX_CHARGES) };
  return { ...lease, deaths: lease.deaths + 1, announced: undefined, charge: charged };
}

/** Returns whether a chunk, as it is, runs only in careful mode. Discovery never does. */
export const isCareful = ({ chunk, deaths, charge }: LeaseRecord): boolean =>
  chunk !== DISCOVERY && (deaths >= CAREFUL_FROM_DEATHS || charge !== undefined);

/** The index of the asset that a careful chunk fails as POISON instead of starting it; undefined if there is none. */
export const poisoned = ({ charge }: LeaseRecord): number | undefined =>
  charge && charge.times >= MAX_CHARGES ? charge.index : undefined;

/** READY again because its owner gave it back, alive: nobody is to blame. */
export const released = <L extends LeaseRecord>(lease: L): L => ({ ...lease, state: "READY", ...NO_DEATHS });

/** READY again though its owner did not give it back: the epoch moves on, so no zombie's is ever current. */
const readyAgain = <L extends LeaseRecord>(lease: L): L => ({ ...lease, state: "READY", epoch: lease.epoch + 1 });

/** Takes an expired lease back in a job that is stopping. */
export const takenBack = <L extends LeaseRecord>(lease: L): L => readyAgain(died(lease));

const claimed = <L extends LeaseRecord>(lease: L): L => ({
  ...lease,
  state: "LEASED",
  epoch: lease.epoch + 1,
  part: lease.chunk === DISCOVERY ? lease.part : 0,
});

/** How much a worker asks of one job. */
export interface WantedLeases {
  readonly chunks: number;
  readonly discoveries: number;
  /** Whether its process holds no other lease. */
  readonly alone: boolean;
}

/** What a claim does to a job's free leases, each as it is to be stored. */
export interface ClaimDecision<L extends LeaseRecord> {
  /** LEASED to the claimer. `takenOver`: from an owner that died or missed its renewal. */
  readonly take: readonly { readonly lease: L; readonly takenOver: boolean }[];
  /** READY for a worker that is alone in its process. */
  readonly putBack: readonly L[];
  /** Why the job gives up; then `take` and `putBack` are released. */
  readonly giveUp: string | undefined;
}

/**
 * Decides a claim on a job's free leases: READY, or LEASED by an owner that died or whose time ran out. `free` has
 * discovery first, then chunks in path order; for a worker that is alone, careful chunks before the others.
 */
export function decideClaim<L extends LeaseRecord>(
  free: readonly L[],
  { chunks, discoveries, alone }: WantedLeases,
): ClaimDecision<L> {
  const wanted = [
    ...free.filter(({ chunk }) => chunk === DISCOVERY).slice(0, Math.max(0, discoveries)),
    ...free.filter(({ chunk }) => chunk !== DISCOVERY).slice(0, Math.max(0, chunks)),
  ].map((lease) => (lease.state === "LEASED" ? { lease: died(lease), takenOver: true } : { lease, takenOver: false }));
  const careful = wanted.filter(({ lease }) => isCareful(lease));
  // A careful chunk is all that its process holds.
  const take = alone && careful.length > 0 ? careful.slice(0, 1) : wanted.filter((one) => !careful.includes(one));
  const putBack = alone ? [] : careful;
  return {
    take: take.map(({ lease, takenOver }) => ({ lease: claimed(lease), takenOver })),
    putBack: putBack.map(({ lease }) => readyAgain(lease)),
    giveUp: [...take, ...putBack].map(({ lease }) => tooManyDeaths(lease)).find((why) => why !== undefined),
  };
}

function tooManyDeaths({ chunk, deaths }: LeaseRecord): string | undefined {
  if (chunk === DISCOVERY) {
    if (deaths < MAX_DISCOVERY_DEATHS) return undefined;
    return `discovery ended its process ${MAX_DISCOVERY_DEATHS} times in a row`;
  }
  if (deaths < MAX_CHUNK_DEATHS) return undefined;
  return `chunk ${chunk} ended its process ${MAX_CHUNK_DEATHS} times in a row, without any outcome`;
}
