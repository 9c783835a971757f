export { FolderAssetRepository } from "./folder-asset-repository.js";
export { FolderReader } from "./folder-reader.js";
export type { FolderOptions } from "./options.js";
