export type {
  AssetPlot,
  AssetRepositoryCapabilities,
  AssetRepositoryFixture,
  AssetRepositoryFlag,
} from "./conformance/asset-plot.js";
export {
  ASSET_REPOSITORY_GUARANTEES,
  assetRepositoryConformance,
  assetRepositorySuite,
} from "./conformance/asset-repository.js";
export type { StoreFixture, Stores, StoreScene } from "./conformance/store-scene.js";
export {
  chunkStoreConformance,
  jobLogConformance,
  jobReportsConformance,
  jobStoreConformance,
  STORE_GUARANTEES,
  storeConformance,
  type StorePort,
  storeSuite,
} from "./conformance/stores.js";
export { type Breach, breachesOf, type Guarantee, type Suite, type TestHost, testSuite } from "./conformance/suite.js";
export { MemoryAssetRepository } from "./memory-asset-repository.js";
export { MemoryDatabase } from "./memory-database.js";
export { MemoryStores } from "./memory-stores.js";
