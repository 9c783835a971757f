/** Service identifier that plugin modules bind AssetHandlers to. `Symbol.for`: copies of this package agree on it. */
export const ASSET_HANDLER: unique symbol = Symbol.for("assetmill.AssetHandler");
