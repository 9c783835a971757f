import { createHash } from "node:crypto";
import { nameOf } from "../../core/asset/asset.js";

// Our own namespace, so that these ids differ from all other name-based UUIDs.
const NAMESPACE = Buffer.from("5b0f7a3c4d1e4c5f9a6b2e8d7c3f1a90", "hex");

/**
 * Returns an asset's unique id, `GUID-…`. A file named after its id keeps that one. Any other gets an id derived from its path
 * (UUID version 5): a handler runs at least once and must return the same id each time, and two files must never share one.
 * So a copy gets a new id, an overwritten file keeps its id, and a file that moves before its id is stored gets a new one.
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
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
