import type { Asset } from "../../asset/asset.js";
import { isUnavailable } from "../../errors.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import type { Stamp } from "../../asset/stamp.js";
import type { AssetTask } from "./asset-task.js";

/**
 * Returns whether every handler that accepts the asset has processed it in its current version, and the content is the
 * same. Compares size and modification time first, and reads and hashes the content only if these differ. If that
 * fails, the asset counts as changed, so that its handlers get the error. Throws only UNAVAILABLE.
 */
export async function isUnchanged(
  task: AssetTask,
  handlers: readonly AssetHandler[],
  stampOf: (path: string) => Promise<Stamp | undefined>,
): Promise<boolean> {
  const { asset } = task;
  const stamp = await stampOf(asset.path).catch((error: unknown) => {
    // The asset is told to stop, and so is this read, which several assets share.
    if (task.aborted) return undefined;
    throw error;
  });
  if (!stamp || !isOf(handlers, asset, stamp)) return false;
  if (stamp.sizeBytes === asset.sizeBytes && stamp.modifiedMs === asset.modifiedMs) return true;
  if (stamp.contentHash === null || task.aborted) return false;
  try {
    // The content is kept for the handlers, which run next if it has changed.
    await task.content.bytes(task.signal);
    return task.contentHash === stamp.contentHash;
  } catch (error) {
    if (isUnavailable(error)) throw error;
    return false;
  }
}

function isOf(handlers: readonly AssetHandler[], asset: Asset, stamp: Stamp): boolean {
  try {
    const takers = handlers.filter((handler) => !handler.accepts || handler.accepts(asset));
    return takers.length > 0 && takers.every(({ name, version }) => stamp.handlers[name] === version);
  } catch {
    return false;
  }
}
