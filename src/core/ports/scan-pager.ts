import type { Asset } from "../asset/asset.js";
import { comparePaths } from "../asset/path.js";
import type { ScanOptions, ScanPage } from "./asset-repository.js";

/** A page is due at the latest after this, be it empty: an interrupted scan repeats no more work than that. */
const PAGE_EVERY_MS = 200;

/**
 * Cuts a walk in path order into the pages of a scan, for repositories that meet their assets one by one.
 *
 * Plain calls for each asset, and a generator for each page only: a walk that yields every asset by itself costs a promise
 * for each, which makes the scan of a folder a fifth slower.
 */
export class ScanPager {
  readonly #pageSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #after: string | undefined;
  readonly #now: () => number;
  #assets: Asset[] = [];
  #upTo: string | undefined;
  #pageStartedMs: number;

  /** `now`: milliseconds from some fixed point, never going back. */
  constructor({ after, pageSize, signal }: ScanOptions, now: () => number) {
    this.#pageSize = pageSize;
    this.#signal = signal;
    this.#after = after;
    this.#upTo = after;
    this.#now = now;
    this.#pageStartedMs = now();
  }

  /** Whether the caller aborted the scan: the walk then returns, and no page follows. */
  get isAborted(): boolean {
    return this.#signal?.aborted === true;
  }

  /**
   * Takes note of the next path that the walk has dealt with, and of the asset there if it is in scope. A folder on the
   * way down to where the scan resumes is passed without effect: `upTo` never goes back.
   */
  add(path: string, asset?: Asset): void {
    if (asset) this.#assets.push(asset);
    const isResuming = this.#after !== undefined && this.#upTo === this.#after;
    if (!isResuming || comparePaths(path, this.#after) > 0) this.#upTo = path;
  }

  /** Whether a page is full, or was begun too long ago. */
  get isDue(): boolean {
    if (this.#upTo === undefined) return false;
    return this.#assets.length >= this.#pageSize || this.#now() - this.#pageStartedMs > PAGE_EVERY_MS;
  }

  /** Yields one page. The next one begins when its reader comes back: a slow reader gets no smaller pages. */
  *page(): Generator<ScanPage> {
    const assets = this.#assets;
    this.#assets = [];
    if (this.#upTo !== undefined) yield { assets, upTo: this.#upTo };
    this.#pageStartedMs = this.#now();
  }

  /** Yields the last page, if there is anything to put on it and nobody aborted the scan. */
  *rest(): Generator<ScanPage> {
    if (this.#assets.length > 0 && !this.isAborted) yield* this.page();
  }
}
