import { rmSync, utimesSync } from "node:fs";
import { DatabaseAssetRepository } from "../../src/adapters/assets/database/index.js";
import { AssetmillError } from "../../src/core/errors.js";
import { Workbench } from "../cli/workbench.js";
import { openSqlite } from "../support/database-assets.js";
import { checkOnlyChanged } from "../support/only-changed-suite.js";

const ROOT = "/content/dam/t";
const INSTANT = 315_532_801_000;

/** The repository's kinds that need no server; test/jcr has the others. */
describe("only changed assets are processed, and all that are affected by a change,", () => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  it("in a folder", async () => {
    await checkOnlyChanged({
      options: { assets: bench.tree({}), store: bench.store },
      root: ROOT,
      put: async (name, content) => utimesSync(bench.write(`tree/${name}`, content), INSTANT / 1000, INSTANT / 1000),
      remove: async (name) => rmSync(bench.path("tree", name)),
    });
  });

  for (const [where, isOwn] of [
    ["beside the jobs", false],
    ["in a database of their own", true],
  ] as const) {
    it(`in a database, ${where}`, async () => {
      const { database, folder, close } = await openSqlite();
      const { sink } = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
      const assets = `sqlite:${folder}/assets.sqlite`;
      try {
        await checkOnlyChanged({
          options: { assets, store: isOwn ? bench.store : assets },
          root: ROOT,
          put: async (name, content) => {
            const bytes = Buffer.from(content);
            const facts = { sizeBytes: bytes.length, createdMs: INSTANT, modifiedMs: INSTANT };
            const asset = { path: `${ROOT}/${name}`, fileType: "DITATOPIC", ...facts } as const;
            const pieces = async function* (): AsyncGenerator<Uint8Array> {
              yield bytes;
            };
            const [end] = await sink.put([{ asset, content: pieces }]);
            if (AssetmillError.is(end)) throw end;
          },
          remove: async (name) => {
            await database.write((tx) => tx.query("delete from {asset} where path = ?", [`${ROOT}/${name}`]));
          },
        });
      } finally {
        await close();
      }
    });
  }
});
