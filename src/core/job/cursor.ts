import { invalidParameter } from "../errors.js";

/**
 * Positions in a list, as short opaque texts that callers get with a page or an event and send back. All of them are
 * formatted and parsed here, with one upper bound. The forms are on the wire and must stay valid.
 */

/** Position in assets or outcomes: the next page starts after this index of this chunk. */
export interface OutcomeCursor {
  readonly chunk: number;
  readonly index: number;
}

/** Position in a stream of events: at this log line, after the status with this mark ("" before the first status). */
export interface EventPlace {
  readonly line: number;
  readonly told: string;
}

/** The largest number in a cursor: no store numbers chunks, assets or log lines beyond it. */
const MAX_NUMBER = 2 ** 31 - 1;

/** A number as `String` formats it: no sign, fraction, exponent or leading zero. */
const NUMBER = String.raw`(?:0|[1-9]\d{0,9})`;
const CURSOR = new RegExp(String.raw`^(${NUMBER})\.(${NUMBER})$`);
/** Only the mark's form is checked: it is compared, never parsed. */
const EVENT_ID = new RegExp(String.raw`^(${NUMBER})\.([A-Z]+-${NUMBER}-[01]-[A-Z]+)?$`);

/** For schemas: numbers up to 2,139,999,999, because a regular expression for MAX_NUMBER itself would be unreadable. */
const SMALLER = String.raw`(?:0|[1-9][0-9]{0,8}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7})`;

/** The form of a cursor as a regular expression for schemas. */
export const CURSOR_PATTERN = String.raw`^${SMALLER}\.${SMALLER}$`;

/** The form of an event's id as a regular expression for schemas. */
export const EVENT_ID_PATTERN = String.raw`^${SMALLER}\.(?:[A-Z]+-${SMALLER}-[01]-[A-Z]+)?$`;

export const formatCursor = ({ chunk, index }: OutcomeCursor): string => `${chunk}.${index}`;

/** Parses a cursor. Returns undefined if `formatCursor` cannot have written it. */
export function readCursor(text: string): OutcomeCursor | undefined {
  const [, chunk, index] = CURSOR.exec(text) ?? [];
  if (!isNumber(chunk) || !isNumber(index)) return undefined;
  return { chunk: Number(chunk), index: Number(index) };
}

/** Parses a cursor. Throws INVALID_PARAMETER, naming the field, if `formatCursor` cannot have written it. */
export function parseCursor(text: string, field: string): OutcomeCursor {
  const cursor = readCursor(text);
  if (!cursor) throw invalidParameter(field, "must be the next of an earlier page");
  return cursor;
}

export const formatEventId = ({ line, told }: EventPlace): string => `${line}.${told}`;

/** Parses an event id. Throws INVALID_PARAMETER, naming the field, if `formatEventId` cannot have written it. */
export function parseEventId(text: string, field: string): EventPlace {
  const [, line, told = ""] = EVENT_ID.exec(text) ?? [];
  if (!isNumber(line)) throw invalidParameter(field, "must be the id of an event of this job");
  return { line: Number(line), told };
}

const isNumber = (digits: string | undefined): digits is string => digits !== undefined && Number(digits) <= MAX_NUMBER;
