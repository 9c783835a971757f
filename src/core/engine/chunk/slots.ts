/** So many assets may be in flight in this process. Whoever waits is served in order. */
export class Slots {
  #count: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** Taken by nobody. */
  get free(): number {
    return Math.max(0, this.#count - this.#taken);
  }

  /** More are taken than there may be now: who can do without should give one back. */
  get crowded(): boolean {
    return this.#taken > this.#count;
  }

  /** From now on there are so many; what is taken beyond that stays taken until it is given back. */
  resize(count: number): void {
    this.#count = count;
    this.#grant();
  }

  /** Resolves at once where one is free. */
  async acquire(): Promise<void> {
    if (this.#taken < this.#count) {
      this.#taken++;
      return;
    }
    await new Promise<void>((granted) => this.#waiting.push(granted));
  }

  release(): void {
    this.#taken--;
    this.#grant();
  }

  #grant(): void {
    while (this.#taken < this.#count) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#taken++;
      next();
    }
  }
}
