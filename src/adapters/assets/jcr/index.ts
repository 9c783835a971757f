export { JcrAssetRepository } from "./repository.js";
export type { DialectName, JcrOptions } from "./options.js";
