import { nameOf } from "../../asset/asset.js";
import { childPath, parentPath } from "../../asset/path.js";
import type { AssetRepository } from "../../ports/asset-repository.js";

/** Names read of one folder; those beyond are not looked at. */
const MOST_NAMES = 10_000;
/** Names kept of all folders together. */
const MOST_KEPT = 20_000;
/** Folders of a missing path that may differ, from its end on. */
const MOST_LEVELS = 8;

type ListableRepository = Required<Pick<AssetRepository, "names" | "stat">>;

/** A folder's names by what they are without case and Unicode form. */
type Folder = ReadonlyMap<string, readonly string[]>;

/**
 * Finds paths that differ from a missing path only in case or Unicode form. Remembers the folders that it listed, because many
 * assets may have broken links into the same folder; a listing may be as old as this object.
 */
export class SimilarPaths {
  readonly #repository: ListableRepository;
  readonly #folders = new Map<string, Promise<Folder | undefined>>();
  #kept = 0;

  constructor(repository: ListableRepository) {
    this.#repository = repository;
  }

  /** Returns what exists under a similar path; undefined if nothing does. */
  async find(path: string, signal?: AbortSignal): Promise<string | undefined> {
    const similar = await this.#find(path, MOST_LEVELS, signal);
    if (similar === undefined) return undefined;
    const [node] = await this.#repository.stat([similar], signal);
    return node ? similar : undefined;
  }

  async #find(path: string, levels: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (path === "/" || levels === 0) return undefined;
    const parent = parentPath(path);
    let folder: string | undefined = parent;
    let names = await this.#names(parent, signal);
    if (!names) {
      folder = await this.#find(parent, levels - 1, signal);
      names = folder === undefined ? undefined : await this.#names(folder, signal);
    }
    if (folder === undefined || !names) return undefined;
    const name = nameOf(path);
    const others = (names.get(fold(name)) ?? []).filter((other) => folder !== parent || other !== name);
    const best = others.find((other) => other.normalize() === name.normalize()) ?? others[0];
    return best === undefined ? undefined : childPath(folder, best);
  }

  async #names(folder: string, signal: AbortSignal | undefined): Promise<Folder | undefined> {
    const known = this.#folders.get(folder);
    if (!known) return this.#remember(folder, this.#list(folder, signal));
    try {
      return await known;
    } catch (error) {
      if (signal?.aborted) throw error;
      // Another asset's signal may have ended it.
      return this.#remember(folder, this.#list(folder, signal));
    }
  }

  #remember(folder: string, listed: Promise<Folder | undefined>): Promise<Folder | undefined> {
    if (this.#kept > MOST_KEPT) {
      this.#folders.clear();
      this.#kept = 0;
    }
    this.#folders.set(folder, listed);
    return listed;
  }

  async #list(folder: string, signal: AbortSignal | undefined): Promise<Folder | undefined> {
    const names = await this.#repository.names(folder, MOST_NAMES, signal);
    this.#kept += 1 + (names?.length ?? 0);
    if (!names) return undefined;
    const folded = new Map<string, string[]>();
    for (const name of names) {
      const key = fold(name);
      const same = folded.get(key);
      if (same) same.push(name);
      else folded.set(key, [name]);
    }
    return folded;
  }
}

const fold = (name: string): string => name.normalize("NFD").toLowerCase().normalize("NFC");
