import type { Asset } from "../../../core/asset/asset.js";
import { FILE_TYPES } from "../../../core/asset/file-type.js";
import type { Row } from "../../sql/index.js";

/** Columns that make up an Asset. */
export const ASSET_COLUMNS = "path, file_type, size_bytes, created_ms, modified_ms, content_hash, content_fragment";

export function assetOfRow(row: Row): Asset {
  return {
    path: String(row.path),
    fileType: FILE_TYPES.find((type) => type === row.file_type) ?? "OTHERS",
    sizeBytes: Number(row.size_bytes),
    createdMs: Number(row.created_ms),
    modifiedMs: Number(row.modified_ms),
    contentHash: String(row.content_hash),
    ...(Number(row.content_fragment) === 1 ? { contentFragment: true as const } : {}),
  };
}
