/** Keeps the first n names after a given one, by code unit. Memory holds at most twice as many. */
export class NameWindow {
  readonly #after: string | undefined;
  readonly #most: number;
  #names: string[] = [];
  #limit: string | undefined;
  overflowed = false;

  constructor(after: string | undefined, most: number) {
    this.#after = after;
    this.#most = most;
  }

  add(name: string): void {
    if (this.#after !== undefined && name <= this.#after) return;
    if (this.#limit !== undefined && name >= this.#limit) {
      this.overflowed = true;
      return;
    }
    this.#names.push(name);
    if (this.#names.length >= 2 * this.#most) this.#cut();
  }

  take(): string[] {
    this.#cut();
    return this.#names;
  }

  #cut(): void {
    // A listing that broke off starts again: names may come twice.
    this.#names = [...new Set(this.#names)].sort((a, b) => (a < b ? -1 : 1));
    if (this.#names.length <= this.#most) return;
    this.#names.length = this.#most;
    this.#limit = this.#names.at(-1);
    this.overflowed = true;
  }
}
