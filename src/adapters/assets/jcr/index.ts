export { JcrAssetRepository } from "./jcr-asset-repository.js";
export type { DialectName, JcrOptions } from "./options.js";
