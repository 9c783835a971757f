import { openPostgresStores as openStoresOnPostgres } from "./postgres-store.js";
import type { SqliteDriverName } from "../../src/adapters/sql/index.js";
import { chmod, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import {
  type AssetRepositoryCapabilities,
  type AssetRepositoryFixture,
  MemoryAssetRepository,
  MemoryStores,
  type StoreFixture,
} from "../../src/testing/index.js";
import { asNobody } from "./as-nobody.js";
import { openFolder } from "./folder-repository.js";
import { dump, openStores } from "./sqlite-store.js";

/** Each adapter as the conformance suites open it, and what it can do. */

export const MEMORY_ASSETS: AssetRepositoryCapabilities = {
  enlist: true,
  sink: true,
  sinkTimes: true,
  refusesGone: true,
  forgetsGone: true,
  comparesStamps: false,
  creationTimes: true,
  xmlHeads: true,
  closedFolders: true,
};

export async function openMemoryAssets(): Promise<AssetRepositoryFixture> {
  const repository = new MemoryAssetRepository({}, "memory:test", { enlist: true });
  const { database } = new MemoryStores();
  return {
    repository,
    root: "/",
    put: async (path, content, options) => repository.set(path, content, options),
    remove: async (path) => repository.set(path, undefined),
    transaction: (work) => database.write(work),
    whileClosed: async (path, work) => {
      repository.setClosed(path, true);
      return work().finally(() => repository.setClosed(path, false));
    },
    close: () => repository.close(),
  };
}

export const FOLDER_ASSETS: AssetRepositoryCapabilities = {
  enlist: true,
  sink: false,
  sinkTimes: false,
  refusesGone: false,
  forgetsGone: true,
  comparesStamps: false,
  creationTimes: true,
  xmlHeads: true,
  closedFolders: true,
  // A name has 255 bytes at most on most file systems; macOS and Windows fold case.
  foldsNames: process.platform === "darwin" || process.platform === "win32",
  // What systems allow, less the temporary folder.
  maxPathBytes: process.platform === "linux" ? 3_900 : process.platform === "darwin" ? 900 : 150,
};

export async function openFolderAssets(): Promise<AssetRepositoryFixture> {
  const { folder, repository, files, stores, close } = await openFolder();
  return {
    repository,
    root: "/",
    put: async (path, content, { createdMs }) => {
      await files([path, content]);
      // A folder knows no other time of creation than the earlier of its two.
      if (createdMs !== undefined) await utimes(join(folder, path), createdMs / 1000, createdMs / 1000);
    },
    remove: (path) => rm(join(folder, path)),
    transaction: (work) => stores.database.write(work),
    whileClosed: async (path, work) => {
      await chmod(join(folder, path), 0o000);
      return asNobody(work).finally(() => chmod(join(folder, path), 0o755));
    },
    close,
  };
}

export async function openMemoryStores(): Promise<StoreFixture> {
  const { database, jobs, chunks, log, reports } = new MemoryStores();
  return {
    ...{ jobs, chunks, log, reports },
    another: async () => new MemoryStores(database),
    everything: async () => database.state,
    close: async () => {},
  };
}

export async function openSqliteStores(driver?: SqliteDriverName): Promise<StoreFixture> {
  const stores = await openStores(driver);
  return { ...stores, everything: () => dump(stores.database) };
}

export async function openPostgresStores(): Promise<StoreFixture> {
  const stores = await openStoresOnPostgres();
  return { ...stores, everything: () => dump(stores.database) };
}
