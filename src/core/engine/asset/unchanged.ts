import type { Asset } from "../../asset/asset.js";
import type { Stamp } from "../../asset/stamp.js";
import { isUnavailable } from "../../errors.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import type { ContentSource } from "./asset-content.js";
import type { AssetTask } from "./asset-task.js";
import type { KnownStamp } from "./stamps.js";

interface Tools {
  readonly handlers: readonly AssetHandler[];
  readonly content: ContentSource;
}

/**
 * Returns whether everything that the asset's stamp rests on is the same: every handler that accepts the asset has
 * processed it in its current version, its content is the same, and so is what the handlers learned about other assets,
 * such as the targets of its links. What the stamp does not say counts as changed, as does content that cannot be read,
 * so that the handlers get the error. Throws only UNAVAILABLE.
 */
export async function isUnchanged(
  task: AssetTask,
  tools: Tools,
  stampOf: (path: string) => Promise<KnownStamp | undefined>,
): Promise<boolean> {
  const known = await stampOf(task.path).catch((error: unknown) => {
    // The asset is told to stop, and so is this read, which several assets share.
    if (task.aborted) return undefined;
    throw error;
  });
  if (!known || !known.linksHold || !isOf(tools.handlers, task.asset, known.stamp)) return false;
  try {
    return (await isSameContent(task, known.stamp)) && (await areOthersSame(task, known.stamp, tools));
  } catch (error) {
    if (isUnavailable(error)) throw error;
    return false;
  }
}

/**
 * Compares the content by what is known without reading it, and reads and hashes it only where that does not decide.
 * Size and modification time alone do not: programs keep both when they replace a file.
 */
async function isSameContent(task: AssetTask, { basis, ...stamp }: Stamp): Promise<boolean> {
  const { asset } = task;
  if (!basis) return false;
  const alike = stamp.sizeBytes === asset.sizeBytes && stamp.modifiedMs === asset.modifiedMs;
  if (alike && asset.changedMs !== undefined && asset.changedMs === basis.changedMs) return true;
  // No handler read the content: only the facts could have made a difference.
  if (stamp.contentHash === null) return alike && !basis.partial;
  if (asset.contentHash !== undefined) return asset.contentHash === stamp.contentHash;
  if (task.aborted) return false;
  await task.content.readWhole(asset.sizeBytes, task.signal);
  return task.contentHash === stamp.contentHash;
}

/** Reads other assets again whose content a handler read. Whether they exist was looked up with the stamps. */
async function areOthersSame({ signal }: AssetTask, { basis }: Stamp, { content }: Tools): Promise<boolean> {
  for (const [path, answer] of Object.entries(basis?.others ?? {})) {
    if (typeof answer !== "string") continue;
    const digest = content.createDigest();
    for await (const piece of content.repository.read(path, signal)) digest.update(piece);
    if (digest.finish() !== answer) return false;
  }
  return true;
}

function isOf(handlers: readonly AssetHandler[], asset: Asset, stamp: Stamp): boolean {
  try {
    const takers = handlers.filter((handler) => !handler.accepts || handler.accepts(asset));
    return takers.length > 0 && takers.every(({ name, version }) => stamp.handlers[name] === version);
  } catch {
    return false;
  }
}
