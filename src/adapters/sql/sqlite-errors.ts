import { basename } from "node:path";
import { QueryFailedError } from "typeorm";
import { AssetmillError, invalidParameter } from "../../core/errors.js";

/** SQLite's ways to say: not now. The transaction was not stored, and may be tried again as it is. */
const UNAVAILABLE = /SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL)(?:_\w+)?/;

/** What people can do something about, in words. */
const WORDS: Readonly<Record<string, string>> = {
  BUSY: "another process holds it",
  FULL: "the disk is full",
  CANTOPEN: "it cannot be opened; is its folder there, and may this user write in it?",
  READONLY: "it is read-only; may this user write to it, and in its folder?",
};

/** Amid work these may pass, of a disk that is mounted anew; at the opening they are a wrong name or missing rights. */
const WRONG_PLACE = ["CANTOPEN", "READONLY"];

/** Driver errors as ours: UNAVAILABLE where waiting may help; any other as it is. SQL, parameters and the way to the file stay in `cause`. */
export function sqliteError(error: unknown, file: string): unknown {
  const text = driverText(error);
  const [code, kind = ""] = UNAVAILABLE.exec(text) ?? [];
  if (text.includes("SQLITE_NOTADB")) {
    return invalidParameter("store", "the file is no SQLite database; nothing was changed in it");
  }
  if (text.includes("SQLITE_CORRUPT")) {
    return new AssetmillError("INTERNAL", "the database is damaged (SQLITE_CORRUPT); restore it from a backup", {
      cause: error,
    });
  }
  if (code === undefined) return error;
  const why = WORDS[kind] === undefined ? code : `${WORDS[kind]} (${code})`;
  return new AssetmillError("UNAVAILABLE", `the database ${basename(file)} cannot be used now: ${why}`, {
    cause: error,
  });
}

/** The same of an opening: INVALID_PARAMETER where no waiting makes the place a right one. */
export function sqliteOpenError(error: unknown, file: string): unknown {
  const kind = UNAVAILABLE.exec(driverText(error))?.[1] ?? "";
  if (WRONG_PLACE.includes(kind)) return invalidParameter("store", `${basename(file)}: ${WORDS[kind]}`);
  return sqliteError(error, file);
}

/** True where another process holds the file just now. */
export const isBusy = (error: unknown): boolean => driverText(error).includes("SQLITE_BUSY");

function driverText(error: unknown): string {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return inner instanceof Error ? `${(inner as { code?: string }).code ?? ""} ${inner.message}` : "";
}
