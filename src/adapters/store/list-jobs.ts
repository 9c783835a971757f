import type { FindOptionsSelect } from "typeorm";
import { In } from "typeorm/find-options/operator/In.js";
import { JOB_PAGE_BYTES } from "../../core/job/page-limits.js";
import type { JobPage, JobQuery } from "../../core/ports/job-store.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { listedJobOfRow, type ListedRow, rootText } from "./job-mapper.js";
import { DELETING } from "./job-records.js";
import { JOB_ROW, JobRow } from "./job-row.js";
import { JOB } from "./tables.js";

/** About what a row's short columns are as JSON. */
const SHORT_COLUMNS_BYTES = 1_000;
/**
 * Most bytes of the rows that one statement reads, even those of a request that it does not return: SQLite walks past it,
 * and a driver that blocks holds up the process meanwhile.
 */
const STATEMENT_BYTES = 4 * 1024 * 1024;

/** The place of a row in a list, and its size. */
interface Place {
  readonly sequence: number;
  /** What it adds to the page. */
  readonly bytes: number;
  /** What has to be read for it. */
  readonly storedBytes: number;
  /** Whether the list shows its request whole. */
  readonly whole: boolean;
}

/** Returns a page of jobs, as `JobStore.list`. Looks at the sizes first: the rows themselves may be of any size. */
export async function listJobs(database: SqlDatabase, query: JobQuery): Promise<JobPage> {
  const found = await places(database, query);
  const page = first(found.slice(0, query.limit), JOB_PAGE_BYTES, ({ bytes }) => bytes);
  const rows: ListedRow[] = [];
  for (let left = page; left.length > 0;) {
    const now = first(left, STATEMENT_BYTES, ({ storedBytes }) => storedBytes);
    rows.push(...(await rowsAt(database, now)));
    left = left.slice(now.length);
  }
  const isWanted = ({ status }: ListedRow): boolean =>
    query.statuses?.some((wanted) => wanted === status) ?? status !== DELETING;
  // Jobs may have changed or gone since their sizes were read.
  const jobs = rows.filter(isWanted).map(listedJobOfRow);
  if (jobs.length === 0 && page.length > 0) return listJobs(database, query);
  return { jobs, more: found.length > page.length };
}

/** Returns the first items that together have no more than this many bytes, but at least one. */
function first<T>(items: readonly T[], most: number, bytesOf: (item: T) => number): readonly T[] {
  let bytes = 0;
  const end = items.findIndex((item, i) => (bytes += bytesOf(item)) > most && i > 0);
  return end === -1 ? items : items.slice(0, end);
}

/**
 * Returns the places of the jobs that meet the conditions, one more than the limit. Reads no long column: lengths are
 * beside the rows.
 */
async function places(database: SqlDatabase, query: JobQuery): Promise<readonly Place[]> {
  const { conditions, parameters } = conditionsOf(database, query);
  const texts = ["handlers", "comments", "tally", "pace"].map((column) => `octet_length(${column})`).join(" + ");
  const rows = await database.read(
    `select sequence, ${texts} as others, octet_length(request) as request, octet_length(listed) as listed
     from ${JOB} where ${conditions.join(" and ")} order by sequence desc limit ?`,
    [...parameters, query.limit + 1],
  );
  return rows.map(({ sequence, others, request, listed }) => ({
    sequence: Number(sequence),
    bytes: SHORT_COLUMNS_BYTES + Number(others) + Number(listed ?? request),
    storedBytes: SHORT_COLUMNS_BYTES + Number(others) + Number(request) + Number(listed ?? 0),
    whole: listed === null,
  }));
}

function conditionsOf({ dialect }: SqlDatabase, query: JobQuery) {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const add = (condition: string, ...values: readonly unknown[]): void => {
    conditions.push(condition);
    parameters.push(...values);
  };
  // Value by value, not as a JSON list: a database then knows that few rows match, and finds them by index.
  const among = (column: string, values: readonly string[]): void =>
    values.length === 0 ? add("1 = 0") : add(`${column} in (${values.map(() => "?").join(", ")})`, ...values);
  const { beforeSequence, statuses, repository, ids, type, typesNot, path, createdBy, holding } = query;
  if (statuses === undefined) add("status <> ?", DELETING);
  else among("status", statuses);
  if (beforeSequence !== undefined) add("sequence < ?", beforeSequence);
  if (repository !== undefined) add("repository = ?", repository);
  if (ids !== undefined) among("id", ids);
  if (type !== undefined) add("type = ?", type);
  for (const other of typesNot ?? []) add("type <> ?", other);
  if (createdBy !== undefined) add("created_by = ?", createdBy);
  if (holding) add("holds = 1");
  // By whole segments: a root is the path itself or lies below it.
  if (path !== undefined && path !== "/") {
    const root = `\n${rootText(path)}`;
    add(`(${dialect.contains("roots")} or ${dialect.contains("roots")})`, `${root}\n`, `${root}/`);
  }
  return { conditions, parameters };
}

const {
  request: _request,
  roots: _roots,
  ...SHOWN
} = Object.fromEntries(Object.keys(JOB_ROW.columns).map((name) => [name, true])) as Record<keyof JobRow, true>;

/** Reads rows, newest first: without the request where the list shows less of it. */
async function rowsAt(database: SqlDatabase, wanted: readonly Place[]): Promise<readonly ListedRow[]> {
  const read = (places: readonly Place[], select: FindOptionsSelect<JobRow>): Promise<JobRow[]> =>
    places.length === 0
      ? Promise.resolve([])
      : database.entities((jobs) =>
          jobs.find(JobRow, { where: { sequence: In(places.map(({ sequence }) => sequence)) }, select }),
        );
  const rows = [
    ...(await read(
      wanted.filter(({ whole }) => !whole),
      SHOWN,
    )),
    ...(await read(
      wanted.filter(({ whole }) => whole),
      { ...SHOWN, request: true },
    )),
  ];
  return rows.sort((a, b) => b.sequence - a.sequence);
}
