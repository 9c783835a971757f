import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isWithin } from "../../../core/asset/path.js";
import { isHiddenName } from "./hidden.js";
import type { ResolvedFolderOptions } from "./options.js";

/** How long the check that a folder lies inside the tree stays valid. */
const TRUST_MS = 1_000;
const MAX_TRUSTED = 1_000;

/** A part of the path is missing, is not a folder, or is a link in a loop. */
const LEADS_NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** A path's file and its stats, links resolved: never anything outside the tree. */
export interface TreeFile {
  readonly file: string;
  readonly stats: Stats;
  /** Set if a link leads here: its own stats say nothing about when it came to lead here. */
  readonly isLinked?: true;
}

/** Maps repository paths to files below a folder. Reaches nothing outside that folder, not through links either. */
export class FolderTree {
  readonly folder: string;
  readonly mount: string;
  readonly #showsHidden: boolean;
  #trusted = new Map<string, boolean>();
  #trustedSince = 0;

  constructor({ folder, mount, hidden }: ResolvedFolderOptions) {
    this.folder = folder;
    this.mount = mount;
    this.#showsHidden = hidden;
  }

  /** Whether a name in this tree is hidden: what bears it, and all below it, is as absent. */
  isHidden(name: string): boolean {
    return !this.#showsHidden && isHiddenName(name);
  }

  /** Returns the file name for a repository path; undefined outside the mount or if hidden. The file need not exist. */
  fileOf(path: string): string | undefined {
    if (!isWithin(path, this.mount)) return undefined;
    const inside = this.mount === "/" ? path.slice(1) : path.slice(this.mount.length + 1);
    if (inside === "") return this.folder;
    const isNone = (name: string): boolean => name === "." || name === ".." || this.isHidden(name);
    return inside.includes("\0") || inside.split("/").some(isNone) ? undefined : join(this.folder, inside);
  }

  /** Finds what is at a repository path; undefined if nothing is. Throws if it may not be looked at. */
  find(path: string): TreeFile | undefined {
    const file = this.fileOf(path);
    if (file === undefined) return undefined;
    return file === this.folder ? this.#stat(file) : this.findFile(file);
  }

  /** Like `find`, for a file name. */
  findFile(file: string): TreeFile | undefined {
    if (!this.#isInside(dirname(file))) return undefined;
    const found = this.#stat(file);
    if (!found?.stats.isSymbolicLink()) return found;
    const target = this.#resolve(file);
    const linked = target === undefined ? undefined : this.#stat(target);
    // A linked folder would be listed twice, or endlessly.
    return linked?.stats.isFile() ? { ...linked, isLinked: true } : undefined;
  }

  #stat(file: string): TreeFile | undefined {
    try {
      const stats = lstatSync(file, { throwIfNoEntry: false });
      return stats && { file, stats };
    } catch (error) {
      if (LEADS_NOWHERE.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  /** Returns a link's target if it lies inside the tree. */
  #resolve(file: string): string | undefined {
    try {
      const target = realpathSync.native(file);
      return this.#contains(target) ? target : undefined;
    } catch (error) {
      if (LEADS_NOWHERE.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  #isInside(folder: string): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#trustedSince > TRUST_MS || this.#trusted.size > MAX_TRUSTED) {
      this.#trusted.clear();
      this.#trustedSince = nowMs;
    }
    let inside = this.#trusted.get(folder);
    if (inside === undefined) {
      // Through a linked folder an asset would have two paths: only its real one counts.
      inside = this.#resolve(folder) === folder;
      this.#trusted.set(folder, inside);
    }
    return inside;
  }

  #contains(file: string): boolean {
    const inside = relative(this.folder, file);
    return inside !== ".." && !inside.startsWith(`..${sep}`);
  }
}
