import { invalidParameter } from "../core/errors.js";

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const EPOCH_MS = /^\d{11,16}$/;

/** What a day stands for: its first or its last millisecond. */
export type EdgeOfDay = "first" | "last";

/**
 * Parses a point in time to epoch milliseconds: a day in UTC (`2026-01-31`), a date and time with its offset
 * (`2026-01-31T08:00Z`, `2026-01-31T08:00:00+02:00`), or epoch milliseconds. Any other form is ambiguous, and refused.
 */
export function pointInTime(text: string, edge: EdgeOfDay, field: string): number {
  if (EPOCH_MS.test(text)) return Number(text);
  const day = dayOf(text);
  if (day !== undefined) return notBeforeTheEpoch(edge === "first" ? day : day + 86_400_000 - 1, text, field);
  const [, date] = DATE_TIME.exec(text) ?? [];
  if (date !== undefined && dayOf(date) !== undefined) return notBeforeTheEpoch(Date.parse(text), text, field);
  const forms = "2026-01-31 or 2026-01-31T08:00:00Z (or with an offset such as +02:00)";
  throw invalidParameter(field, `${JSON.stringify(text)} is not a date such as ${forms}`);
}

function notBeforeTheEpoch(ms: number, text: string, field: string): number {
  if (ms >= 0) return ms;
  throw invalidParameter(field, `must not be before 1970-01-01; got ${text}`);
}

/** Returns the day's first millisecond in UTC; undefined for a day that does not exist: `Date` reads February 31 as March 3. */
function dayOf(text: string): number | undefined {
  const [, year, month, day] = DAY.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isFinite(ms) && new Date(ms).getUTCDate() === day ? ms : undefined;
}
