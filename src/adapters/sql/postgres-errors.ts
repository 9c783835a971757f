import { QueryFailedError } from "typeorm";
import { AssetmillError, invalidParameter } from "../../core/errors.js";

/**
 * SQLSTATEs that say: not now. Classes 08 (connection), 53 (resources), 58 (system), 57P (the server ends or starts),
 * and a transaction that others stood in the way of: deadlock, serialisation, lock and statement timeouts, read-only.
 */
const UNAVAILABLE = /^(?:08|53|58)|^57P|^(?:40001|40P01|55P03|57014|25006|25P02|25P03|25P04)$/;

/**
 * What is said where the server is not reached, or the connection to it broke: by Node, by the pool, and by TypeORM, which
 * lets go of a connection that breaks between two statements.
 */
const BROKEN =
  /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_AGAIN|ECONNABORTED)$/;
const BROKEN_TEXT =
  /Connection terminated|connection is closed|not queryable|timeout exceeded when trying to connect|Query read timeout|Client was closed|server closed the connection|Connection ended unexpectedly|Query runner already released/i;

/** Wrong password, no such role or database, no rights: waiting does not help. */
const REFUSED = /^(?:28|3D000|42501)/;

interface Found {
  readonly code: string;
  readonly message: string;
}

/** The error that the driver raised, whatever it is wrapped in. */
function driverError(error: unknown): Found {
  let inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  // Several addresses of one host were tried.
  if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0];
  if (!(inner instanceof Error)) return { code: "", message: String(inner) };
  return { code: (inner as { code?: string }).code ?? "", message: inner.message };
}

/** True where the connection that raised it is of no more use. */
export function isBroken(error: unknown): boolean {
  const { code, message } = driverError(error);
  return BROKEN.test(code) || BROKEN_TEXT.test(message) || /^(?:08|57P)/.test(code);
}

/** True where the server ended a transaction because of others at work beside it: it may be run again at once. */
export const isStandoff = (error: unknown): boolean =>
  /^(?:40001|40P01)$/.test(driverError(AssetmillError.is(error) ? error.cause : error).code);

/** What people call it; the code stands beside. */
const WORDS: Readonly<Record<string, string>> = {
  "25006": "it is read-only",
  "53100": "its disk is full",
  "53300": "it has too many connections",
  "55P03": "a lock was not free in time",
  "57014": "a statement took too long",
  "57P01": "it is being shut down",
  "57P02": "it crashed",
  "57P03": "it is starting or stopping",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection broke",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be looked up",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "no way leads there",
};

/**
 * Driver errors as ours: UNAVAILABLE where waiting may help; any other as it is. SQL and parameters stay in `cause`.
 * `where`: the database, without credentials.
 */
export function postgresError(error: unknown, where = "the database"): unknown {
  if (AssetmillError.is(error)) return error;
  const { code, message } = driverError(error);
  if (UNAVAILABLE.test(code) || isBroken(error)) {
    const words = WORDS[code];
    const what = words === undefined ? code || message.slice(0, 100) : `${words} (${code})`;
    return new AssetmillError("UNAVAILABLE", `${where} cannot be used now: ${what}`, { cause: error });
  }
  if (message.includes("client password must be a string")) {
    return invalidParameter("database", `${where} wants a password: put it into the URI, or into PGPASSWORD`);
  }
  // Of the driver's text only what names no password: PostgreSQL's own sentence.
  if (REFUSED.test(code)) return invalidParameter("database", `${where} refuses: ${message.slice(0, 200)} (${code})`);
  return error;
}

/** The same, while a database is opened: whatever else stands in the way has to be set right by whoever named it. */
export function postgresOpeningError(error: unknown, where: string): unknown {
  const known = postgresError(error, where);
  if (AssetmillError.is(known)) return known;
  return invalidParameter("database", `${where} cannot be opened: ${driverError(error).message.slice(0, 300)}`);
}
