import { FolderReader } from "../adapters/assets/folder/index.js";
import { systemClock } from "../adapters/runtime/index.js";
import { invalidParameter } from "../core/errors.js";
import { normalisePath } from "../core/asset/path.js";
import { importAssets, type ImportProgress, type ImportTools } from "../core/transfer/import-assets.js";
import { type Migration, verifiedLine, verifyMigration } from "../core/transfer/verify-migration.js";
import { openAssets } from "./repositories.js";

/** What an import tells whoever asked for it. */
export interface ImportHooks extends Pick<ImportTools, "signal" | "onProgress" | "onFailure" | "onUnavailable"> {
  /** Something about the target that people should know. */
  readonly onNote?: (note: string) => void;
}

/**
 * Copies what is in a folder to a path of a repository. INVALID_PARAMETER where the repository takes nothing in,
 * UNAVAILABLE where it cannot be opened.
 */
export async function importFolder(
  folder: string,
  path: string,
  assets: string,
  hooks: ImportHooks,
): Promise<ImportProgress> {
  const root = normalisePath(path);
  const source = await FolderReader.at({ folder, mount: root });
  const target = await openAssets(assets);
  try {
    const { sink } = target;
    if (!sink) throw invalidParameter("assets", "a folder takes no assets in: copy the files, or name a database");
    const note = await sink.note?.();
    if (note !== undefined) hooks.onNote?.(note);
    return await importAssets(root, { ...hooks, source, target, sink, clock: systemClock, random: Math.random });
  } finally {
    await target.close();
  }
}

/** Opens the target of a migration, and verifies what it holds of what was asked for. */
export async function verifyTarget(
  target: string,
  request: Migration["request"],
  copied: number,
): Promise<{ readonly isWhole: boolean; readonly line: string }> {
  const repository = await openAssets(target, "target");
  try {
    const check = await verifyMigration({ request, copied }, repository);
    return { isWhole: check.isWhole, line: verifiedLine(check).message };
  } finally {
    await repository.close();
  }
}
