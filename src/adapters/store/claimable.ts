import { DISCOVERY } from "../../core/job/lease.js";
import { byLag, type Claimant, HEAD_START_MS, MAX_WEIGHT } from "../../core/job/share.js";
import type { ClaimRequest, WaitingWork } from "../../core/ports/chunk-store.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import type { SqlDialect } from "../sql/sql-dialect.js";
import { IN_LANE, inLanes, type Lane, LANE, LANE_ORDER, type Lanes } from "./lanes.js";
import { IS_CAREFUL } from "./lease-record.js";
import { IS_MINE, leasesJson, mine } from "./lease-sql.js";
import { JOB, LEASE } from "./tables.js";

/** Jobs considered by one claim, and of each lane. */
const MAX_JOBS = 50;

/** SQL condition that a row of `l` is READY and free. A careful chunk is free only for a worker that is alone. */
const freeReady = (alone: boolean | undefined): string => `state = 'READY'${alone ? "" : ` and not ${IS_CAREFUL}`}`;

/** SQL condition that a row of `l` has expired at an instant, and is not held by the claimer. Takes `freeParameters`. */
const freeExpired = (instant: string, dialect: SqlDialect): string =>
  `state = 'LEASED' and (until_ms <= ${instant} or owner in ${dialect.list("text")})
   and not exists (select 1 from ${mine({ dialect })} where ${IS_MINE})`;

/** SQL condition that a row of `l` is free at an instant: READY, or expired. Takes `freeParameters`. */
export const freeAt = (instant: string, dialect: SqlDialect, alone: boolean | undefined): string =>
  `((${freeReady(alone)}) or (${freeExpired(instant, dialect)}))`;

export const freeParameters = (dead: readonly string[], { holding = [] }: ClaimRequest): readonly string[] => [
  JSON.stringify(dead),
  leasesJson(holding),
];

/**
 * SQL condition that a row of `l` is a careful chunk that waits for a worker that is alone; the index `lease_careful`
 * has these.
 */
const READY_CAREFUL = `state = 'READY' and ${IS_CAREFUL}`;

/** SQL condition that job `j` has such a chunk. */
const waitsForCare = ({ byIndex }: SqlDialect): string =>
  `exists (select 1 from ${LEASE} l ${byIndex("lease_careful")} where l.job_id = j.id and ${READY_CAREFUL})`;

/**
 * SQL: the jobs `j` that have a lease which an index holds; a condition on `j` may follow. The join's order is fixed:
 * there are few such leases, while any number of jobs may be active.
 */
const jobsWith = ({ byIndex }: SqlDialect, index: string, condition: string): string =>
  `(select distinct job_id from ${LEASE} l ${byIndex(index)} where ${condition}) has cross join ${JOB} j where j.id = has.job_id`;

interface Candidate extends Claimant {
  /** Whether it may have to wait for earlier jobs. */
  readonly queued: boolean;
}

/** What a claim asks for. */
type Wanted = Pick<ClaimRequest, "chunks" | "discoveries">;

/**
 * Returns jobs of these lanes that have free leases of the kinds asked for, in the order in which a claim serves them.
 * Leaves out jobs that are known to wait for earlier ones. Takes no write lock, so that idle workers disturb no one.
 * Goes by index: what it takes does not depend on how many jobs are active.
 */
export async function claimable(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  served: readonly Lane[],
): Promise<readonly Candidate[]> {
  const { chunks, newcomers = 0, discoveries } = request;
  const most = { chunks: Math.max(0, chunks + newcomers), discoveries };
  if (served.length === 0) return [];
  const sequences = await foremost(database, request, served, most);
  if (sequences.length === 0) return [];
  return (await candidates(database, request, dead, served, sequences, most)).sort(byLag);
}

/**
 * Returns the jobs among which those furthest behind their share must be: any of which a lease is LEASED, for there are
 * few; and of the others, which hold nothing, those that have waited longest, by lane.
 */
async function foremost(
  database: SqlDatabase,
  { jobId, alone }: ClaimRequest,
  served: readonly Lane[],
  most: Wanted,
): Promise<readonly number[]> {
  if (jobId !== undefined) {
    const [row] = await database.read(`select sequence from ${JOB} where id = ? and ${IN_LANE}`, [jobId]);
    return row ? [Number(row.sequence)] : [];
  }
  const { byIndex } = database.dialect;
  const ofJob = (condition: string): string =>
    `exists (select 1 from ${LEASE} l ${byIndex("lease_by_state")} where l.job_id = j.id and ${condition})`;
  const head = `select sequence from (select sequence from ${inLanes(database.dialect)} where ${LANE} = ? and ${IN_LANE}
    and not ${ofJob("state = 'LEASED'")} and ${ofJob(`${freeReady(alone)} and ${wanted(most)}`)}
    order by ${LANE_ORDER} limit ${MAX_JOBS}) head`;
  const lanes = served.filter(
    ({ chunks, discovery }) => (chunks && most.chunks > 0) || (discovery && most.discoveries > 0),
  );
  const rows = await database.read(
    [
      `select sequence from ${jobsWith(database.dialect, "lease_leased", "state = 'LEASED'")} and ${IN_LANE}`,
      ...(alone
        ? [`select sequence from ${jobsWith(database.dialect, "lease_careful", READY_CAREFUL)} and ${IN_LANE}`]
        : []),
      ...lanes.map(() => head),
    ].join(" union "),
    lanes.map(({ name }) => name),
  );
  return rows.map(({ sequence }) => Number(sequence));
}

/** SQL: `lag` of a job with the columns that `candidates` selects. */
const LAG = `(${MAX_WEIGHT} >> priority) * (${HEAD_START_MS}.0 + case when waited_ms > 0 then waited_ms else 0 end) / (held + 1)`;

async function candidates(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  served: readonly Lane[],
  sequences: readonly number[],
  most: Wanted,
): Promise<Candidate[]> {
  const { dialect } = database;
  const { alone } = request;
  const handlers = [...new Set(served.map((lane) => lane.handlers))];
  // Each by itself and by the index on state: most rows of a job may be DONE.
  const leases = `select 1 from ${LEASE} l ${dialect.byIndex("lease_by_state")} where l.job_id =`;
  const ready = (id: string): string => `${leases} ${id} and ${freeReady(alone)}`;
  const expired = (id: string): string => `${leases} ${id} and ${freeExpired(dialect.now, dialect)}`;
  const freeParams = freeParameters(dead, request);
  const rows = await database.read(
    `select found.*,
       (select count(*) from (${ready("found.id")} and chunk <> ${DISCOVERY} limit ?) counted)
         + (select count(*) from (${expired("found.id")} and chunk <> ${DISCOVERY} limit ?) counted) as ready,
       case when exists (${ready("found.id")} and chunk = ${DISCOVERY})
         or exists (${expired("found.id")} and chunk = ${DISCOVERY}) then 1 else 0 end as discovery
     from (select id, sequence, priority, needs_care, queued, held, waited_ms from (
       select id, sequence, priority,
         (select count(*) from ${LEASE} l where l.job_id = j.id and state = 'LEASED') as held,
         case when queued = 1 and status = 'WAITING' then 1 else 0 end as queued,
         ${dialect.now} - case when claimed_at_ms > 0 then claimed_at_ms else created_at_ms end as waited_ms,
         ${alone ? `case when ${waitsForCare(dialect)} then 1 else 0 end` : "0"} as needs_care
       from ${JOB} j where sequence in ${dialect.list("integer")} and repository = ? and ${IN_LANE}
         and handlers in ${dialect.list("text")}
         and (exists (${ready("j.id")} and ${wanted(most)}) or exists (${expired("j.id")} and ${wanted(most)}))
     ) candidate order by needs_care desc, ${LAG} desc, sequence limit ${MAX_JOBS}) found`,
    [
      most.chunks,
      ...freeParams,
      most.chunks,
      ...freeParams,
      JSON.stringify(sequences),
      request.repository,
      JSON.stringify(handlers),
      ...freeParams,
    ],
  );
  return rows.map((row) => ({
    id: String(row.id),
    sequence: Number(row.sequence),
    weight: MAX_WEIGHT >> Number(row.priority),
    held: Number(row.held),
    waitedMs: Number(row.waited_ms),
    ready: Number(row.ready),
    discovery: Boolean(row.discovery),
    needsCare: Boolean(row.needs_care),
    queued: Boolean(row.queued),
  }));
}

/** Returns what this node could do, but nobody does. */
export async function waitingWork(database: SqlDatabase, request: ClaimRequest, lanes: Lanes): Promise<WaitingWork> {
  const { jobId } = request;
  const { dialect } = database;
  const served = await lanes.served(database, request);
  if (served.length === 0) return { care: false, unserved: [] };
  const care = await database.read(
    `select 1 as found from ${jobsWith(dialect, "lease_careful", READY_CAREFUL)}
       and repository = ? and ${IN_LANE} and handlers in ${dialect.list("text")}
       ${jobId === undefined ? "" : "and id = ?"} limit 1`,
    [
      request.repository,
      JSON.stringify(served.map(({ handlers }) => handlers)),
      ...(jobId === undefined ? [] : [jobId]),
    ],
  );
  const any = { ...request, chunks: 1, newcomers: 0, discoveries: 1, alone: false };
  const found = await claimable(database, any, [], served);
  return { care: care.length > 0, unserved: found.filter(({ held }) => held === 0) };
}

/** SQL condition that a lease is of a kind that the claim asks for. */
const wanted = ({ chunks, discoveries }: Wanted): string =>
  chunks <= 0 ? `chunk = ${DISCOVERY}` : discoveries <= 0 ? `chunk <> ${DISCOVERY}` : "true";
