import type { Asset } from "../../../core/asset/asset.js";
import { decodeText } from "../../../core/asset/decode-text.js";
import { nameOf } from "../../../core/asset/asset.js";
import { type FileType, fileTypeOfName, fileTypeOfXmlHead } from "../../../core/asset/file-type.js";
import { readFileHead } from "./file-head.js";
import type { TreeFile } from "./tree.js";

const HEAD_BYTES = 4_096;

/** The asset that a file is. Only an `.xml` file is opened, for its head. */
export function assetOfFile(path: string, { file, stats }: TreeFile): Asset {
  return {
    path,
    fileType: fileTypeOfName(nameOf(path)) ?? sniff(file),
    sizeBytes: stats.size,
    // Some file systems know no birth: the oldest instant known has to do.
    createdMs: Math.floor(stats.birthtimeMs > 0 ? Math.min(stats.birthtimeMs, stats.mtimeMs) : stats.mtimeMs),
    modifiedMs: Math.floor(stats.mtimeMs),
  };
}

function sniff(file: string): FileType {
  try {
    return fileTypeOfXmlHead(decodeText(readFileHead(file, HEAD_BYTES)));
  } catch {
    // Unreadable: its handler will find out, and say so.
    return "OTHERS";
  }
}
