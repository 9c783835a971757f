export { MemoryAssetRepository } from "./memory-asset-repository.js";
