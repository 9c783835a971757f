import type { SentEnd } from "./messages.js";

/** Ends of a batch as text, one after the other: each the asset's index, its length in bytes, and JSON. */
const HEAD_BYTES = 8;
const RECORD_BYTES = 8;
/** Room for the ends of usual results. What does not fit is sent as a message. */
const BYTES_PER_ASSET = 6 * 1024;
const MOST_BYTES = 1024 * 1024;

/**
 * The ends of a batch's assets, in memory that main thread and worker thread share. An end that is in it survives the
 * death of the thread, and takes neither a message nor a clone. One thread writes, the other reads.
 */
export class EndLog {
  readonly memory: SharedArrayBuffer;
  readonly #written: Int32Array;
  readonly #records: Buffer;
  readonly #from: number;
  #at = 0;
  #count = 0;

  /** @param from where in the memory the log begins, a multiple of 4 */
  constructor(memory: SharedArrayBuffer, from: number) {
    this.memory = memory;
    this.#from = from + HEAD_BYTES;
    this.#written = new Int32Array(memory, from, 1);
    this.#records = Buffer.from(memory);
    this.#at = this.#from;
  }

  /** Size of a log for the ends of so many assets. */
  static bytesFor(assets: number): number {
    return HEAD_BYTES + Math.min(MOST_BYTES, assets * BYTES_PER_ASSET);
  }

  /** Number of ends written, or read, so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds an end. Returns false, and adds nothing, if there may not be enough room. */
  write(index: number, end: SentEnd): boolean {
    const json = JSON.stringify(end);
    // No character takes more than three bytes of UTF-8 for each of its units.
    if (this.#at + RECORD_BYTES + json.length * 3 > this.#records.length) return false;
    const bytes = this.#records.write(json, this.#at + RECORD_BYTES);
    this.#records.writeInt32LE(index, this.#at);
    this.#records.writeInt32LE(bytes, this.#at + 4);
    this.#at += RECORD_BYTES + bytes;
    this.#count++;
    // Last: a reader that sees the count sees the whole record.
    Atomics.store(this.#written, 0, this.#count);
    return true;
  }

  /** Calls `take` with each end that is there and was not read before, at most until `count` have been read. */
  read(take: (index: number, end: SentEnd) => void, count = Number.POSITIVE_INFINITY): void {
    const there = Math.min(count, Atomics.load(this.#written, 0));
    while (this.#count < there) {
      const index = this.#records.readInt32LE(this.#at);
      const start = this.#at + RECORD_BYTES;
      this.#at = start + this.#records.readInt32LE(this.#at + 4);
      this.#count++;
      take(index, JSON.parse(this.#records.toString("utf8", start, this.#at)) as SentEnd);
    }
  }
}

/**
 * Whether an end is the same after it was JSON: not if a handler added to a reference what only a clone can carry, or
 * refuses.
 */
export function fitsJson(end: SentEnd): boolean {
  if ("error" in end) return true;
  for (const reference of end.returned?.references ?? []) {
    for (const field in reference) if (!isSimple(reference[field as keyof typeof reference])) return false;
  }
  return true;
}

const isSimple = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "boolean" || value === undefined;
