/**
 * A list of values, given as such or as its JSON text. A database makes text, which is stored as it is: a column that
 * nobody looks into is never parsed, and one that is, is parsed once.
 */
export class Column<T> {
  readonly #text: string | undefined;
  #values: readonly T[] | undefined;

  constructor(content: string | readonly T[]) {
    if (typeof content === "string") this.#text = content;
    else this.#values = content;
  }

  /** Not kept if the values were given: it is asked for once, when they are stored. */
  get text(): string {
    return this.#text ?? JSON.stringify(this.#values);
  }

  /** Forgets the values that were read from the text: for a column that is kept, but not needed for a while. */
  release(): void {
    if (this.#text !== undefined) this.#values = undefined;
  }

  /** Throws SyntaxError if the text is not JSON. */
  get values(): readonly T[] {
    return (this.#values ??= JSON.parse(this.#text ?? "[]") as readonly T[]);
  }
}
