import { existsSync } from "node:fs";
import type { DatabaseAssetsOptions } from "../adapters/assets/database/index.js";
import type { DialectName, JcrAssetRepository } from "../adapters/assets/jcr/index.js";
import { type SqlDatabase, SqliteDatabase } from "../adapters/sql/index.js";
import { AssetmillError, invalidParameter, messageOf } from "../core/errors.js";
import type { AssetRepository } from "../core/ports/asset-repository.js";
import { type DatabaseOpening, identityOf, lendDatabase, openDatabase } from "./databases.js";
import type { AssetmillOptions, DatabaseLoan } from "../options.js";
import type { MigrationTarget } from "../plugins/migration/index.js";
import { type DatabaseAssetsUri, type JcrUri, parseAssetsUri, parseStoreUri } from "./uris.js";
import { isLoan } from "./default-store.js";

type Assets = AssetmillOptions["assets"];

// Each kind of repository is loaded when a URI names it.
const databaseAssets = () => import("../adapters/assets/database/index.js");
const folderAssets = () => import("../adapters/assets/folder/index.js");
const jcrAssets = () => import("../adapters/assets/jcr/index.js");

export const openStore = (store: string | DatabaseLoan): Promise<SqlDatabase> =>
  typeof store === "string" ? openDatabase(parseStoreUri(store)) : lendDatabase(store);

/** How to open a repository. */
export interface RepositoryOpening extends DatabaseOpening {
  /** Refuse a folder for contents that does not exist, instead of creating it. @defaultValue false */
  readonly existingContents?: boolean;
}

export async function openRepository(
  assets: Assets,
  store: SqlDatabase,
  { field = "assets", existingContents = false, ...opening }: RepositoryOpening = {},
): Promise<AssetRepository> {
  const contents = { existingContents };
  if (isLoan(assets)) return openDatabaseAssets(await lendDatabase(assets), store, contents);
  if (typeof assets !== "string") return assets;
  const uri = parseAssetsUri(assets, field);
  if (uri.kind === "folder") return (await folderAssets()).FolderAssetRepository.open(uri, store);
  if (uri.kind === "jcr") return openJcr(uri, field);
  const isStore = (await identityOf(uri)) === store.identity;
  if (isStore && uri.kind === "sqlite" && uri.driver !== undefined && store instanceof SqliteDatabase)
    store.refuseOtherDriver(uri.driver);
  const database = isStore ? store : await openDatabase(uri, { ...opening, field });
  return openDatabaseAssets(database, store, { ...contents, ...contentOf(uri) });
}

/**
 * Refuses assets in a folder, or with contents in a folder, that cannot be used, before the store is opened: that would
 * create it.
 */
export async function refuseWrongFolder(assets: Assets): Promise<void> {
  if (typeof assets !== "string") return;
  const uri = parseAssetsUri(assets);
  if (uri.kind === "folder") await (await folderAssets()).FolderReader.at(uri);
  else if (uri.kind !== "jcr") {
    const { resolveContentFolder } = await databaseAssets();
    await resolveContentFolder({ ...contentOf(uri), existingContents: true });
  }
}

/**
 * Refuses assets in a database that does not exist or lacks assetmill's tables: a command that reads them must not create
 * a mistyped one.
 */
export async function refuseMissingAssets(assets: string): Promise<void> {
  const uri = parseAssetsUri(assets);
  if (uri.kind === "folder" || uri.kind === "jcr") return;
  try {
    await (await openDatabase(uri, { existing: true, mayBeReadOnly: true, field: "assets" })).close();
  } catch (error) {
    if (!AssetmillError.is(error) || error.code !== "INVALID_PARAMETER" || error.ids.field !== "assets") throw error;
    if (uri.kind === "sqlite" && existsSync(uri.file)) throw error;
    throw invalidParameter(
      "assets",
      `${messageOf(error).replace(/^assets: /, "")}; \`assetmill import\` creates what is missing`,
    );
  }
}

/** Opens a repository without a job store: the target of an import or a migration. */
export async function openAssets(assets: string, field = "assets"): Promise<AssetRepository> {
  const uri = parseAssetsUri(assets, field);
  if (uri.kind === "folder") throw invalidParameter(field, "a folder cannot take in assets: name a database");
  if (uri.kind === "jcr") return openJcr(uri, field);
  const place = { database: await openDatabase(uri, { field }), ownsDatabase: true };
  try {
    return await (await databaseAssets()).DatabaseAssetRepository.open(place, contentOf(uri));
  } catch (error) {
    await place.database.close();
    throw error;
  }
}

/** Returns the target of a migration. Refuses one that cannot take in assets, or that the assets come from. */
export function migrationTarget(target: AssetRepository, source: AssetRepository): MigrationTarget {
  const { sink } = target;
  if (!sink) throw takesNoAssets();
  if (target.identity === source.identity) throw sameRepository();
  return {
    identity: target.identity,
    read: (path, signal) => target.read(path, signal),
    apply: (writes) => target.apply(writes),
    sink,
  };
}

const takesNoAssets = () => invalidParameter("target", "cannot take in assets: name a database");
const sameRepository = () => invalidParameter("target", "is the same repository as assets: name another database");

/** Like `migrationTarget`, but judges by the URIs alone, before anything is opened. */
export async function refuseWrongTarget(assets: string, target: string): Promise<void> {
  const to = parseAssetsUri(target, "target");
  if (to.kind === "folder") throw takesNoAssets();
  const from = parseAssetsUri(assets);
  if (from.kind === "folder" || from.kind === "jcr" || to.kind === "jcr" || from.content !== to.content) return;
  if ((await identityOf(from)) === (await identityOf(to))) throw sameRepository();
}

/** Opens a JCR repository. It may be unreachable now and back when needed, but refused credentials fail at once. */
async function openJcr({ dialect, connections, ...uri }: JcrUri, field: string): Promise<JcrAssetRepository> {
  const { JcrAssetRepository } = await jcrAssets();
  const repository = new JcrAssetRepository({
    ...uri,
    ...(dialect === undefined ? {} : { dialect: dialect as DialectName }),
    ...(connections === undefined ? {} : { connections: Number(connections) }),
  });
  try {
    await repository.meet(field);
    return repository;
  } catch (error) {
    await repository.close();
    throw error;
  }
}

/** Opens assets in a database. If it is the store's own database, results join the store's transactions. */
async function openDatabaseAssets(
  own: SqlDatabase,
  store: SqlDatabase,
  contents: DatabaseAssetsOptions,
): Promise<AssetRepository> {
  const isStore = own.identity === store.identity;
  const place = { database: isStore ? store : own, ownsDatabase: !isStore };
  try {
    return await (await databaseAssets()).DatabaseAssetRepository.open(place, contents);
  } catch (error) {
    if (place.ownsDatabase) await own.close();
    throw error;
  }
}

const contentOf = ({ content }: DatabaseAssetsUri): DatabaseAssetsOptions =>
  content === undefined ? {} : { contentFolder: content };
