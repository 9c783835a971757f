/** Length of the chunks in which a document is given to the parser. Most documents are shorter, and are given as they are. */
export const CHUNK = 65_536;

/**
 * A text with XML's own end-of-line rule applied: `\n` alone ends a line, so that an offset is an offset everywhere. A
 * long text is not copied for that unless it is needed as a whole, to explain an error.
 */
export class XmlText {
  readonly #source: string;
  readonly #hasReturns: boolean;
  #whole: string | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#hasReturns = source.includes("\r");
    if (!this.#hasReturns) this.#whole = source;
  }

  /** Whether it is one chunk. */
  get isShort(): boolean {
    return this.#source.length <= CHUNK;
  }

  get whole(): string {
    this.#whole ??= this.isShort ? withLineFeeds(this.#source) : [...this.chunks()].join("");
    return this.#whole;
  }

  *chunks(): Generator<string> {
    const source = this.#source;
    for (let at = 0; at < source.length;) {
      let end = Math.min(at + CHUNK, source.length);
      if (source[end - 1] === "\r" && source[end] === "\n") end++;
      const chunk = source.slice(at, end);
      yield this.#hasReturns ? withLineFeeds(chunk) : chunk;
      at = end;
    }
  }
}

/** Not by `replace`: that chains as many pieces as there are line ends, which take many times the memory of the text. */
const withLineFeeds = (text: string): string => text.split(/\r\n?/).join("\n");
