import { type Dirent, opendirSync } from "node:fs";
import { dirname, sep } from "node:path";
import { enter } from "./enter.js";
import type { FolderTree } from "./tree.js";

/** How long a listing counts as what is there: no longer than `FolderTree` trusts that a folder lies inside. */
const LISTED_MS = 1_000;
/** A folder that is asked about less often is not listed: a look at each of its files costs less. */
const WORTH_LOOKS = 4;
/** Names in one folder; one with more is not listed. */
const MOST_NAMES = 5_000;
/** Names of all folders together. */
const MOST_KEPT = 50_000;

interface Folder {
  /** Its directory; undefined if it is not one inside the tree, or may not be looked at. */
  readonly directory: string | undefined;
  looks: number;
  names?: ReadonlySet<string>;
}

/**
 * Folders that were looked at lately. Tells from listings that something exists, without a look at each file. It only
 * ever says yes, and what it saw is at most a second old. Links, names that are not UTF-8, other cases and Unicode forms
 * of a name, and what is missing are for a look at the file itself.
 */
export class ListedFolders {
  readonly #tree: FolderTree;
  readonly #folders = new Map<string, Folder>();
  #sinceMs = Number.NEGATIVE_INFINITY;
  #kept = 0;

  constructor(tree: FolderTree) {
    this.#tree = tree;
  }

  /**
   * Returns the file name for a path, as `FolderTree.place` does: its folder lies inside the tree, or did a second ago.
   * Undefined if there is none, or it cannot be told.
   */
  place(path: string): string | undefined {
    const cut = path.lastIndexOf("/");
    const { directory } = this.#folder(path, cut);
    const name = path.slice(cut + 1);
    if (directory === undefined || this.#isNoName(name)) return undefined;
    return `${directory}${sep}${name}`;
  }

  /** Returns whether a file or folder at this path is in a listing. False says nothing. */
  has(path: string): boolean {
    const cut = path.lastIndexOf("/");
    const folder = this.#folder(path, cut);
    if (!folder.names) {
      if (++folder.looks < WORTH_LOOKS || this.#kept > MOST_KEPT) return false;
      folder.names = folder.directory === undefined ? NONE : this.#list(folder.directory);
      this.#kept += folder.names.size;
    }
    return folder.names.has(path.slice(cut + 1));
  }

  #folder(path: string, cut: number): Folder {
    const nowMs = performance.now();
    if (nowMs - this.#sinceMs > LISTED_MS || this.#kept > MOST_KEPT * 2) {
      this.#folders.clear();
      this.#kept = 0;
      this.#sinceMs = nowMs;
    }
    const parent = path.slice(0, cut);
    let folder = this.#folders.get(parent);
    if (!folder) {
      folder = { directory: this.#directory(parent), looks: 0 };
      this.#folders.set(parent, folder);
      this.#kept++;
    }
    return folder;
  }

  #directory(parent: string): string | undefined {
    try {
      const place = this.#tree.place(`${parent}/x`);
      return place === undefined ? undefined : dirname(place);
    } catch {
      return undefined;
    }
  }

  #isNoName(name: string): boolean {
    if (name === "" || name === "." || name === ".." || name.includes("\0") || name.includes(sep)) return true;
    return this.#tree.isHidden(name);
  }

  /** Returns a directory's files and folders by name; none if not every one of them may be looked at. */
  #list(directory: string): ReadonlySet<string> {
    try {
      enter(directory);
      const names = new Set<string>();
      const entries = opendirSync(directory, { bufferSize: 1_024 });
      try {
        for (let entry = entries.readSync(); entry; entry = entries.readSync()) {
          if (names.size >= MOST_NAMES) return NONE;
          if (isPlain(entry) && !this.#tree.isHidden(entry.name)) names.add(entry.name);
        }
      } finally {
        entries.closeSync();
      }
      return names;
    } catch {
      return NONE;
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Whether an entry is what its name says: Node shows bytes that are not UTF-8 as U+FFFD. */
const isPlain = (entry: Dirent): boolean => (entry.isFile() || entry.isDirectory()) && !entry.name.includes("\ufffd");
