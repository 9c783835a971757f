import { isUtf8 } from "node:buffer";
import { lstatSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import type { Unreadable } from "../../../core/asset/asset.js";
import { isWithin } from "../../../core/asset/path.js";
import { isHiddenName } from "./hidden.js";
import { type ListedName, listNamesSync, mayShowBytes } from "./listed-names.js";
import type { ResolvedFolderOptions } from "./options.js";

/** How long the check that a folder lies inside the tree stays valid. */
const TRUST_MS = 1_000;
const MAX_TRUSTED = 1_000;

/** A part of the path is missing, is not a folder, or is a link in a loop. */
export const LEADS_NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** A path's file and its stats, links resolved: never anything outside the tree. */
export interface TreeFile {
  readonly file: string;
  readonly stats: Stats;
  /** Set if a link leads here: its own stats say nothing about when it came to lead here. */
  readonly isLinked?: true;
  /** Set if no file name leads here, because it is not UTF-8: `file` is then of no use. */
  readonly unreadable?: Unreadable;
}

const notUtf8 = (message: string): Unreadable => ({ code: "READ_FAILED", message });
const FILE_NOT_UTF8 = notUtf8("the file name is not UTF-8");
const FOLDER_NOT_UTF8 = notUtf8("the folder's name is not UTF-8");
const TARGET_NOT_UTF8 = notUtf8("the link leads to a name that is not UTF-8");

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

  /**
   * Returns the file name for a repository path whose folder lies inside the tree. What bears the name may be missing, or
   * be a link. Throws if the folder may not be looked at.
   */
  place(path: string): string | undefined {
    const file = this.fileOf(path);
    return file !== undefined && file !== this.folder && this.#isInside(dirname(file)) ? file : undefined;
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
    if (!found) return mayShowBytes(basename(file)) ? this.#findShown(file) : undefined;
    return found.stats.isSymbolicLink() ? this.#findTarget(file, file) : found;
  }

  /** Finds what has a name in a folder, by its bytes. Nothing can be read by them, only told: see `unreadable`. */
  findBytes(folder: string, { name, bytes }: ListedName): TreeFile | undefined {
    const file = join(folder, name);
    if (bytes === undefined || !this.#isInside(folder)) return this.findFile(file);
    const place = Buffer.concat([Buffer.from(join(folder, "/")), bytes]);
    const found = this.#stat(place, file);
    if (found?.stats.isSymbolicLink()) {
      const target = this.#findTarget(place, file);
      return target && { ...target, unreadable: FILE_NOT_UTF8 };
    }
    return found && { ...found, unreadable: found.stats.isDirectory() ? FOLDER_NOT_UTF8 : FILE_NOT_UTF8 };
  }

  /** Finds what is listed by this shown name. */
  #findShown(file: string): TreeFile | undefined {
    try {
      const name = basename(file);
      const listed = listNamesSync(dirname(file)).find((one) => one.bytes && one.name === name);
      return listed && this.findBytes(dirname(file), listed);
    } catch (error) {
      if (LEADS_NOWHERE.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  /** Finds the file that a link leads to. A linked folder would be listed twice, or endlessly. */
  #findTarget(link: string | Buffer, file: string): TreeFile | undefined {
    const target = this.#resolve(link);
    if (target === undefined) return undefined;
    const isBytes = typeof target !== "string";
    const linked = isBytes ? this.#stat(target, file) : this.#stat(target);
    if (!linked?.stats.isFile()) return undefined;
    return { ...linked, isLinked: true, ...(isBytes ? { unreadable: TARGET_NOT_UTF8 } : {}) };
  }

  #stat(file: string): TreeFile | undefined;
  #stat(place: Buffer, file: string): TreeFile | undefined;
  #stat(place: string | Buffer, file = String(place)): TreeFile | undefined {
    try {
      const stats = lstatSync(place, { throwIfNoEntry: false });
      return stats && { file, stats };
    } catch (error) {
      if (LEADS_NOWHERE.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw error;
    }
  }

  /** Returns a link's target if it lies inside the tree; as bytes if it is not UTF-8. */
  #resolve(file: string | Buffer): string | Buffer | undefined {
    try {
      const target = realpathSync.native(file);
      if (!this.#contains(target)) return undefined;
      if (!target.includes("\ufffd")) return target;
      const bytes = realpathSync.native(file, "buffer");
      return isUtf8(bytes) ? target : bytes;
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
