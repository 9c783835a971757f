import { DISCOVERY, type LeaseState } from "./lease.js";

/**
 * Rules for leases, as pure functions: who may take one, what its owner's death counts, when a chunk is careful, when
 * an asset is poison. A store selects and locks rows, calls these, and writes what they return.
 */

/** Deaths in a row after which a chunk is careful: it runs alone in its process, one announced asset at a time. */
export const CAREFUL_FROM_DEATHS = 2;
/** Deaths of a chunk's owners in a row, without a committed outcome, after which the job gives up. */
export const MAX_CHUNK_DEATHS = 10;
/** Deaths of discovery's owners in a row, without a committed page, after which the job gives up. */
export const MAX_DISCOVERY_DEATHS = 3;
/** Charges in a row that make an asset poison. */
export const MAX_CHARGES = 3;

/** The asset that was announced when owners died. In careful mode it is always the first open one, so one is enough. */
export interface Charge {
  /** Index in the chunk's manifest. */
  readonly index: number;
  /** Number of owners in a row that died on it. */
  readonly times: number;
}

/** A lease as stored, without its owner and expiry. */
export interface LeaseRecord {
  /** `DISCOVERY`, or the chunk's number. */
  readonly chunk: number;
  readonly state: LeaseState;
  readonly epoch: number;
  /** Number of parts stored: for a chunk, under this epoch; for discovery, in total. */
  readonly part: number;
  /** Owners that died in a row without committing the first open asset's outcome; for discovery, without a page. */
  readonly deaths: number;
  /** The asset that a careful owner has started. */
  readonly announced: number | undefined;
  readonly charge: Charge | undefined;
  /** Assets that no skip rule decided: the first claim counts them as triggered. 0 for discovery. */
  readonly triggerable: number;
}

/** Fields to reset when a commit advances, and when a lease is released. */
export const NO_DEATHS = { deaths: 0, announced: undefined, charge: undefined } as const;

/** Counts an owner's death: charges the asset that it had announced, and clears the announcement. */
export function died<L extends LeaseRecord>(lease: L): L {
  const { announced, charge } = lease;
  const before = charge?.index === announced ? (charge?.times ?? 0) : 0;
  const charged = announced === undefined ? charge : { index: announced, times: Math.min(before + 1, MAX_CHARGES) };
  return { ...lease, deaths: lease.deaths + 1, announced: undefined, charge: charged };
}

/** Returns whether a chunk must run in careful mode. Discovery never does. */
export const isCareful = ({ chunk, deaths, charge }: LeaseRecord): boolean =>
  chunk !== DISCOVERY && (deaths >= CAREFUL_FROM_DEATHS || charge !== undefined);

/** Returns the index of the asset that must fail as POISON instead of being started; undefined if there is none. */
export const poisoned = ({ charge }: LeaseRecord): number | undefined =>
  charge && charge.times >= MAX_CHARGES ? charge.index : undefined;

/** Makes a lease READY because its living owner released it: no death is counted. */
export const released = <L extends LeaseRecord>(lease: L): L => ({ ...lease, state: "READY", ...NO_DEATHS });

/**
 * Makes a lease READY that its owner did not release. The epoch moves on, so that a zombie's epoch is never current.
 */
const readyAgain = <L extends LeaseRecord>(lease: L): L => ({ ...lease, state: "READY", epoch: lease.epoch + 1 });

/** Takes back an expired lease of a stopping job. */
export const takenBack = <L extends LeaseRecord>(lease: L): L => readyAgain(died(lease));

const claimed = <L extends LeaseRecord>(lease: L): L => ({
  ...lease,
  state: "LEASED",
  epoch: lease.epoch + 1,
  part: lease.chunk === DISCOVERY ? lease.part : 0,
});

/** How much a worker wants of one job. */
export interface WantedLeases {
  readonly chunks: number;
  readonly discoveries: number;
  /** Whether its process holds no other lease. */
  readonly alone: boolean;
}

/** What a claim does to a job's free leases; each lease is as it must be stored. */
export interface ClaimDecision<L extends LeaseRecord> {
  /** LEASED to the claimer. `takenOver`: from an owner that died or missed its renewal. */
  readonly take: readonly { readonly lease: L; readonly takenOver: boolean }[];
  /** Made READY, for a worker that is alone in its process. */
  readonly putBack: readonly L[];
  /** Why the job must give up, if it must; `take` and `putBack` are then released. */
  readonly giveUp: string | undefined;
}

/**
 * Decides a claim on a job's free leases: those READY, and those LEASED but expired. `free` must have discovery first,
 * then chunks in path order; for a worker that is alone, careful chunks before the others.
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
  // A process that runs a careful chunk holds nothing else.
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
    return `workers died ${MAX_DISCOVERY_DEATHS} times in a row during discovery`;
  }
  if (deaths < MAX_CHUNK_DEATHS) return undefined;
  return `workers died ${MAX_CHUNK_DEATHS} times in a row on chunk ${chunk}, without any outcome`;
}
