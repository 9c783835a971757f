import type { Asset } from "../../../core/asset/asset.js";
import { AssetmillError } from "../../../core/errors.js";
import type { AssetResult, AssetWrite, RefusedWrite } from "../../../core/asset/asset-result.js";
import type {
  AssetRepository,
  EnlistedWriter,
  ForgetOptions,
  ForgottenPage,
  RepositoryNode,
  ScanOptions,
  ScanPage,
} from "../../../core/ports/asset-repository.js";
import type { AssetSink } from "../../../core/ports/asset-sink.js";
import type { Scope } from "../../../core/asset/scope.js";
import { nextResults, removeResults } from "../../sql/gone-results.js";
import { AssetResults } from "../../sql/asset-results.js";
import { type Row, type SqlDatabase } from "../../sql/index.js";
import { pathKey } from "../../sql/path-key.js";
import { sqlTransaction } from "../../sql/sql-database.js";
import { ASSET_COLUMNS, assetOfRow } from "./asset-mapper.js";
import type { ContentStore } from "./contents/content-store.js";
import { DatabaseSink } from "./sink.js";
import { FileContentStore } from "./contents/file-content-store.js";
import { namesIn } from "./folder-names.js";
import { keyParts } from "./key-parts.js";
import { keysBelow } from "./key-ranges.js";
import { type DatabaseAssetsOptions, resolveContentFolder } from "./options.js";
import { TableContentStore } from "./contents/table-content-store.js";
import { scanAssets } from "./scan.js";
import { anyIn } from "./scan-sql.js";
import { ASSET } from "./tables.js";

interface DatabasePlace {
  readonly database: SqlDatabase;
  /** True: the database is closed with the repository. False: it is the job store's. */
  readonly ownsDatabase: boolean;
}

/**
 * A repository in a database. Keys sort in path order. Folders are not stored: a path is a folder if an asset lies below
 * it. Results join the job store's transactions if both live in the same database.
 */
export class DatabaseAssetRepository implements AssetRepository {
  readonly identity: string;
  readonly sink: AssetSink;
  readonly enlist?: EnlistedWriter;
  readonly #place: DatabasePlace;
  readonly #contents: ContentStore;
  readonly #results: AssetResults;

  private constructor(place: DatabasePlace, contents: ContentStore, identity: string) {
    const { database } = place;
    this.identity = identity;
    this.#place = place;
    this.#contents = contents;
    this.#results = new AssetResults(database, identity);
    this.sink = new DatabaseSink(database, contents);
    if (!place.ownsDatabase) this.enlist = (tx, writes) => this.#results.write(sqlTransaction(tx), writes);
  }

  /** Opens the repository; the database's schema must be up to date. Throws INVALID_PARAMETER if the content folder cannot be used. */
  static async open(place: DatabasePlace, options: DatabaseAssetsOptions = {}): Promise<DatabaseAssetRepository> {
    const folder = await resolveContentFolder(options);
    const { database } = place;
    if (folder === undefined)
      return new DatabaseAssetRepository(place, new TableContentStore(database), database.identity);
    const query = `${database.identity.includes("?") ? "&" : "?"}${new URLSearchParams({ content: folder }).toString()}`;
    return new DatabaseAssetRepository(place, new FileContentStore(folder), `${database.identity}${query}`);
  }

  scan(scope: Scope, options: ScanOptions): AsyncIterable<ScanPage> {
    return scanAssets(this.#place.database, scope, options);
  }

  async stat(paths: readonly string[]): Promise<readonly (RepositoryNode | undefined)[]> {
    const rows = await this.#rowsAt(paths, ASSET_COLUMNS);
    const assets = new Map(rows.map((row) => [String(row.path), assetOfRow(row)]));
    const nodes: (RepositoryNode | undefined)[] = [];
    for (const path of paths) nodes.push(await this.#node(path, assets.get(path)));
    return nodes;
  }

  names(folder: string, most: number, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    return namesIn(this.#place.database, folder, most, signal);
  }

  async *read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const [row] = await this.#rowsAt([path], "path, content_id, size_bytes");
    if (!row) throw new AssetmillError("GONE", "asset not found", { ids: { path } });
    if (row.content_id === null) throw new AssetmillError("READ_FAILED", "the asset has no content", { ids: { path } });
    for await (const piece of this.#contents.read(String(row.content_id), path, Number(row.size_bytes))) {
      signal?.throwIfAborted();
      yield piece;
    }
  }

  async apply(writes: readonly AssetWrite[]): Promise<readonly RefusedWrite[]> {
    await this.#place.database.write((tx) => this.#results.write(tx, writes));
    return [];
  }

  results(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    return this.#results.read(paths);
  }

  async forgetGone(scope: Scope, options: ForgetOptions): Promise<ForgottenPage> {
    const { database } = this.#place;
    const { results, ...page } = await nextResults(database, this.identity, scope, options);
    const gone = await this.#withoutAsset(results, (sql, parameters) => database.read(sql, parameters));
    if (gone.length === 0) return { removed: 0, ...page };
    const removed = await database.write(async (tx) => {
      // Assets may have been put since.
      const still = await this.#withoutAsset(gone, (sql, parameters) => tx.query(sql, parameters));
      return removeResults(tx, this.identity, still);
    });
    return { removed, ...page };
  }

  async close(): Promise<void> {
    if (this.#place.ownsDatabase) await this.#place.database.close();
  }

  async #node(path: string, asset: Asset | undefined): Promise<RepositoryNode | undefined> {
    if (asset) return { kind: "asset", asset };
    if (path === "/") return { kind: "folder", path };
    const { database } = this.#place;
    const { keys } = database.dialect;
    for (const part of keyParts(keysBelow(path), keys.headBytes)) {
      const { sql, parameters } = anyIn(part, keys);
      if ((await database.read(sql, parameters)).length > 0) return { kind: "folder", path };
    }
    return undefined;
  }

  /** Returns those at whose path there is no asset. */
  async #withoutAsset<T extends { readonly path: string }>(
    results: readonly T[],
    query: (sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>,
  ): Promise<readonly T[]> {
    if (results.length === 0) return [];
    const keys = results.map(({ path }) => ({ key: pathKey(path).toString("hex") }));
    const { dialect } = this.#place.database;
    const { joinOne, same } = dialect.keys;
    const rows = await query(
      `select a.path from ${dialect.rows({ key: "bytes" })} as w ${joinOne(ASSET, "a", same("a.key", "w.key"))}`,
      [JSON.stringify(keys)],
    );
    const there = new Set(rows.map((row) => String(row.path)));
    return results.filter(({ path }) => !there.has(path));
  }

  #rowsAt(paths: readonly string[], columns: string): Promise<readonly Row[]> {
    const { database } = this.#place;
    const { keys } = database.dialect;
    const asked = paths.map((path) => ({ key: pathKey(path).toString("hex") }));
    const selected = columns
      .split(", ")
      .map((column) => `a.${column}`)
      .join(", ");
    return database.read(
      `select ${selected} from ${database.dialect.rows({ key: "bytes" })} as w ${keys.joinOne(ASSET, "a", keys.same("a.key", "w.key"))}`,
      [JSON.stringify(asked)],
    );
  }
}
