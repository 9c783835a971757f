import { type Dirent, opendirSync } from "node:fs";
import { dirname } from "node:path";
import { parentPath } from "../../../core/asset/path.js";
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
  looks: number;
  names?: ReadonlySet<string>;
}

/**
 * Tells from listings that something exists, without a look at each file. It only ever says yes, and what it saw is at
 * most a second old. Links, names that are not UTF-8, other cases and Unicode forms of a name, and what is missing are
 * for a look at the file itself.
 */
export class ListedFolders {
  readonly #tree: FolderTree;
  readonly #folders = new Map<string, Folder>();
  #sinceMs = Number.NEGATIVE_INFINITY;
  #kept = 0;

  constructor(tree: FolderTree) {
    this.#tree = tree;
  }

  /** Returns whether a file or folder at this path is in a listing. False says nothing. */
  has(path: string): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#sinceMs > LISTED_MS) {
      this.#folders.clear();
      this.#kept = 0;
      this.#sinceMs = nowMs;
    }
    const parent = parentPath(path);
    let folder = this.#folders.get(parent);
    if (!folder) {
      folder = { looks: 0 };
      this.#folders.set(parent, folder);
    }
    if (++folder.looks < WORTH_LOOKS || this.#kept > MOST_KEPT) return folder.names?.has(path) === true;
    if (!folder.names) {
      folder.names = this.#list(path, parent);
      this.#kept += folder.names.size + 1;
    }
    return folder.names.has(path);
  }

  /** Returns the paths of a folder's files and folders; none if not every one of them may be looked at. */
  #list(path: string, parent: string): ReadonlySet<string> {
    try {
      const place = this.#tree.place(path);
      if (place === undefined) return NONE;
      const folder = dirname(place);
      enter(folder);
      const names = new Set<string>();
      const entries = opendirSync(folder, { bufferSize: 1_024 });
      try {
        for (let entry = entries.readSync(); entry; entry = entries.readSync()) {
          if (names.size >= MOST_NAMES) return NONE;
          if (isPlain(entry) && !this.#tree.isHidden(entry.name))
            names.add(`${parent === "/" ? "" : parent}/${entry.name}`);
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
