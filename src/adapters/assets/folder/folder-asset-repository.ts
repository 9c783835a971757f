import { constants, createReadStream, existsSync, readFile } from "node:fs";
import { promisify } from "node:util";
import { AssetmillError } from "../../../core/errors.js";
import { isWithin } from "../../../core/path.js";
import type {
  AssetRepository,
  AssetResult,
  AssetWrite,
  EnlistedWriter,
  RepositoryNode,
  ScanPage,
} from "../../../core/ports/asset-repository.js";
import type { Scope } from "../../../core/scope.js";
import { type SqlDatabase, sqlTransaction } from "../../sql/sql-database.js";
import { assetOfFile } from "./asset-of-file.js";
import { folderError } from "./folder-errors.js";
import { FolderResults } from "./folder-results.js";
import { FolderTree, type TreeFile } from "./folder-tree.js";
import { type WalkOptions, walkFolder } from "./folder-walk.js";
import { type FolderOptions, folderIdentity, resolveFolderOptions } from "./options.js";

const readFailed = (path: string, message: string): AssetmillError =>
  new AssetmillError("READ_FAILED", message, { ids: { path } });

const PIECE_BYTES = 256 * 1024;
// What `find` looked at was no link out of the tree; O_NOFOLLOW keeps it so should it be swapped meanwhile.
// (Flags may be numbers; the typings know them as text only.)
const READ_ONLY = (constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)) as unknown as string;
// With callbacks: file handles as promises cost the main thread twice the time.
const readWhole = promisify(readFile);

/**
 * A directory tree, mounted at a repository path. Files are read only; results live in the store's database, and join
 * its transactions. Links to files inside the tree are assets; links to folders, and out of the tree, are none.
 */
export class FolderAssetRepository implements AssetRepository {
  readonly identity: string;
  readonly #tree: FolderTree;
  readonly #results: FolderResults;
  readonly #database: SqlDatabase;

  private constructor(identity: string, tree: FolderTree, database: SqlDatabase) {
    this.identity = identity;
    this.#tree = tree;
    this.#database = database;
    this.#results = new FolderResults(database, identity);
  }

  static async open(options: FolderOptions, database: SqlDatabase): Promise<FolderAssetRepository> {
    const resolved = await resolveFolderOptions(options);
    return new FolderAssetRepository(folderIdentity(resolved), new FolderTree(resolved), database);
  }

  scan(scope: Scope, options: WalkOptions): AsyncIterable<ScanPage> {
    return walkFolder(this.#tree, scope, options);
  }

  async stat(paths: readonly string[]): Promise<readonly (RepositoryNode | undefined)[]> {
    return paths.map((path) => this.#node(path));
  }

  async *read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const { folder } = this.#tree;
    try {
      const found = this.#tree.find(path);
      if (!found && path.includes("\ufffd")) throw readFailed(path, "its name is not UTF-8; rename it");
      if (!found?.stats.isFile()) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      if (found.stats.size <= PIECE_BYTES) yield await readWhole(found.file, { flag: READ_ONLY });
      else yield* createReadStream(found.file, { flags: READ_ONLY, highWaterMark: PIECE_BYTES, signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw folderError(error, path, folder);
    }
  }

  async apply(writes: readonly AssetWrite[]): Promise<void> {
    await this.#database.write((tx) => this.#results.write(tx, writes));
  }

  results(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    return this.#results.read(paths);
  }

  readonly enlist: EnlistedWriter = (tx, writes) => this.#results.write(sqlTransaction(tx), writes);

  async close(): Promise<void> {
    // Holds nothing open: the database belongs to the store.
  }

  #node(path: string): RepositoryNode | undefined {
    // Above the mount there is nothing but the way to it.
    if (isWithin(this.#tree.mount, path)) return this.#rootNode(path);
    const found = this.#find(path);
    if (found?.stats.isDirectory()) return { kind: "folder", path };
    return found?.stats.isFile() ? { kind: "asset", asset: assetOfFile(path, found) } : undefined;
  }

  /** Nothing readable is nothing there; but a tree that is gone is no answer about one path. */
  #find(path: string): TreeFile | undefined {
    try {
      const found = this.#tree.find(path);
      if (found || existsSync(this.#tree.folder)) return found;
    } catch {
      return undefined;
    }
    throw new AssetmillError("UNAVAILABLE", "the repository's folder is not there", { ids: { path } });
  }

  #rootNode(path: string): RepositoryNode {
    if (this.#tree.find(this.#tree.mount)?.stats.isDirectory()) return { kind: "folder", path };
    throw new AssetmillError("UNAVAILABLE", "the repository's folder is not there", { ids: { path } });
  }
}
