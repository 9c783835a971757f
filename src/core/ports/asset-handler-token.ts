/** The service identifier under which plugin modules bind their AssetHandlers; `Symbol.for`, so that copies agree. */
export const ASSET_HANDLER: unique symbol = Symbol.for("assetmill.AssetHandler");
