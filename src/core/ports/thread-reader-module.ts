/** A module that opens a ThreadReader. */
export interface ThreadReaderModule {
  /** URL of a module whose export `openThreadReader` makes the reader from `options`. */
  readonly url: string;
  /** Can be cloned to another thread. */
  readonly options: unknown;
}
