import { DISCOVERY } from "../../core/job/lease.js";
import { MAX_CHARGES } from "../../core/engine/chunk/careful-run.js";
import type { Row } from "../sql/sql-database.js";

/**
 * What a lease row knows of its owners' deaths. `deaths`: so many in a row, none of which left the outcome of the first
 * open asset; `announced`: the asset that a careful owner has started; `charges`: the asset that was announced when its
 * owner died, and how often in a row, as `index:count`. In careful mode it is always the first open one, so one is enough.
 */

/** Owners that died in a row, from which on a chunk is careful. */
export const CAREFUL_FROM = 2;
/** Owners that died in a row, none with an outcome, from which on the job gives up. */
export const MAX_DEATHS = 10;

/** SQL: the row is a chunk to be run carefully, if it is taken as it is. */
export const IS_CAREFUL = `(chunk <> ${DISCOVERY} and (deaths >= ${CAREFUL_FROM} or charges is not null))`;

/**
 * SQL assignments that count the death of a LEASED row's owner: charge whom it had announced, forget that it had. All
 * expressions see the row as it was.
 */
export const COUNTING_A_DEATH = `deaths = deaths + 1, announced = null, charges = case when announced is null then charges
  else cast(announced as varchar(20)) || ':' || case
    when charges = cast(announced as varchar(20)) || ':1' then '2'
    when charges = cast(announced as varchar(20)) || ':2' then '3'
    when charges = cast(announced as varchar(20)) || ':3' then '3' else '1' end end`;

/** What a row's deaths come to once it is taken: with the present owner's, where it is LEASED. */
export interface Care {
  readonly deaths: number;
  readonly careful: boolean;
  /** The index that was charged three times. */
  readonly poisoned: number | undefined;
}

export function careOf(row: Row): Care {
  const died = row.state === "LEASED";
  const deaths = Number(row.deaths) + (died ? 1 : 0);
  const [index, before] = row.charges === null ? [undefined, 0] : String(row.charges).split(":").map(Number);
  const announced = row.announced === null || !died ? undefined : Number(row.announced);
  const charged = announced ?? index;
  const count = announced === undefined ? before : announced === index ? Number(before) + 1 : 1;
  return {
    deaths,
    careful: row.chunk !== DISCOVERY && (deaths >= CAREFUL_FROM || charged !== undefined),
    poisoned: charged !== undefined && Number(count) >= MAX_CHARGES ? charged : undefined,
  };
}
