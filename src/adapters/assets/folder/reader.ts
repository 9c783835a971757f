import { createReadStream, existsSync, readFile } from "node:fs";
import { promisify } from "node:util";
import { AssetmillError } from "../../../core/errors.js";
import { isWithin } from "../../../core/asset/path.js";
import type { AssetRepository, RepositoryNode, ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import type { ThreadReaderModule } from "../../../core/ports/thread-reader-module.js";
import type { Scope } from "../../../core/asset/scope.js";
import { assetOfFile } from "./asset-mapper.js";
import { folderError } from "./errors.js";
import { namesIn, nameTowardsMount } from "./folder-names.js";
import { isHiddenName } from "./hidden.js";
import { FolderTree, type TreeFile } from "./tree.js";
import { READ_ONLY } from "./read-only.js";
import { scanFolder } from "./scan.js";
import { VaultTree, vaultRootOf } from "./vault/tree.js";
import { scanVault } from "./vault/scan.js";
import { type FolderOptions, folderIdentity, type ResolvedFolderOptions, resolveFolderOptions } from "./options.js";

type Names = readonly string[];

const readFailed = (path: string, message: string): AssetmillError =>
  new AssetmillError("READ_FAILED", message, { ids: { path } });

const THREAD_READER = new URL("./thread-reader.js", import.meta.url).href;
const PIECE_BYTES = 256 * 1024;
// The callback version: promise-based file handles cost the main thread twice the time.
const readWhole = promisify(readFile);

/**
 * Reads a directory tree that is mounted at a repository path. A link to a file inside the tree is an asset; links to
 * folders, and links out of the tree, are ignored.
 */
export class FolderReader implements Pick<
  AssetRepository,
  "identity" | "scan" | "stat" | "whyAbsent" | "names" | "read" | "fileOf" | "inThread"
> {
  readonly identity: string;
  readonly inThread: ThreadReaderModule;
  readonly #options: ResolvedFolderOptions;
  readonly #tree: FolderTree;
  /** Set if the folder holds a FileVault layout. */
  readonly #vault: VaultTree | undefined;

  /** Lists a directory's names. */
  protected readonly list: (directory: string, most: number, tree: FolderTree) => Names | Promise<Names> = namesIn;

  protected constructor(options: ResolvedFolderOptions) {
    this.identity = folderIdentity(options);
    this.#options = options;
    this.inThread = { url: THREAD_READER, options };
    const jcrRoot = vaultRootOf(options.folder);
    this.#vault = jcrRoot === undefined ? undefined : new VaultTree({ ...options, folder: jcrRoot });
    this.#tree = this.#vault?.tree ?? new FolderTree(options);
  }

  /** The tree whose files are the assets; undefined for a FileVault layout. */
  protected get plainTree(): FolderTree | undefined {
    return this.#vault ? undefined : this.#tree;
  }

  /** Opens a folder. Throws INVALID_PARAMETER if it does not exist. */
  static async at(options: FolderOptions): Promise<FolderReader> {
    return new FolderReader(await resolveFolderOptions(options));
  }

  scan(scope: Scope, options: ScanOptions): AsyncIterable<ScanPage> {
    return this.#vault ? scanVault(this.#vault, scope, options) : scanFolder(this.#tree, scope, options);
  }

  async stat(paths: readonly string[]): Promise<readonly (RepositoryNode | undefined)[]> {
    return paths.map((path) => this.#node(path));
  }

  /** Returns whether anything is at a path, as `stat` does. */
  exists(path: string): boolean {
    if (isWithin(this.#tree.mount, path)) return this.#rootNode(path) !== undefined;
    if (this.#vault) return this.#vault.at(path) !== undefined;
    const found = this.#find(path);
    return found !== undefined && (found.stats.isFile() || found.stats.isDirectory());
  }

  async whyAbsent(path: string): Promise<string | undefined> {
    if (this.#options.hidden || !path.split("/").some(isHiddenName)) return undefined;
    const [node] = await new FolderReader({ ...this.#options, hidden: true }).stat([path]);
    return node && "is hidden; ?hidden=true in the repository's URI includes it";
  }

  async names(folder: string, most: number): Promise<readonly string[] | undefined> {
    const towards = nameTowardsMount(this.#tree, folder);
    if (towards !== undefined) return [towards];
    try {
      if (this.#vault?.at(folder)?.kind === "folder")
        return this.#vault
          .names(folder)
          .slice(0, most)
          .map(({ name }) => name);
      const found = this.#vault ? undefined : this.#find(folder);
      return found?.stats.isDirectory() && !found.unreadable
        ? await this.list(found.file, most, this.#tree)
        : undefined;
    } catch {
      // Closed to this user: there is nothing to learn.
      return undefined;
    }
  }

  async *read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      const found = this.#file(path);
      if (found.stats.size <= PIECE_BYTES) yield await readWhole(found.file, { flag: READ_ONLY });
      else yield* createReadStream(found.file, { flags: READ_ONLY, highWaterMark: PIECE_BYTES, signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw folderError(error, path, this.#tree.folder);
    }
  }

  fileOf(path: string): string {
    try {
      return this.#file(path).file;
    } catch (error) {
      throw folderError(error, path, this.#tree.folder);
    }
  }

  #file(path: string): TreeFile {
    const found = this.#vault ? this.#original(this.#vault, path) : this.#tree.find(path);
    if (found?.unreadable) throw readFailed(path, found.unreadable.message);
    if (!found?.stats.isFile()) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return found;
  }

  /** Returns the file that holds an asset's content. A dam:Asset may lack its original. */
  #original(vault: VaultTree, path: string): TreeFile | undefined {
    const node = vault.at(path);
    if (node?.kind === "asset" && !node.content) throw readFailed(path, "the asset has no original rendition");
    return node?.kind === "asset" ? node.content : undefined;
  }

  #node(path: string): RepositoryNode | undefined {
    // Above the mount there are only the folders that lead to it.
    if (isWithin(this.#tree.mount, path)) return this.#rootNode(path);
    if (this.#vault) {
      const node = this.#vault.at(path);
      return node?.kind === "asset" ? { kind: "asset", asset: node.asset } : node && { kind: "folder", path };
    }
    const found = this.#find(path);
    if (found?.stats.isFile() || (found?.unreadable && found.stats.isDirectory()))
      return { kind: "asset", asset: assetOfFile(path, found) };
    return found?.stats.isDirectory() ? { kind: "folder", path } : undefined;
  }

  /** Treats an unreadable path as missing. Throws if the whole tree is gone: that says nothing about one path. */
  #find(path: string): TreeFile | undefined {
    try {
      const found = this.#tree.find(path);
      if (found || existsSync(this.#tree.folder)) return found;
    } catch {
      return undefined;
    }
    throw new AssetmillError("UNAVAILABLE", "the repository's folder does not exist (is its disk mounted?)", {
      ids: { path },
    });
  }

  #rootNode(path: string): RepositoryNode {
    if (this.#tree.find(this.#tree.mount)?.stats.isDirectory()) return { kind: "folder", path };
    throw new AssetmillError("UNAVAILABLE", "the repository's folder does not exist (is its disk mounted?)", {
      ids: { path },
    });
  }
}
