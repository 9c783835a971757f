import { invalidParameter } from "../errors.js";

/**
 * Places in a list as callers carry them: short text that a page or an event gives, and that comes back unread. Every
 * such text is written and read here, with one bound; the forms are on the wire and must stay valid.
 */

/** Where a page of assets or outcomes continues: after this index of this chunk. */
export interface OutcomeCursor {
  readonly chunk: number;
  readonly index: number;
}

/** Where a stream of events continues: at this line of the log, after the status of this mark; "" before the first. */
export interface EventPlace {
  readonly line: number;
  readonly told: string;
}

/** The largest number in a cursor: no store numbers chunks, assets or log lines beyond it. */
const MAX_NUMBER = 2 ** 31 - 1;

/** As `String` writes it: no sign, no fraction, no exponent, no leading zero. */
const NUMBER = String.raw`(?:0|[1-9]\d{0,9})`;
const CURSOR = new RegExp(String.raw`^(${NUMBER})\.(${NUMBER})$`);
/** Of the mark only the form is checked: it is compared, never taken apart. */
const EVENT_ID = new RegExp(String.raw`^(${NUMBER})\.([A-Z]+-${NUMBER}-[01]-[A-Z]+)?$`);

export const formatCursor = ({ chunk, index }: OutcomeCursor): string => `${chunk}.${index}`;

/** Undefined where the text is none that `formatCursor` writes. */
export function readCursor(text: string): OutcomeCursor | undefined {
  const [, chunk, index] = CURSOR.exec(text) ?? [];
  if (!isNumber(chunk) || !isNumber(index)) return undefined;
  return { chunk: Number(chunk), index: Number(index) };
}

/** INVALID_PARAMETER, naming the field, where the text is none that `formatCursor` writes. */
export function parseCursor(text: string, field: string): OutcomeCursor {
  const cursor = readCursor(text);
  if (!cursor) throw invalidParameter(field, "is not the next of an earlier page");
  return cursor;
}

export const formatEventId = ({ line, told }: EventPlace): string => `${line}.${told}`;

/** INVALID_PARAMETER, naming the field, where the text is none that `formatEventId` writes. */
export function parseEventId(text: string, field: string): EventPlace {
  const [, line, told = ""] = EVENT_ID.exec(text) ?? [];
  if (!isNumber(line)) throw invalidParameter(field, "is not the id of an event of this job");
  return { line: Number(line), told };
}

const isNumber = (digits: string | undefined): digits is string => digits !== undefined && Number(digits) <= MAX_NUMBER;
