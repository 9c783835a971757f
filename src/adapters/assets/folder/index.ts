export { FolderAssetRepository } from "./repository.js";
export { FolderReader } from "./reader.js";
