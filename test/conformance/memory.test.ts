import { assetRepositoryConformance, storeConformance } from "../../src/testing/index.js";
import { MEMORY_ASSETS, openMemoryAssets, openMemoryStores } from "../support/conformance-fixtures.js";

assetRepositoryConformance("memory", openMemoryAssets, MEMORY_ASSETS);
storeConformance("memory", openMemoryStores);
