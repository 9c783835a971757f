import { AssetKeys1764300000007 } from "../adapters/assets/database/asset-keys-1764300000007.js";
import { DatabaseAssets1764020000003 } from "../adapters/assets/database/database-assets-1764020000003.js";
import {
  FolderResults1761300000001,
  isWritable,
  isWrongPlace,
  PostgresDatabase,
  postgresIdentity,
  ResultPaths1764300000006,
  ResultRows1796205600070,
  ReadOnlySqliteDatabase,
  resolveWithoutCreating,
  type SqlDatabase,
  SQLITE_DRIVERS,
  SqliteDatabase,
  sqliteIdentity,
  type SqliteDriverName,
} from "../adapters/sql/index.js";
import {
  ChunkKeys1764300000005,
  Contract1763900000002,
  JobCosts1796205600090,
  JobQueue1796119200058,
  Jobs1761300000000,
  JobWarnings1796083200054,
  ListedRequests1796083200061,
  ManifestPacking1796205600080,
  Shares1764550000000,
} from "../adapters/store/index.js";
import { invalidParameter } from "../core/errors.js";
import { ENTITIES } from "./entities.js";
import type { DatabaseLoan } from "../options.js";
import type { DatabaseUri } from "./uris.js";

/** The tables of all parts of assetmill. Migrations are in the order in which they were added. */
export const SCHEMA = {
  entities: ENTITIES,
  migrations: [
    new Jobs1761300000000(),
    new FolderResults1761300000001(),
    new Contract1763900000002(),
    new DatabaseAssets1764020000003(),
    new ChunkKeys1764300000005(),
    new ResultPaths1764300000006(),
    new AssetKeys1764300000007(),
    new Shares1764550000000(),
    new JobWarnings1796083200054(),
    new ListedRequests1796083200061(),
    new JobQueue1796119200058(),
    new ResultRows1796205600070(),
    new ManifestPacking1796205600080(),
    new JobCosts1796205600090(),
  ],
};

/** How to open a database. */
export interface DatabaseOpening {
  /** Refuse one that does not exist or lacks assetmill's tables, instead of creating it. @defaultValue false */
  readonly existing?: boolean;
  /** Open a SQLite file that this user may not change for reading only, instead of refusing it. @defaultValue false */
  readonly mayBeReadOnly?: boolean;
  /** The option that names the database, for errors. @defaultValue store */
  readonly field?: string;
}

/**
 * Opens a database and brings its tables up to date. Throws UNAVAILABLE if the database is unreachable,
 * INVALID_PARAMETER if it refuses the connection.
 */
export async function openDatabase(
  uri: DatabaseUri,
  { existing = false, mayBeReadOnly = false, field = "store" }: DatabaseOpening = {},
): Promise<SqlDatabase> {
  if (uri.kind === "postgres") return PostgresDatabase.open({ ...uri, existing, field, ...SCHEMA });
  const options = { file: uri.file, existing, field, ...prefixOf(uri), ...driverOf(uri.driver), ...SCHEMA };
  if (!mayBeReadOnly) return SqliteDatabase.open(options);
  if (!(await isWritable(uri.file))) return ReadOnlySqliteDatabase.open(options);
  try {
    return await SqliteDatabase.open(options);
  } catch (error) {
    // A disk or a rule of the system that `isWritable` does not see.
    if (isWrongPlace(error)) return ReadOnlySqliteDatabase.open(options);
    throw error;
  }
}

/** Returns the identity that the opened database would have, without opening or creating it. */
export async function identityOf(uri: DatabaseUri): Promise<string> {
  if (uri.kind === "postgres") return postgresIdentity(uri.url, uri);
  return sqliteIdentity(await resolveWithoutCreating(uri.file), uri);
}

export const lendDatabase = (loan: DatabaseLoan): Promise<SqlDatabase> => PostgresDatabase.lend({ ...loan, ...SCHEMA });

const prefixOf = ({ prefix }: { readonly prefix?: string }) => (prefix === undefined ? {} : { prefix });

function driverOf(name: string | undefined): { readonly driver?: SqliteDriverName } {
  if (name === undefined) return {};
  const driver = SQLITE_DRIVERS.find((known) => known === name);
  if (driver === undefined)
    throw invalidParameter("driver", `unknown driver ${name}; must be one of ${SQLITE_DRIVERS.join(", ")}`);
  return { driver };
}
