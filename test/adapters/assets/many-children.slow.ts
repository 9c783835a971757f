import { expect } from "chai";
import type { AssetRepository } from "../../../src/index.js";
import { FolderAssetRepository } from "../../../src/adapters/assets/folder/index.js";
import { DatabaseAssetRepository } from "../../../src/adapters/assets/database/index.js";
import { pathKey } from "../../../src/adapters/sql/path-key.js";
import { openPostgres, openSqlite, type OpenedDatabase } from "../../support/database-assets.js";
import { tempFolder } from "../../support/temp-folder.js";
import { openDatabase } from "../../support/sqlite-store.js";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { referenceOrder } from "../../support/path-order.js";

const CHILDREN = 100_000;
/** A folder on disk takes a file each: fewer, for the time it takes to make them. */
const FILES = 20_000;
const FOLDER = "/many";

/** Names whose order by code unit differs from the order of their numbers, in no order. */
function names(count: number): readonly string[] {
  const odd = ["-", ".x", " ", "%20", "é", "\u{1f600}", "\uffee", "_", "A", "z"];
  const all = Array.from({ length: count }, (_, i) => `a${i}${odd[i % odd.length]}`);
  for (let i = all.length - 1; i > 0; i--) {
    const j = (i * 7_919 + 13) % (i + 1);
    [all[i], all[j]] = [all[j] as string, all[i] as string];
  }
  return all;
}

describe("a folder with very many children", () => {
  async function pathsOf(repository: AssetRepository, after?: string, pageSize = 1_000): Promise<string[]> {
    const paths: string[] = [];
    const scope = { roots: ["/"], excluded: [], filter: { fileTypes: [] } };
    for await (const { assets } of repository.scan(scope, { pageSize, ...(after === undefined ? {} : { after }) }))
      for (const { path } of assets) paths.push(path);
    return paths;
  }

  async function expectOrder(repository: AssetRepository, children: readonly string[]): Promise<void> {
    // Siblings of the folder that plain string order would put before its children.
    const expected = [...children.map((name) => `${FOLDER}/${name}`), `${FOLDER}-x`, `${FOLDER}.x`].sort(
      referenceOrder,
    );
    const all = await pathsOf(repository);
    // Not by deep equality of the whole: its report of a difference would take longer than the test.
    expect(all.length).to.equal(expected.length);
    expect(all.findIndex((path, i) => path !== expected[i])).to.equal(-1);
    for (const at of [0, 999, Math.floor(children.length / 2), children.length - 1, children.length]) {
      const rest = await pathsOf(repository, expected[at], 3_000);
      expect(rest.length, `after ${expected[at]}`).to.equal(expected.length - at - 1);
      expect(rest.findIndex((path, i) => path !== expected[at + 1 + i])).to.equal(-1);
    }
  }

  async function insert({ database }: OpenedDatabase, paths: readonly string[]): Promise<void> {
    const columns = { k: "bytes", p: "text" } as const;
    for (let i = 0; i < paths.length; i += 20_000) {
      const rows = paths.slice(i, i + 20_000).map((path) => ({ k: pathKey(path).toString("hex"), p: path }));
      await database.write((tx) =>
        tx.query(
          `insert into {asset} (key, path, file_type, size_bytes, created_ms, modified_ms, content_hash)
           select k, p, 'OTHERS', 1, 1, 1, 'sha256:' from ${tx.dialect.rows(columns)} as w where true`,
          [JSON.stringify(rows)],
        ),
      );
    }
  }

  for (const [name, open] of [
    ["SQLite", openSqlite],
    ["PostgreSQL", openPostgres],
  ] as const) {
    it(`yields 100,000 children of ${name} in path order, and resumes after any of them with exactly the rest`, async () => {
      const opened = await open();
      try {
        const children = names(CHILDREN);
        await insert(opened, [...children.map((child) => `${FOLDER}/${child}`), `${FOLDER}-x`, `${FOLDER}.x`]);
        const place = { database: opened.database, ownsDatabase: false };
        await expectOrder(await DatabaseAssetRepository.open(place), children);
      } finally {
        await opened.close();
      }
    });
  }

  it("yields 20,000 children on disk in path order, and resumes after any of them with exactly the rest", async () => {
    const { folder, remove } = await tempFolder();
    const database = await openDatabase(join(folder, "store.sqlite"));
    try {
      const children = names(FILES);
      await mkdir(join(folder, "tree", FOLDER), { recursive: true });
      for (let i = 0; i < children.length; i += 500) {
        const some = children.slice(i, i + 500);
        await Promise.all(some.map((name) => writeFile(join(folder, "tree", FOLDER, name), "x")));
      }
      for (const sibling of [`${FOLDER}-x`, `${FOLDER}.x`]) await writeFile(join(folder, "tree", sibling), "x");
      await expectOrder(await FolderAssetRepository.open({ folder: join(folder, "tree") }, database), children);
    } finally {
      await database.close();
      await remove();
    }
  });
});
