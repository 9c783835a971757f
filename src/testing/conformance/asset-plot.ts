import type { Asset } from "../../core/asset/asset.js";
import type { AssetRepository, ScanPage } from "../../core/ports/asset-repository.js";
import type { Transaction } from "../../core/ports/transaction.js";
import { type Scope, type ScopeFilter, scopeOf } from "../../core/asset/scope.js";
import { asTree } from "./random-tree.js";
import { referenceOrder } from "./reference-order.js";

/** Optional abilities of a repository. */
export type AssetRepositoryFlag =
  /** Results join a transaction of the store. The fixture must have `transaction`. */
  | "enlist"
  /** It can take in assets: it has a `sink`. */
  | "sink"
  /** An asset put into the sink keeps its times. */
  | "sinkTimes"
  /** The fixture's `put` can set an asset's creation time. */
  | "creationTimes"
  /** `apply` refuses writes for an asset that no longer exists. */
  | "refusesGone"
  /** It removes results whose assets are gone: it has `forgetGone`. */
  | "forgetsGone"
  /** `apply` refuses writes for an asset whose size or modification time differs from the stamp's. */
  | "comparesStamps"
  /** The type of `.xml` assets is read from the head of their content. */
  | "xmlHeads"
  /** It can list the names in a folder: it has `names`. */
  | "names"
  /** A folder may be closed to the repository's user, who then still sees that it exists. Needs `whileClosed`. */
  | "closedFolders";

export interface AssetRepositoryCapabilities extends Readonly<Record<Exclude<AssetRepositoryFlag, "names">, boolean>> {
  /** @defaultValue true */
  readonly names?: boolean;
  /** Returns whether the repository allows this name. @defaultValue every name is allowed */
  readonly legalName?: (segment: string) => boolean;
  /** Whether names that differ only in case or in their Unicode form are the same name. @defaultValue false */
  readonly foldsNames?: boolean;
  /** Length of the longest path that an asset can have there, in bytes of UTF-8. @defaultValue 4,096 */
  readonly maxPathBytes?: number;
  /**
   * Number of random trees that each property is tested on; with fewer than 25, trees of long paths are scanned less often
   * too.
   * @defaultValue 25
   */
  readonly randomTrees?: number;
}

/** The repository under test, and a way to change it that is not under test. */
export interface AssetRepositoryFixture {
  readonly repository: AssetRepository;
  /** An empty or missing folder. Everything happens below it. */
  readonly root: string;
  /** Creates or replaces an asset. Creates missing parents. */
  put(path: string, content: Uint8Array, options: { readonly createdMs?: number }): Promise<void>;
  /** Removes an asset. Its parents may stay. */
  remove(path: string): Promise<void>;
  /** Required with `enlist`: runs `work` in a transaction of the store's database. Must roll back if `work` throws. */
  transaction?<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Required with `closedFolders`: runs `work` while a folder cannot be read. */
  whileClosed?<T>(path: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const ENCODER = new TextEncoder();

/** One check's own folder. Paths are relative to it: `/a` is the plot's `a`. */
export class AssetPlot {
  readonly repository: AssetRepository;
  readonly root: string;
  readonly capabilities: AssetRepositoryCapabilities;
  readonly #fixture: AssetRepositoryFixture;

  constructor(fixture: AssetRepositoryFixture, root: string, capabilities: AssetRepositoryCapabilities) {
    this.#fixture = fixture;
    this.repository = fixture.repository;
    this.root = root;
    this.capabilities = capabilities;
  }

  /** Returns a folder inside as a plot. */
  inner(name: string): AssetPlot {
    return new AssetPlot(this.#fixture, `${this.root}/${name}`, this.capabilities);
  }

  at(path: string): string {
    return path === "/" ? this.root : this.root + path;
  }

  async put(path: string, content: string | Uint8Array = path, options: { createdMs?: number } = {}): Promise<string> {
    await this.#fixture.put(this.at(path), typeof content === "string" ? ENCODER.encode(content) : content, options);
    return this.at(path);
  }

  /** Removes an asset by its whole path. */
  remove(path: string): Promise<void> {
    return this.#fixture.remove(path);
  }

  /** Puts those assets whose names are allowed here. Returns their whole paths in path order. */
  async plant(paths: readonly string[]): Promise<readonly string[]> {
    const planted: string[] = [];
    for (const path of this.#standable(paths)) planted.push(await this.put(path));
    return planted.sort(referenceOrder);
  }

  async inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (!this.#fixture.transaction) throw new Error("the flag `enlist` needs a fixture with `transaction`");
    return this.#fixture.transaction(work);
  }

  /** Runs `work` while a folder, named by its whole path, cannot be read. */
  async whileClosed<T>(path: string, work: () => Promise<T>): Promise<T> {
    if (!this.#fixture.whileClosed) throw new Error("the flag `closedFolders` needs a fixture with `whileClosed`");
    return this.#fixture.whileClosed(path, work);
  }

  /** Makes a scope from whole paths. Without roots: the whole plot. */
  scope(roots: readonly string[] = [this.root], excluded: readonly string[] = [], filter?: ScopeFilter): Scope {
    return scopeOf(roots, excluded, filter ?? { fileTypes: [] });
  }

  async pages(scope: Scope, options: Partial<Parameters<AssetRepository["scan"]>[1]> = {}): Promise<ScanPage[]> {
    const pages: ScanPage[] = [];
    for await (const page of this.repository.scan(scope, { pageSize: 3, ...options })) pages.push(page);
    return pages;
  }

  async assets(scope: Scope = this.scope(), options: { after?: string; pageSize?: number } = {}): Promise<Asset[]> {
    return (await this.pages(scope, options)).flatMap(({ assets }) => [...assets]);
  }

  async paths(scope: Scope = this.scope(), options: { after?: string; pageSize?: number } = {}): Promise<string[]> {
    return (await this.assets(scope, options)).map((asset) => asset.path);
  }

  #standable(paths: readonly string[]): readonly string[] {
    const { legalName = () => true, foldsNames = false } = this.capabilities;
    const legal = paths.filter((path) => path.slice(1).split("/").every(legalName));
    if (!foldsNames) return asTree(legal);
    const folded = new Map(legal.map((path) => [path.normalize("NFD").toLowerCase(), path]));
    const tree = asTree([...folded.keys()]);
    return tree.map((key) => folded.get(key) ?? key);
  }
}
