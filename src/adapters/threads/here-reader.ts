import { SimilarPaths } from "../../core/engine/asset/similar-paths.js";
import type { ThreadReader } from "../../core/ports/thread-reader.js";
import type { ThreadReaderModule } from "../../core/ports/thread-reader-module.js";

/** How old listings may be that hints about missing assets rest on. */
const HINTS_MS = 10_000;

/** Reads a repository in this thread. */
export class HereReader {
  readonly reader: ThreadReader;
  #similar: SimilarPaths | undefined;
  #sinceMs = 0;

  constructor(reader: ThreadReader) {
    this.reader = reader;
  }

  /** Finds what a missing path probably meant. */
  get similarPaths(): SimilarPaths {
    const nowMs = performance.now();
    if (!this.#similar || nowMs - this.#sinceMs > HINTS_MS) {
      this.#similar = new SimilarPaths(this.reader);
      this.#sinceMs = nowMs;
    }
    return this.#similar;
  }
}

/** The reader opened last, and what from. */
let opened: { readonly key: string; readonly here: Promise<HereReader> } | undefined;

/** Opens a module's reader, or returns the one opened before. */
export function openHere({ url, options }: ThreadReaderModule): Promise<HereReader> {
  const key = JSON.stringify([url, options]);
  if (opened?.key !== key) {
    const open = async (): Promise<HereReader> => {
      const module = (await import(url)) as { openThreadReader(options: unknown): ThreadReader };
      return new HereReader(module.openThreadReader(options));
    };
    opened = { key, here: open() };
  }
  return opened.here;
}
