import type { Asset } from "../../../core/asset/asset.js";
import { decodeHead } from "../../../core/asset/decode-text.js";
import { nameOf } from "../../../core/asset/asset.js";
import { type FileType, fileTypeOfName, fileTypeOfXmlHead } from "../../../core/asset/file-type.js";
import { readFileHead } from "./file-head.js";
import type { TreeFile } from "./tree.js";

const HEAD_BYTES = 4_096;

/** Returns a file as an asset. Opens only `.xml` files, for their head. */
export function assetOfFile(path: string, { file, stats }: TreeFile): Asset {
  return {
    path,
    fileType: fileTypeOfName(nameOf(path)) ?? sniff(file, path),
    sizeBytes: stats.size,
    // Some file systems record no creation time: use the oldest time known.
    createdMs: Math.floor(stats.birthtimeMs > 0 ? Math.min(stats.birthtimeMs, stats.mtimeMs) : stats.mtimeMs),
    modifiedMs: Math.floor(stats.mtimeMs),
  };
}

function sniff(file: string, path: string): FileType {
  try {
    return fileTypeOfXmlHead(decodeHead(readFileHead(file, HEAD_BYTES), path));
  } catch {
    // Unreadable: its handler will report that.
    return "OTHERS";
  }
}
