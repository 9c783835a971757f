import type { AssetmillOptions, DatabaseLoan } from "../options.js";
import { isDatabaseUri } from "./uris.js";

const DEFAULT_STORE = "sqlite:assetmill.sqlite";

type Assets = AssetmillOptions["assets"];

export const isLoan = (assets: Assets): assets is DatabaseLoan => typeof assets === "object" && "dataSource" in assets;

/** Returns the assets' own database if they are in one: results and checkpoints are then committed together. */
export function defaultStore(assets: string): string;
export function defaultStore(assets: Assets): string | DatabaseLoan;
export function defaultStore(assets: Assets): string | DatabaseLoan {
  return isLoan(assets) || (typeof assets === "string" && isDatabaseUri(assets)) ? assets : DEFAULT_STORE;
}
