import { QueryFailedError } from "typeorm";
import { AssetmillError, invalidParameter } from "../../core/errors.js";

/** SQLite's ways to say: not now. The transaction was not stored, and may be tried again as it is. */
const UNAVAILABLE = /SQLITE_(?:BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL)\b/;

/** Driver errors as ours: UNAVAILABLE where waiting may help; any other as it is. SQL and parameters stay in `cause`. */
export function sqlError(error: unknown): unknown {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const text = inner instanceof Error ? `${(inner as { code?: string }).code ?? ""} ${inner.message}` : "";
  const code = UNAVAILABLE.exec(text)?.[0];
  if (text.includes("SQLITE_NOTADB")) {
    return invalidParameter("store", "the file is no SQLite database; nothing was changed in it");
  }
  if (text.includes("SQLITE_CORRUPT")) {
    return new AssetmillError("INTERNAL", "the database is damaged (SQLITE_CORRUPT); restore it from a backup", {
      cause: error,
    });
  }
  return code
    ? new AssetmillError("UNAVAILABLE", `the database cannot be used now (${code})`, { cause: error })
    : error;
}
