import type { AssetmillOptions, DatabaseLoan } from "../options.js";
import { isDatabaseUri } from "./uris.js";

const DEFAULT_STORE = "sqlite:assetmill.sqlite";

type Assets = AssetmillOptions["assets"];

export const isLoan = (assets: Assets): assets is DatabaseLoan => typeof assets === "object" && "dataSource" in assets;

/** Results and checkpoints commit together where both live in one database. */
export function defaultStore(assets: string): string;
export function defaultStore(assets: Assets): string | DatabaseLoan;
export function defaultStore(assets: Assets): string | DatabaseLoan {
  return isLoan(assets) || (typeof assets === "string" && isDatabaseUri(assets)) ? assets : DEFAULT_STORE;
}
