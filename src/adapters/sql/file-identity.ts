import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { AssetmillError } from "../../core/errors.js";

const LOOK_EVERY_MS = 200;

/** Where a database file was when it was opened: a connection goes on writing into a deleted one without a word. */
export class FileIdentity {
  readonly #file: string;
  readonly #id: string;
  #lookedMs = Number.NEGATIVE_INFINITY;

  private constructor(file: string, id: string) {
    this.#file = file;
    this.#id = id;
  }

  static async of(file: string): Promise<FileIdentity> {
    return new FileIdentity(file, await idOf(file));
  }

  /** UNAVAILABLE where the file is gone, or another one stands in its place. Looks a few times a second at most. */
  async check(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#lookedMs = nowMs;
    const id = await idOf(this.#file).catch(() => undefined);
    if (id === this.#id) return;
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    const message = `the database file ${basename(this.#file)} was deleted or replaced; nothing more can be stored in it`;
    throw new AssetmillError("UNAVAILABLE", message);
  }
}

async function idOf(file: string): Promise<string> {
  const { dev, ino } = await stat(file, { bigint: true });
  return `${dev}:${ino}`;
}
