import type { Asset } from "../../asset/asset.js";
import { isUnavailable } from "../../errors.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import type { Stamp } from "../../asset/stamp.js";
import type { AssetTask } from "./asset-task.js";

/**
 * True where every handler that would take the asset has processed it in this version, and its content is the same: by
 * size and time of modification without reading it, else by its hash. Whatever cannot be found out counts as changed, so
 * that the handlers meet it; throws only UNAVAILABLE.
 */
export async function isUnchanged(
  task: AssetTask,
  handlers: readonly AssetHandler[],
  stampOf: (path: string) => Promise<Stamp | undefined>,
): Promise<boolean> {
  const { asset } = task;
  const stamp = await stampOf(asset.path).catch((error: unknown) => {
    // It is told to stop, and so was the reading, which several assets share.
    if (task.aborted) return undefined;
    throw error;
  });
  if (!stamp || !isOf(handlers, asset, stamp)) return false;
  if (stamp.sizeBytes === asset.sizeBytes && stamp.modifiedMs === asset.modifiedMs) return true;
  if (stamp.contentHash === null || task.aborted) return false;
  try {
    // Kept for the handlers, who come next where it did change.
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
