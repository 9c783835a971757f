import { parentPath } from "./path.js";

/** Paths to be looked up among: a lookup takes as long as the path asked for is deep, however many paths there are. */
export class PathSet {
  readonly #paths: ReadonlySet<string>;

  constructor(paths: Iterable<string>) {
    this.#paths = new Set(paths);
  }

  /** Returns whether one of the paths is this one or above it. */
  contains(path: string): boolean {
    if (this.#paths.size === 0) return false;
    for (let at = path; ; at = parentPath(at)) {
      if (this.#paths.has(at)) return true;
      if (at === "/") return false;
    }
  }
}
