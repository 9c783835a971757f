import { QueryFailedError } from "typeorm";
import { AssetmillError } from "../../core/errors.js";

/** SQLite's ways to say: not now. The transaction was not stored, and may be tried again as it is. */
const UNAVAILABLE = /SQLITE_(?:BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL|NOTADB|CORRUPT)\b/;

/** Driver errors as ours: UNAVAILABLE where waiting may help; any other as it is. SQL and parameters stay in `cause`. */
export function sqlError(error: unknown): unknown {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const text = inner instanceof Error ? `${(inner as { code?: string }).code ?? ""} ${inner.message}` : "";
  const code = UNAVAILABLE.exec(text)?.[0];
  return code
    ? new AssetmillError("UNAVAILABLE", `the database cannot be used now (${code})`, { cause: error })
    : error;
}
