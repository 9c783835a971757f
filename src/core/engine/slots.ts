/** So many assets may be in flight in this process. Whoever waits is served in order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Taken by nobody. */
  get free(): number {
    return this.#free;
  }

  /** Resolves at once where one is free. */
  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((granted) => this.#waiting.push(granted));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
