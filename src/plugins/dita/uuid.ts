import { createHash } from "node:crypto";
import { nameOf } from "../../core/asset/asset.js";

// Ours; it keeps these ids apart from every other name-based UUID.
const NAMESPACE = Buffer.from("5b0f7a3c4d1e4c5f9a6b2e8d7c3f1a90", "hex");

/**
 * The asset's unique id, `GUID-…`. A file named by its id has that one; any other gets an id made from its path (UUID
 * version 5), because a handler runs at least once and must say the same each time, and two files must never share an id.
 * So a copy has a new id and an overwrite keeps it; a file that was moved before its id was stored gets a new one.
 */
export function uuidOf(path: string): string {
  const name = nameOf(path);
  const stem = name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : name;
  return /^GUID-(?<id>.+)/.test(stem) ? stem : `GUID-${uuidV5(path)}`;
}

function uuidV5(name: string): string {
  const bytes = createHash("sha1").update(NAMESPACE).update(name, "utf8").digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
