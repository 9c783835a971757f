import { systemClock } from "../adapters/runtime/index.js";
import { invalidParameter } from "../core/errors.js";
import { normalisePath } from "../core/asset/path.js";
import { importAssets, type ImportProgress, type ImportTools } from "../core/transfer/import-assets.js";
import { type Migration, verifiedLine, verifyMigration } from "../core/transfer/verify-migration.js";
import { openAssets } from "./repositories.js";

/** Callbacks of an import. */
export interface ImportHooks extends Pick<ImportTools, "signal" | "onProgress" | "onFailure" | "onUnavailable"> {
  /** Called with a note about the target that the user should know. */
  readonly onNote?: (note: string) => void;
}

/** The folder to import. `hidden`: with its hidden files and folders. */
export interface FolderSource {
  readonly folder: string;
  readonly hidden: boolean;
}

/**
 * Copies a folder's assets to a path of a repository. Throws INVALID_PARAMETER if the repository cannot take in assets,
 * UNAVAILABLE if it cannot be opened.
 */
export async function importFolder(
  folder: FolderSource,
  path: string,
  assets: string,
  hooks: ImportHooks,
): Promise<ImportProgress> {
  const root = normalisePath(path);
  const { FolderReader } = await import("../adapters/assets/folder/index.js");
  const source = await FolderReader.at({ ...folder, mount: root });
  const target = await openAssets(assets);
  try {
    const { sink } = target;
    if (!sink) throw invalidParameter("assets", "a folder cannot take in assets: copy the files, or name a database");
    const note = await sink.note?.();
    if (note !== undefined) hooks.onNote?.(note);
    return await importAssets(root, { ...hooks, source, target, sink, clock: systemClock, random: Math.random });
  } finally {
    await target.close();
  }
}

/** Opens the target of a migration and verifies that it holds the copies. */
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
