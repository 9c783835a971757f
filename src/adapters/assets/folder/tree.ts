import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isWithin } from "../../../core/asset/path.js";
import type { ResolvedFolderOptions } from "./options.js";

/** How long a folder is believed to be no way out of the tree. */
const TRUST_MS = 1_000;
const MAX_TRUSTED = 1_000;

/** Nothing is there: a part is missing, is no folder, or goes round in circles. */
const LEADS_NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** A path's file and its state: what a link inside the tree leads to, never anything outside of it. */
export interface TreeFile {
  readonly file: string;
  readonly stats: Stats;
}

/** Repository paths as files of a folder, and back. Nothing outside of the folder is reached, not by links either. */
export class FolderTree {
  readonly folder: string;
  readonly mount: string;
  #trusted = new Map<string, boolean>();
  #trustedSince = 0;

  constructor({ folder, mount }: ResolvedFolderOptions) {
    this.folder = folder;
    this.mount = mount;
  }

  /** The file at a repository path; undefined above or beside the mount. Nothing need be there. */
  fileOf(path: string): string | undefined {
    if (!isWithin(path, this.mount)) return undefined;
    const inside = this.mount === "/" ? path.slice(1) : path.slice(this.mount.length + 1);
    if (inside.includes("\0") || inside.split("/").some((segment) => segment === "." || segment === "..")) {
      return undefined;
    }
    return inside === "" ? this.folder : join(this.folder, inside);
  }

  /** What is at a repository path; undefined where nothing is in the tree. Fails where that may not be looked at. */
  find(path: string): TreeFile | undefined {
    const file = this.fileOf(path);
    if (file === undefined) return undefined;
    return file === this.folder ? this.#stat(file) : this.findFile(file);
  }

  /** The same, by file. */
  findFile(file: string): TreeFile | undefined {
    if (!this.#isInside(dirname(file))) return undefined;
    const found = this.#stat(file);
    if (!found?.stats.isSymbolicLink()) return found;
    const target = this.#resolve(file);
    const linked = target === undefined ? undefined : this.#stat(target);
    // A linked folder would be listed twice, or for ever.
    return linked?.stats.isFile() ? linked : undefined;
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

  /** A link's target, where that lies inside. */
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
      // Through a linked folder an asset would have two paths: only its own counts.
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
