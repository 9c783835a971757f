export { FolderAssetRepository } from "./repository.js";
export { FolderReader } from "./reader.js";
export type { FolderOptions } from "./options.js";
