import { closeSync, constants, openSync, readSync } from "node:fs";
import type { ThreadReader } from "../../../core/ports/thread-reader.js";
import { namesInSync } from "./folder-names.js";
import { ListedFolders } from "./listed-folders.js";
import type { ResolvedFolderOptions } from "./options.js";
import { FolderReader } from "./reader.js";

/** Larger content is read in pieces, elsewhere. */
const SMALL_BYTES = 256 * 1024;
/** A pipe or device that took the file's place must not hold the thread. */
const AT_ONCE = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Opens a reader of a folder's assets in a worker thread. */
export const openThreadReader = (options: ResolvedFolderOptions): ThreadReader => new FolderThreadReader(options);

class FolderThreadReader extends FolderReader implements ThreadReader {
  readonly #listed: ListedFolders | undefined;
  // Nobody else waits for this thread.
  protected override readonly list = namesInSync;
  readonly #buffer = Buffer.allocUnsafeSlow(SMALL_BYTES + 1);

  constructor(options: ResolvedFolderOptions) {
    super(options);
    this.#listed = this.plainTree && new ListedFolders(this.plainTree);
  }

  override exists(path: string): boolean {
    return this.#listed?.has(path) === true || super.exists(path);
  }

  readNow(path: string): Uint8Array | undefined {
    try {
      // A link is not opened: who follows it has to make sure that it stays inside the tree.
      const file = this.#listed ? this.#listed.place(path) : this.fileOf(path);
      return file === undefined ? undefined : this.#read(file);
    } catch {
      return undefined;
    }
  }

  #read(file: string): Uint8Array | undefined {
    const fd = openSync(file, AT_ONCE);
    try {
      const buffer = this.#buffer;
      let length = 0;
      for (;;) {
        const count = readSync(fd, buffer, length, buffer.length - length, null);
        if (count === 0) break;
        length += count;
        if (length > SMALL_BYTES) return undefined;
      }
      // An empty file may be no file at all.
      return length === 0 ? undefined : Buffer.from(buffer.subarray(0, length));
    } finally {
      closeSync(fd);
    }
  }
}
