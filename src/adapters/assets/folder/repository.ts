import type { AssetResult, AssetWrite, RefusedWrite } from "../../../core/asset/asset-result.js";
import type { AssetRepository, EnlistedWriter } from "../../../core/ports/asset-repository.js";
import { AssetResults } from "../../sql/asset-results.js";
import { type SqlDatabase, sqlTransaction } from "../../sql/sql-database.js";
import { FolderReader } from "./reader.js";
import { type FolderOptions, type ResolvedFolderOptions, resolveFolderOptions } from "./options.js";

/** A directory tree as a repository. Files are only read; results live in the store's database and join its transactions. */
export class FolderAssetRepository extends FolderReader implements AssetRepository {
  readonly #results: AssetResults;
  readonly #database: SqlDatabase;

  private constructor(options: ResolvedFolderOptions, database: SqlDatabase) {
    super(options);
    this.#database = database;
    this.#results = new AssetResults(database, this.identity);
  }

  static async open(options: FolderOptions, database: SqlDatabase): Promise<FolderAssetRepository> {
    return new FolderAssetRepository(await resolveFolderOptions(options), database);
  }

  async apply(writes: readonly AssetWrite[]): Promise<readonly RefusedWrite[]> {
    await this.#database.write((tx) => this.#results.write(tx, writes));
    return [];
  }

  results(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    return this.#results.read(paths);
  }

  readonly enlist: EnlistedWriter = (tx, writes) => this.#results.write(sqlTransaction(tx), writes);

  async close(): Promise<void> {
    // Holds nothing open: the database belongs to the store.
  }
}
