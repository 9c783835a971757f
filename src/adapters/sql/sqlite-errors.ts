import { basename } from "node:path";
import { QueryFailedError } from "typeorm/error/QueryFailedError.js";
import { AssetmillError, invalidParameter } from "../../core/errors.js";

/** Temporary failures: nothing was stored, and the same transaction may be retried. */
const UNAVAILABLE = /SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL)(?:_\w+)?/;

/** Plain words for failures that a user can fix. */
const WORDS: Readonly<Record<string, string>> = {
  BUSY: "another process has locked it",
  FULL: "the disk is full",
  CANTOPEN: "cannot open the file; does its folder exist, and may this user write to it?",
  READONLY: "the file is read-only; may this user write to it and its folder?",
};

/**
 * While the database is in use these may pass, as when a disk is remounted. On opening they mean a wrong name or
 * missing permission.
 */
const WRONG_PLACE = ["CANTOPEN", "READONLY"];

/**
 * Converts driver errors: UNAVAILABLE if waiting may help; returns unknown errors unchanged. SQL, parameters and the
 * file's folder stay in `cause`.
 */
export function sqliteError(error: unknown, file: string, field = "store"): unknown {
  const text = driverText(error);
  const [code, kind = ""] = UNAVAILABLE.exec(text) ?? [];
  if (text.includes("SQLITE_NOTADB")) {
    return invalidParameter(field, notADatabase(basename(file)));
  }
  if (text.includes("SQLITE_CORRUPT")) {
    return new AssetmillError("INTERNAL", "the database is damaged (SQLITE_CORRUPT); restore it from a backup", {
      cause: error,
    });
  }
  if (code === undefined) return error;
  const why = WORDS[kind] === undefined ? code : `${WORDS[kind]} (${code})`;
  return new AssetmillError("UNAVAILABLE", `the database ${basename(file)} is unavailable: ${why}`, {
    cause: error,
  });
}

const notADatabase = (file: string): string => `${file} is not a SQLite database (it was left unchanged)`;

/**
 * Like `sqliteError`, for opening a file: INVALID_PARAMETER if waiting cannot help, which shows the whole name to who has
 * just given it.
 */
export function sqliteOpenError(error: unknown, file: string, field: string): unknown {
  if (driverText(error).includes("SQLITE_NOTADB")) return invalidParameter(field, notADatabase(file));
  const kind = UNAVAILABLE.exec(driverText(error))?.[1] ?? "";
  if (WRONG_PLACE.includes(kind)) {
    const message = `${file}: ${WORDS[kind]}`;
    const details = { ids: { field }, fields: [{ field, message }], cause: error };
    return new AssetmillError("INVALID_PARAMETER", `${field}: ${message}`, details);
  }
  return sqliteError(error, file, field);
}

/** Returns whether `sqliteOpenError` made this error for a file that this user may not change, or that cannot be there. */
export const isWrongPlace = (error: unknown): boolean =>
  AssetmillError.is(error) && WRONG_PLACE.includes(UNAVAILABLE.exec(driverText(error.cause))?.[1] ?? "");

function driverText(error: unknown): string {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return inner instanceof Error ? `${(inner as { code?: string }).code ?? ""} ${inner.message}` : "";
}
