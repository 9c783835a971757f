import { type Asset, nameOf } from "../../../core/asset/asset.js";
import { decodeHead } from "../../../core/asset/decode-text.js";
import { isUnavailable } from "../../../core/errors.js";
import { unreadableAt, unreadableBy } from "../../../core/asset/unreadable.js";
import { fileTypeOfName, fileTypeOfXmlHead } from "../../../core/asset/file-type.js";
import { folderError } from "./errors.js";
import { readFileHead } from "./file-head.js";
import type { TreeFile } from "./tree.js";

const HEAD_BYTES = 4_096;
/**
 * A file that was changed less than this ago might be changed again without another change time: file systems count in
 * steps, some of two seconds.
 */
const SETTLED_MS = 3_000;

/** Returns a file as an asset. Opens only `.xml` files, for their head. Throws UNAVAILABLE if no more files can be opened. */
export function assetOfFile(path: string, { file, stats, isLinked, unreadable }: TreeFile): Asset {
  if (unreadable) return unreadableAt(path, unreadable);
  const byName = fileTypeOfName(nameOf(path));
  return {
    path,
    ...(byName === undefined ? sniff(file, path) : { fileType: byName }),
    sizeBytes: stats.size,
    // Some file systems record no creation time: use the oldest time known.
    createdMs: Math.floor(stats.birthtimeMs > 0 ? Math.min(stats.birthtimeMs, stats.mtimeMs) : stats.mtimeMs),
    modifiedMs: Math.floor(stats.mtimeMs),
    ...(!isLinked && Date.now() - stats.ctimeMs > SETTLED_MS ? { changedMs: Math.floor(stats.ctimeMs) } : {}),
  };
}

/** Returns the type that a file's head implies. No handler would take an unreadable file of unknown type, so it says so. */
function sniff(file: string, path: string): Pick<Asset, "fileType" | "unreadable"> {
  try {
    return { fileType: fileTypeOfXmlHead(decodeHead(readFileHead(file, HEAD_BYTES), path)) };
  } catch (error) {
    const failure = folderError(error, path, "/");
    if (isUnavailable(failure)) throw failure;
    const unreadable = unreadableBy(failure);
    return { fileType: "OTHERS", ...(unreadable ? { unreadable } : {}) };
  }
}
