import { expect } from "chai";
import { DatabaseAssetRepository } from "../../../../src/adapters/assets/database/index.js";
import { pathKey } from "../../../../src/adapters/sql/path-key.js";
import type { Asset } from "../../../../src/core/asset/asset.js";
import { AssetColumns } from "../../../../src/core/asset/asset-columns.js";
import { comparePaths } from "../../../../src/core/asset/path.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { type OpenedDatabase, openPostgres, openSqlite } from "../../../support/database-assets.js";
import { countRows } from "../../../support/recorded-sql.js";

const NAMES = [
  "a",
  'q"uote',
  "back\\slash",
  "line\nfeed",
  "tab\t",
  "comma,",
  "[1]",
  "\u2028",
  "\u{1f600}",
  "é",
  "\x01",
];

describe("a page of assets as text", () => {
  const engines: readonly (readonly [string, () => Promise<OpenedDatabase>])[] = [
    ["sqlite3", () => openSqlite("sqlite3")],
    ["better-sqlite3", () => openSqlite("better-sqlite3")],
    ["PostgreSQL", openPostgres],
  ];
  for (const [engine, open] of engines) {
    describe(`on ${engine}`, () => {
      let opened: OpenedDatabase;
      let repository: DatabaseAssetRepository;
      before(async () => {
        opened = await open();
        repository = await DatabaseAssetRepository.open({ database: opened.database, ownsDatabase: false });
        const { dialect } = opened.database;
        for (const [i, name] of NAMES.entries()) {
          const values = dialect.name === "sqlite" ? "unhex(?)" : "decode(?, 'hex')";
          await opened.database.write((tx) =>
            tx.query(
              `insert into {asset} (key, path, file_type, size_bytes, created_ms, modified_ms, content_hash, content_fragment)
               values (${values}, ?, ?, ?, ?, ?, ?, ?)`,
              [
                pathKey(`/p/${name}`).toString("hex"),
                `/p/${name}`,
                i === 0 ? "A_LATER_TYPE" : "HTML/CSS",
                Number.MAX_SAFE_INTEGER - i,
                -i,
                1_760_000_000_000 + i,
                `h"\\${i}`,
                i % 3 === 1 ? 1 : 0,
              ],
            ),
          );
        }
      });
      after(() => opened.close());

      const expected = (): Asset[] =>
        NAMES.map((name, i): Asset => ({
          path: `/p/${name}`,
          fileType: i === 0 ? "OTHERS" : "HTML/CSS",
          sizeBytes: Number.MAX_SAFE_INTEGER - i,
          createdMs: i === 0 ? 0 : -i,
          modifiedMs: 1_760_000_000_000 + i,
          contentHash: `h"\\${i}`,
          ...(i % 3 === 1 ? { contentFragment: true as const } : {}),
        })).sort((a, b) => comparePaths(a.path, b.path));

      const scanned = async (pageSize: number): Promise<{ assets: Asset[]; pages: number; inColumns: boolean }> => {
        const found = { assets: [] as Asset[], pages: 0, inColumns: true };
        for await (const { assets } of repository.scan(scopeOf(["/p"], [], { fileTypes: [] }), { pageSize })) {
          found.assets.push(...assets);
          found.pages++;
          found.inColumns &&= assets instanceof AssetColumns;
        }
        return found;
      };

      for (const pageSize of [1, 4, 100]) {
        it(`has every field of each asset as it was put, in pages of ${pageSize}`, async () => {
          expect((await scanned(pageSize)).assets).to.deep.equal(expected());
        });
      }

      it("comes from the driver as one row", async () => {
        let pages = 0;
        const rows = await countRows(async () => {
          const found = await scanned(4);
          expect(found.inColumns).to.equal(true);
          pages = found.pages;
        });
        expect([pages, rows]).to.deep.equal([3, 3]);
      });

      it("is the same as what `stat` says of each of them", async () => {
        const nodes = await repository.stat(expected().map(({ path }) => path));
        expect(nodes.map((node) => node?.kind === "asset" && node.asset)).to.deep.equal(expected());
      });
    });
  }
});
