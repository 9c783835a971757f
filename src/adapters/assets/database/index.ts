export { AssetKeys1764300000007 } from "./asset-keys-1764300000007.js";
export { DatabaseAssetRepository } from "./repository.js";
export { DatabaseAssets1764020000003 } from "./database-assets-1764020000003.js";
export { type DatabaseAssetsOptions, resolveContentFolder } from "./options.js";
