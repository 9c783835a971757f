import type { Asset } from "../asset/asset.js";
import { comparePaths } from "../asset/path.js";
import type { ScanOptions, ScanPage } from "./asset-repository.js";
import type { Clock } from "./clock.js";

/** A page is due after this at the latest, even if it is empty: an interrupted scan repeats no more work than that. */
const PAGE_EVERY_MS = 200;

/**
 * Cuts a walk in path order into the pages of a scan, for repositories that find their assets one by one.
 *
 * Uses plain calls per asset and a generator per page only: yielding each asset would cost a promise each, which makes
 * scanning a folder 20 % slower.
 */
export class ScanPager {
  readonly #pageSize: number;
  readonly #signal: AbortSignal | undefined;
  readonly #after: string | undefined;
  readonly #now: () => number;
  readonly #sleep: Clock["sleep"] | undefined;
  #hidden = 0;
  #assets: Asset[] = [];
  #upTo: string | undefined;
  /** `upTo` of the last page. */
  #pagedUpTo: string | undefined;
  #pageStartedMs: number;

  /** `now`: milliseconds since a fixed point; must never decrease. `sleep`: needed for `during`. */
  constructor({ after, pageSize, signal }: ScanOptions, now: () => number, sleep?: Clock["sleep"]) {
    this.#pageSize = pageSize;
    this.#signal = signal;
    this.#after = after;
    this.#upTo = after;
    this.#pagedUpTo = after;
    this.#now = now;
    this.#sleep = sleep;
    this.#pageStartedMs = now();
  }

  /** Whether the caller aborted the scan. The walk must then return without another page. */
  get isAborted(): boolean {
    return this.#signal?.aborted === true;
  }

  /**
   * Records the next path that the walk has passed, and the asset there if it is in scope. Ignores folders on the way
   * down to where the scan resumes: `upTo` never goes back.
   */
  add(path: string, asset?: Asset): void {
    if (asset) this.#assets.push(asset);
    const isResuming = this.#after !== undefined && this.#upTo === this.#after;
    if (!isResuming || comparePaths(path, this.#after) > 0) this.#upTo = path;
  }

  /** Records the next path that the walk has passed, which is hidden. */
  hide(path: string): void {
    this.#hidden++;
    this.add(path);
  }

  /**
   * Awaits a call of the repository. If it takes long, yields what the walk has passed so far: an interrupted scan must
   * not repeat that because one folder is slow to list.
   */
  async *during<T>(call: Promise<T>): AsyncGenerator<ScanPage, T> {
    if (this.#sleep && this.#hasMoved) {
      const over = new AbortController();
      const late = this.#sleep(PAGE_EVERY_MS, over.signal).then(() => true);
      const isLate = await Promise.race([late, call.then(alwaysFalse, alwaysFalse)]);
      over.abort(ANSWERED);
      if (isLate && !this.isAborted) yield* this.page();
    }
    return await call;
  }

  /** Whether the walk has passed anything since the last page. */
  get #hasMoved(): boolean {
    return this.#assets.length > 0 || this.#upTo !== this.#pagedUpTo;
  }

  /** Whether the page is full, or was begun too long ago. */
  get isDue(): boolean {
    if (this.#upTo === undefined) return false;
    return this.#assets.length >= this.#pageSize || this.#now() - this.#pageStartedMs > PAGE_EVERY_MS;
  }

  /** Yields one page. The next page begins when the reader asks for it, so a slow reader does not get smaller pages. */
  *page(): Generator<ScanPage> {
    const assets = this.#assets;
    this.#assets = [];
    const hidden = this.#hidden;
    this.#hidden = 0;
    this.#pagedUpTo = this.#upTo;
    if (this.#upTo !== undefined) yield { assets, upTo: this.#upTo, ...(hidden === 0 ? {} : { hidden }) };
    this.#pageStartedMs = this.#now();
  }

  /** Yields the last page, unless it is empty or the scan was aborted. */
  *rest(): Generator<ScanPage> {
    if ((this.#assets.length > 0 || this.#hidden > 0) && !this.isAborted) yield* this.page();
  }
}

const alwaysFalse = (): boolean => false;
/** A preallocated reason: abort() without one creates an error with a stack each time. */
const ANSWERED = new Error("answered");
