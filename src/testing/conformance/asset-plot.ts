import type { Asset } from "../../core/asset/asset.js";
import type { AssetRepository, ScanPage } from "../../core/ports/asset-repository.js";
import type { Transaction } from "../../core/ports/transaction.js";
import { type Scope, type ScopeFilter, scopeOf } from "../../core/asset/scope.js";
import { asTree } from "./random-tree.js";
import { referenceOrder } from "./reference-order.js";

/** What a repository can do beyond what every one does. */
export type AssetRepositoryFlag =
  /** Results join a transaction of the store; the fixture has `transaction`. */
  | "enlist"
  /** Assets can be put into it. */
  | "sink"
  /** An asset that is put keeps the times it came with. */
  | "sinkTimes"
  /** `put` of the fixture can say when an asset was created. */
  | "creationTimes"
  /** `apply` refuses what is about an asset that is gone. */
  | "refusesGone"
  /** `apply` refuses what is about an asset whose size or time of modification is not the stamp's. */
  | "comparesStamps"
  /** Assets named `.xml` are typed by the head of their content. */
  | "xmlHeads";

export interface AssetRepositoryCapabilities extends Readonly<Record<AssetRepositoryFlag, boolean>> {
  /** False for a name that cannot stand in it. @defaultValue every name can */
  readonly legalName?: (segment: string) => boolean;
  /** True where names that differ in case alone, or in their Unicode form, are one. @defaultValue false */
  readonly foldsNames?: boolean;
  /** Random trees a property is tried on. @defaultValue 25 */
  readonly randomTrees?: number;
}

/** A repository, and a way to change it that is not under test. */
export interface AssetRepositoryFixture {
  readonly repository: AssetRepository;
  /** A folder, there or not, below which nothing stands and everything happens. */
  readonly root: string;
  /** Makes or replaces an asset, missing parents too. */
  put(path: string, content: Uint8Array, options: { readonly createdMs?: number }): Promise<void>;
  /** Takes an asset away. Parents may stay. */
  remove(path: string): Promise<void>;
  /** Given with `enlist`: runs `work` in a transaction of the store's database; rolls back where it throws. */
  transaction?<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const ENCODER = new TextEncoder();

/** A folder of one check's own. Paths are given from there on: `/a` is the plot's `a`. */
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

  /** A folder inside, as a plot. */
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

  /** By its whole path. */
  remove(path: string): Promise<void> {
    return this.#fixture.remove(path);
  }

  /** Puts those assets that can stand here; answers their whole paths in path order. */
  async plant(paths: readonly string[]): Promise<readonly string[]> {
    const planted: string[] = [];
    for (const path of this.#standable(paths)) planted.push(await this.put(path));
    return planted.sort(referenceOrder);
  }

  async inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (!this.#fixture.transaction) throw new Error("the flag `enlist` needs a fixture with `transaction`");
    return this.#fixture.transaction(work);
  }

  /** Whole paths, or none for all of the plot. */
  scope(roots: readonly string[] = [this.root], excluded: readonly string[] = [], filter?: ScopeFilter): Scope {
    return scopeOf(roots, excluded, filter ?? { fileTypes: [] });
  }

  async pages(scope: Scope, options: Partial<Parameters<AssetRepository["scan"]>[1]> = {}): Promise<ScanPage[]> {
    const pages: ScanPage[] = [];
    for await (const page of this.repository.scan(scope, { pageSize: 3, ...options })) pages.push(page);
    return pages;
  }

  async assets(scope: Scope = this.scope(), options: { after?: string; pageSize?: number } = {}): Promise<Asset[]> {
    return (await this.pages(scope, options)).flatMap((page) => page.assets);
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
