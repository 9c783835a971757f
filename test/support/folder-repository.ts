import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FolderAssetRepository } from "../../src/adapters/assets/folder/index.js";
import type { Asset } from "../../src/core/asset/asset.js";
import { type Scope, type ScopeFilter, scopeOf } from "../../src/core/asset/scope.js";
import { openStores, type Stores } from "./sqlite-store.js";
import { tempFolder } from "./temp-folder.js";

export interface FolderFixture {
  /** The folder that is the repository's tree. */
  readonly folder: string;
  /** A folder beside it. */
  readonly outside: string;
  readonly repository: FolderAssetRepository;
  readonly stores: Stores;
  /** Makes files, by paths within the tree, with their own path as content where none is given. */
  files(...paths: (string | readonly [string, string | Uint8Array])[]): Promise<void>;
  paths(
    roots: readonly string[],
    options?: { excluded?: readonly string[]; after?: string; pageSize?: number; filter?: ScopeFilter },
  ): Promise<string[]>;
  /** The same tree at another place in the repository. */
  mounted(mount: string): Promise<FolderFixture>;
  close(): Promise<void>;
}

/** `hidden`: with hidden files, so that any name can be used. */
export async function openFolder({ hidden = true }: { readonly hidden?: boolean } = {}): Promise<FolderFixture> {
  const { folder: base, remove } = await tempFolder();
  const [folder, outside] = [join(base, "tree"), join(base, "outside")];
  await mkdir(folder);
  await mkdir(outside);
  // Tests of rights look in as somebody else.
  await chmod(base, 0o755);
  const stores = await openStores();
  const fixture = async (mount: string): Promise<FolderFixture> => {
    const repository = await FolderAssetRepository.open({ folder, mount, hidden }, stores.database);
    return {
      folder,
      outside,
      repository,
      stores,
      files: async (...paths) => {
        for (const one of paths) {
          const [path, content] = typeof one === "string" ? [one, one] : one;
          await mkdir(dirname(join(folder, path)), { recursive: true });
          await writeFile(join(folder, path), content);
        }
      },
      paths: async (roots, { excluded = [], filter = { fileTypes: [] }, ...options } = {}) => {
        const assets = await scanned(repository, scopeOf(roots, excluded, filter), options);
        return assets.map(({ path }) => path);
      },
      mounted: fixture,
      close: async () => {
        await stores.close();
        await remove();
      },
    };
  };
  return fixture("/");
}

/** All that a scan yields; fails where a page is too large. */
export async function scanned(
  repository: FolderAssetRepository,
  scope: Scope,
  options: { after?: string; pageSize?: number; signal?: AbortSignal } = {},
): Promise<Asset[]> {
  const { pageSize = 3, ...rest } = options;
  const assets: Asset[] = [];
  for await (const page of repository.scan(scope, { pageSize, ...rest })) {
    if (page.assets.length > pageSize) throw new Error(`a page of ${page.assets.length} assets`);
    assets.push(...page.assets);
  }
  return assets;
}
