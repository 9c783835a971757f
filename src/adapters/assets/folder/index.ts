export { FolderAssetRepository } from "./folder-asset-repository.js";
export { FolderResults1761300000001 } from "./folder-results-1761300000001.js";
export type { FolderOptions } from "./options.js";
