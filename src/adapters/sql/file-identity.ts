import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { AssetmillError } from "../../core/errors.js";

const CHECK_EVERY_MS = 200;

/** Detects that a database file was deleted or replaced since it was opened: a connection would silently keep writing to it. */
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

  /** Throws UNAVAILABLE if the file was deleted or replaced. Checks a few times a second at most. */
  async check(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < CHECK_EVERY_MS) return;
    this.#lookedMs = nowMs;
    const id = await idOf(this.#file).catch(() => undefined);
    if (id === this.#id) return;
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    const message = `the database file ${basename(this.#file)} was deleted or replaced while in use; restore it, or restart to open the new one`;
    throw new AssetmillError("UNAVAILABLE", message);
  }
}

async function idOf(file: string): Promise<string> {
  const { dev, ino } = await stat(file, { bigint: true });
  return `${dev}:${ino}`;
}
