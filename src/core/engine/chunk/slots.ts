/** A resizable semaphore that limits the assets in flight in this process. Waiters are served in order. */
export class Slots {
  #count: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** Number of free slots. */
  get free(): number {
    return Math.max(0, this.#count - this.#taken);
  }

  /** Whether more slots are taken than there are now. Holders should release theirs when they can. */
  get crowded(): boolean {
    return this.#taken > this.#count;
  }

  /** Changes the number of slots. Slots taken beyond it stay taken until they are released. */
  resize(count: number): void {
    this.#count = count;
    this.#grant();
  }

  /** Takes a slot; waits until one is free. */
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
