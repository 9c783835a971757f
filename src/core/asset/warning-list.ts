import { clip } from "./clip.js";
import type { HandlerResult } from "./handler-result.js";

/** Number of warnings about one asset that are kept, and go to the log. Further ones are only counted. */
export const MAX_WARNINGS = 100;
/** Number of different warnings that are told apart. Beyond it, a repeated warning counts again. */
const MAX_DISTINCT = 10_000;

/**
 * Collects the warnings about one asset in bounded memory: the first 100 as text, shortened, and how many more there
 * were.
 */
export class WarningList {
  readonly #kept: string[] = [];
  #distinct: Set<string> | undefined;
  #more = 0;

  /** The first warnings, in the order in which they were added. */
  get kept(): readonly string[] {
    return this.#kept;
  }

  /** Number of warnings that were not kept. */
  get more(): number {
    return this.#more;
  }

  add(warning: string): void {
    if (this.#kept.length < MAX_WARNINGS) this.#kept.push(clip(warning));
    else this.#more++;
  }

  /** Adds a warning unless the same one was added this way before. */
  addOnce(warning: string): void {
    const text = clip(warning);
    this.#distinct ??= new Set();
    if (this.#distinct.has(text)) return;
    if (this.#distinct.size < MAX_DISTINCT) this.#distinct.add(text);
    this.add(text);
  }

  /** Adds a number of warnings whose text is not known. */
  count(more: number): void {
    this.#more += more;
  }

  /** Adds a handler's warnings. */
  addOf({ warnings = [], moreWarnings = 0 }: HandlerResult): void {
    for (const warning of warnings) this.add(warning);
    this.count(moreWarnings);
  }

  /** Returns the warnings as a handler returns them. */
  get result(): Pick<HandlerResult, "warnings" | "moreWarnings"> {
    return { warnings: this.#kept, ...(this.#more === 0 ? {} : { moreWarnings: this.#more }) };
  }
}
