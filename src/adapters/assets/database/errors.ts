import { AssetmillError, isUnavailable, messageOf } from "../../../core/errors.js";

/** Returns an error as one about this asset. Throws an unavailable database on: that is about no asset. */
export function assetError(error: unknown, path: string): AssetmillError {
  if (isUnavailable(error)) throw error;
  if (AssetmillError.is(error)) return error;
  return new AssetmillError("READ_FAILED", messageOf(error), { ids: { path }, cause: error });
}
