import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AssetmillError } from "../../../../core/errors.js";
import type { ContentStore, StagedContent } from "./content-store.js";

const HASH = /^sha256:[0-9a-f]{64}$/;

/** Whether this is the id of a content that is kept as a file. */
export const isInFile = (contentId: string): boolean => HASH.test(contentId);

interface StagedFile extends StagedContent {
  /** The file until it is adopted. */
  readonly staged: string;
}

/**
 * Keeps contents as files named by their hash, below one folder; the database refers to them. All assets with the same
 * content share a file, so files are never deleted here.
 */
export class FileContentStore implements ContentStore<StagedFile> {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async stage(_key: Buffer, content: AsyncIterable<Uint8Array>): Promise<StagedFile> {
    const hash = createHash("sha256");
    const staged = join(this.#folder, "incoming", randomUUID());
    await mkdir(dirname(staged), { recursive: true });
    let sizeBytes = 0;
    const handle = await open(staged, "wx", 0o600);
    try {
      for await (const bytes of content) {
        hash.update(bytes);
        sizeBytes += bytes.length;
        await handle.writeFile(bytes);
      }
      await handle.sync();
    } catch (error) {
      await handle.close();
      await rm(staged, { force: true });
      throw error;
    }
    await handle.close();
    const contentHash = `sha256:${hash.digest("hex")}`;
    return { contentHash, sizeBytes, id: contentHash, staged, drop: () => rm(staged, { force: true }) };
  }

  async adopt(_tx: unknown, contents: readonly StagedFile[]): Promise<void> {
    const folders = new Set<string>();
    for (const { contentHash, staged } of contents) {
      const file = this.#fileOf(contentHash);
      await mkdir(dirname(file), { recursive: true });
      await rename(staged, file).catch((error: unknown) => {
        // Moved already: the transaction is run again, or another asset of this batch has the same content.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !existsSync(file)) throw error;
      });
      folders.add(dirname(file));
    }
    for (const folder of folders) await syncFolder(folder);
  }

  async *read(contentId: string, path: string): AsyncIterable<Uint8Array> {
    if (!isInFile(contentId))
      throw new AssetmillError(
        "READ_FAILED",
        `its content is kept in the database, not as a file in the content folder ${this.#folder}; leave ?content= out of the repository's URI`,
        { ids: { path } },
      );
    const file = this.#fileOf(contentId);
    try {
      yield* createReadStream(file, { highWaterMark: 256 * 1024 });
    } catch (cause) {
      throw new AssetmillError(
        "READ_FAILED",
        `the file that holds its content cannot be read; is the content folder ${this.#folder} the right one, and complete?`,
        {
          ids: { path },
          cause,
        },
      );
    }
  }

  async abandon(): Promise<void> {
    // Other assets may share the file.
  }

  #fileOf(contentHash: string): string {
    // Only a hash is accepted: no path can lead out of the folder.
    if (!isInFile(contentHash)) throw new Error("the content is not kept as a file");
    const hex = contentHash.slice("sha256:".length);
    return join(this.#folder, hex.slice(0, 2), hex);
  }
}

/** A rename is durable once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
