import { FolderReader } from "../adapters/assets/folder/index.js";
import { systemClock } from "../adapters/runtime/index.js";
import { invalidParameter } from "../core/errors.js";
import { normalisePath } from "../core/asset/path.js";
import type { Scope } from "../core/asset/scope.js";
import { importAssets, type ImportProgress, type ImportTools } from "../core/transfer/import-assets.js";
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

const COUNT_PAGE = 2_000;

/** How many assets a repository holds of a scope, page by page. */
export async function countAssets(assets: string, scope: Scope): Promise<number> {
  const repository = await openAssets(assets, "target");
  try {
    let count = 0;
    for await (const page of repository.scan(scope, { pageSize: COUNT_PAGE })) count += page.assets.length;
    return count;
  } finally {
    await repository.close();
  }
}
