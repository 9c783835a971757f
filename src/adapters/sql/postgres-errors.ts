import { QueryFailedError } from "typeorm/error/QueryFailedError.js";
import { AssetmillError, invalidParameter } from "../../core/errors.js";

/**
 * SQLSTATEs of temporary failures: classes 08 (connection), 53 (resources), 58 (system), 57P (server stops or starts),
 * and transactions that failed by conflict or timeout: deadlock, serialisation, lock, statement and idle timeouts, read-only.
 */
const UNAVAILABLE = /^(?:08|53|58)|^57P|^(?:40001|40P01|55P03|57014|25006|25P02|25P03|25P04)$/;

/**
 * Error codes and texts for an unreachable server or a broken connection: from Node, from the pool, and from TypeORM, which
 * releases a connection that breaks between two statements.
 */
const BROKEN =
  /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_AGAIN|ECONNABORTED)$/;
const BROKEN_TEXT =
  /Connection terminated|connection is closed|not queryable|timeout exceeded when trying to connect|Query read timeout|Client was closed|server closed the connection|Connection ended unexpectedly|Query runner already released/i;

/** Wrong password, unknown role or database, missing permission: waiting does not help. */
const REFUSED = /^(?:28|3D000|42501)/;

interface Found {
  readonly code: string;
  /** That a constraint belongs to. */
  readonly table: string;
  readonly message: string;
}

/** Unwraps the driver's own error. */
function driverError(error: unknown): Found {
  let inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  // One error for each address of the host.
  if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0];
  if (!(inner instanceof Error)) return { code: "", table: "", message: String(inner) };
  const { code = "", table = "" } = inner as { readonly code?: string; readonly table?: string };
  return { code, table, message: inner.message };
}

/** Returns whether the connection that raised the error is unusable. */
export function isBroken(error: unknown): boolean {
  const { code, message } = driverError(error);
  return BROKEN.test(code) || BROKEN_TEXT.test(message) || /^(?:08|57P)/.test(code);
}

/**
 * Returns whether the server rolled back a transaction because it conflicted with others: it can be retried at once. That
 * includes a result that another has inserted meanwhile, since some are inserted where there was none.
 */
export function isConflict(error: unknown): boolean {
  const { code, table } = driverError(AssetmillError.is(error) ? error.cause : error);
  return /^(?:40001|40P01)$/.test(code) || (code === "23505" && table.endsWith("asset_result"));
}

/** Plain words for common codes; messages give the code as well. */
const WORDS: Readonly<Record<string, string>> = {
  "25006": "it is read-only",
  "53100": "its disk is full",
  "53300": "it has too many connections",
  "55P03": "timed out waiting for a lock",
  "57014": "a statement timed out",
  "57P01": "it is shutting down",
  "57P02": "it crashed",
  "57P03": "it is starting or stopping",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "host name lookup failed",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "no route to host",
};

/**
 * Converts driver errors: UNAVAILABLE if waiting may help, INVALID_PARAMETER if access is refused; returns any other error
 * unchanged. SQL and parameters stay in `cause`. `where` names the database, without credentials.
 */
export function postgresError(error: unknown, where = "the database"): unknown {
  if (AssetmillError.is(error)) return error;
  const { code, message } = driverError(error);
  if (UNAVAILABLE.test(code) || isBroken(error)) {
    const words = WORDS[code];
    const what = words === undefined ? code || message.slice(0, 100) : `${words} (${code})`;
    return new AssetmillError("UNAVAILABLE", `${where} is unavailable: ${what}`, { cause: error });
  }
  if (message.includes("client password must be a string")) {
    return invalidParameter("database", `${where} requires a password; set it in the URI or in PGPASSWORD`);
  }
  // The server's own message: unlike the driver's, it never contains a password.
  if (REFUSED.test(code))
    return invalidParameter("database", `${where} refused access: ${message.slice(0, 200)} (${code})`);
  return error;
}

/** Like `postgresError`, for opening a database: any other error becomes INVALID_PARAMETER, for the caller to correct. */
export function postgresOpeningError(error: unknown, where: string): unknown {
  const known = postgresError(error, where);
  if (AssetmillError.is(known)) return known;
  return invalidParameter("database", `cannot open ${where}: ${driverError(error).message.slice(0, 300)}`);
}
