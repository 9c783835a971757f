import { DISCOVERY, type LeaseState } from "../../core/job/lease.js";
import { CAREFUL_FROM_DEATHS, type Charge, type LeaseRecord, NO_DEATHS } from "../../core/job/lease-rules.js";
import type { Row, SqlTransaction } from "../sql/sql-database.js";
import { LEASE } from "./tables.js";

/** Columns that make up a LeaseRecord. */
export const RECORD_COLUMNS = "chunk, state, epoch, part, deaths, announced, charges, triggerable";

/** SQL: `isCareful`. */
export const IS_CAREFUL = `(chunk <> ${DISCOVERY} and (deaths >= ${CAREFUL_FROM_DEATHS} or charges is not null))`;

/** Stored values of `NO_DEATHS`, by column. */
const NO_DEATHS_STORED = Object.entries({
  deaths: NO_DEATHS.deaths,
  announced: NO_DEATHS.announced ?? null,
  charges: chargeText(NO_DEATHS.charge),
});

/** SQL: assignments of `NO_DEATHS`. */
export const FORGETS_DEATHS = NO_DEATHS_STORED.map(([column, value]) => `${column} = ${value}`).join(", ");

/** SQL: assignments of `NO_DEATHS` to those rows of `l` that meet a condition. */
export const forgetsDeathsWhere = (condition: string): string =>
  NO_DEATHS_STORED.map(
    ([column, value]) => `${column} = case when ${condition} then ${value} else l.${column} end`,
  ).join(", ");

export function leaseRecord(row: Row): LeaseRecord {
  return {
    chunk: Number(row.chunk),
    state: row.state as LeaseState,
    epoch: Number(row.epoch),
    part: Number(row.part),
    deaths: Number(row.deaths),
    announced: row.announced === null ? undefined : Number(row.announced),
    charge: chargeOf(row.charges as string | null),
    triggerable: Number(row.triggerable),
  };
}

/** Stored as `index:times`. */
function chargeText(charge: Charge | undefined): string | null {
  return charge ? `${charge.index}:${charge.times}` : null;
}

function chargeOf(text: string | null): Charge | undefined {
  const [index, times] = text?.split(":").map(Number) ?? [];
  return index === undefined || times === undefined ? undefined : { index, times };
}

const WRITTEN = {
  job: "text",
  chunk: "integer",
  state: "text",
  epoch: "integer",
  part: "integer",
  deaths: "integer",
  announced: "integer",
  charges: "text",
} as const;

/** New owner and expiry of LEASED rows. */
interface LeaseOwner {
  readonly owner: string;
  readonly untilMs: number;
}

/** Writes a job's leases, whose rows this transaction has locked. Those that are LEASED get `owner`. */
export async function writeLeases(
  tx: SqlTransaction,
  jobId: string,
  leases: readonly LeaseRecord[],
  owner?: LeaseOwner,
): Promise<void> {
  if (leases.length === 0) return;
  const rows = leases.map(({ chunk, state, epoch, part, deaths, announced, charge }) => ({
    // In each row, so that SQLite finds each lease by its key: it would compare each lease of the job with each row.
    job: jobId,
    chunk,
    state,
    epoch,
    part,
    deaths,
    announced: announced ?? null,
    charges: chargeText(charge),
  }));
  const leased = "case written.state when 'LEASED' then";
  await tx.query(
    `update ${LEASE} as l set state = written.state, epoch = written.epoch, part = written.part, deaths = written.deaths,
       announced = written.announced, charges = written.charges,
       owner = ${leased} cast(? as text) end, until_ms = ${leased} cast(? as bigint) else l.until_ms end
     from ${tx.dialect.rows(WRITTEN)} as written
     where l.job_id = written.job and l.chunk = written.chunk returning job_id`,
    [owner?.owner ?? null, owner?.untilMs ?? null, JSON.stringify(rows)],
  );
}
