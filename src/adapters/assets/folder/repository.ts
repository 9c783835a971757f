import type { AssetResult, AssetWrite, RefusedWrite } from "../../../core/asset/asset-result.js";
import type {
  AssetRepository,
  EnlistedWriter,
  ForgetOptions,
  ForgottenPage,
} from "../../../core/ports/asset-repository.js";
import type { Scope } from "../../../core/asset/scope.js";
import { nextResults, removeResults, type StoredResult } from "../../sql/gone-results.js";
import { AssetResults } from "../../sql/asset-results.js";
import { type SqlDatabase, sqlTransaction } from "../../sql/sql-database.js";
import { isGone, showsContent } from "./gone.js";
import { FolderReader } from "./reader.js";
import { TimeSlice } from "./time-slice.js";
import type { FolderTree } from "./tree.js";
import { type FolderOptions, type ResolvedFolderOptions, resolveFolderOptions } from "./options.js";

/** A directory tree as a repository. Files are only read; results live in the store's database and join its transactions. */
export class FolderAssetRepository extends FolderReader implements AssetRepository {
  readonly #results: AssetResults;
  readonly #database: SqlDatabase;

  private constructor(options: ResolvedFolderOptions, database: SqlDatabase) {
    super(options);
    this.#database = database;
    this.#results = new AssetResults(database, this.identity);
    const { plainTree } = this;
    if (plainTree) this.forgetGone = (scope, asked) => this.#forgetGone(plainTree, scope, asked);
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

  /** Not for a FileVault layout: there a node may exist without a file of its own. */
  readonly forgetGone?: AssetRepository["forgetGone"];

  readonly enlist: EnlistedWriter = (tx, writes) => this.#results.write(sqlTransaction(tx), writes);

  async close(): Promise<void> {
    // Holds nothing open: the database belongs to the store.
  }

  async #forgetGone(tree: FolderTree, scope: Scope, options: ForgetOptions): Promise<ForgottenPage> {
    if (!showsContent(tree)) return { removed: 0 };
    const { results, ...page } = await nextResults(this.#database, this.identity, scope, options);
    const gone: StoredResult[] = [];
    const slice = new TimeSlice();
    for (const result of results) {
      if (isGone(tree, result.path)) gone.push(result);
      if (slice.isOver) await slice.turn();
    }
    if (gone.length === 0) return { removed: 0, ...page };
    const removed = await this.#database.write((tx) => removeResults(tx, this.identity, gone));
    return { removed, ...page };
  }
}
