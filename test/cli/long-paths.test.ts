import { expect } from "chai";
import { createAssetmill } from "../../src/index.js";
import { deepSiblings } from "../../src/testing/conformance/long-paths.js";
import { freshSchema, sharedPostgres } from "../support/postgres-server.js";
import { jsonLines, TOPIC, Workbench } from "./workbench.js";

const MOST = 4_096;

/** A path of so many bytes, of names that a folder may have. */
const pathOf = (bytes: number): string => {
  const [path = ""] = deepSiblings("/", 1, bytes);
  return (
    path
      .replace("/0000.md", `${`/${"x".repeat(99)}`.repeat(9)}`)
      .slice(0, bytes - 6)
      .replace(/\/$/, "x") + "y.dita"
  );
};

describe("paths of more than 4,096 bytes, at the command line", () => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  /** Below a folder of `above` bytes, a.dita, z.dita and two of 4,096 and 4,097 bytes; all paths relative to it. */
  function files(above: string): { readonly longest: string; readonly tooLong: string } {
    const [longest = "", tooLong = ""] = [MOST, MOST + 1].map((bytes) => pathOf(bytes - above.length));
    for (const path of ["/a.dita", longest, tooLong, "/z.dita"]) bench.write(`files${path}`, TOPIC);
    return { longest: `${above}${longest}`, tooLong: `${above}${tooLong}` };
  }
  const MOUNT = pathOf(1_500);

  it("are left out of an import one by one, by name, into SQLite and PostgreSQL; the others are processed", async () => {
    const { longest, tooLong } = files(MOUNT);
    expect([longest, tooLong].map((path) => Buffer.byteLength(path))).to.deep.equal([MOST, MOST + 1]);
    const { url, query } = await sharedPostgres();
    const schema = freshSchema();
    try {
      for (const assets of [`sqlite:${bench.path("assets.sqlite")}`, `${url}?schema=${schema}`]) {
        const imported = await bench.call(["import", bench.path("files"), MOUNT, "--assets", assets, "--json"]);
        expect(imported.code, imported.err).to.equal(1);
        expect(jsonLines(imported).at(-1)).to.include({ created: 3, failed: 1 });
        expect(imported.err).to.include(tooLong).and.to.include("at most 4,096 bytes (UTF-8), not 4,097");
        const processed = await bench.call(["process", MOUNT, "--assets", assets, "--json"]);
        expect(processed.code, processed.err).to.equal(0);
        expect(jsonLines(processed).at(-1)).to.include({ status: "SUCCESS", succeededCount: 3 });
        const shown = await bench.call(["show", longest, "--assets", assets, "--json"]);
        expect(jsonLines(shown)[0], shown.err).to.deep.include({ path: longest });
      }
    } finally {
      await query(`drop schema if exists "${schema}" cascade`);
    }
  });

  it("are SKIPPED by a job one by one, and its log and outcomes say so; the others are processed", async () => {
    const { longest, tooLong } = files(MOUNT);
    const assets = `folder:${bench.path("files")}?mount=${MOUNT}`;
    const { url, query } = await sharedPostgres();
    const schema = freshSchema();
    try {
      for (const store of [bench.store, `${url}?schema=${schema}`]) {
        const processed = await bench.call(["process", MOUNT, "--assets", assets, "--store", store, "--json"]);
        expect(processed.code, processed.err).to.equal(0);
        const status = jsonLines(processed).at(-1);
        expect(status).to.include({ status: "SUCCESS", succeededCount: 3, skippedCount: 1 });
        const ask = async (...args: readonly string[]) =>
          jsonLines(await bench.call([...args, status.processingId, "--store", store, "--json"]));
        const outcomes = new Map((await ask("outcomes")).map(({ path, code }) => [path, code]));
        expect([outcomes.get(longest), outcomes.get(tooLong)]).to.deep.equal([undefined, "PATH_TOO_LONG"]);
        expect(outcomes.size).to.equal(4);
        const log = (await ask("logs")).map(({ text }) => text).join("\n");
        expect(log).to.match(/Counted 4 assets; 1 skipped: 1 PATH_TOO_LONG/);
        const again = await bench.call([
          "process",
          MOUNT,
          "--assets",
          assets,
          "--store",
          store,
          "--only-changed",
          "--json",
        ]);
        expect(jsonLines(again).at(-1), again.err).to.include({ skippedCount: 4, failedCount: 0 });
      }
    } finally {
      await query(`drop schema if exists "${schema}" cascade`);
    }
  });

  it("are refused in a request, by the field's name, and no job is made", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const where = ["--assets", assets, "--store", bench.store, "--json"];
    const long = `/${"é".repeat(2_048)}`;
    for (const [args, field] of [
      [["process", long], "path"],
      [["process", "/content/dam/t", "--exclude", long], "exclude"],
      [["show", long], "path"],
    ] as const) {
      const refused = await bench.call([...args, ...where]);
      expect(refused.code, refused.out).to.equal(2);
      expect(refused.out + refused.err).to.include("at most 4,096 bytes (UTF-8), not 4,097");
      expect(jsonLines(refused).at(-1).errors[0].field).to.equal(field);
    }
    const mounted = `folder:${bench.path("tree")}?mount=${encodeURIComponent(long)}`;
    const refused = await bench.call(["process", "/", "--assets", mounted, "--store", bench.store]);
    expect([refused.code, /mount.* at most 4,096 bytes/.test(refused.err)], refused.err).to.deep.equal([2, true]);
    const mill = await createAssetmill({ assets, store: bench.store });
    try {
      expect(await mill.operator.history()).to.deep.equal({ jobs: [] });
    } finally {
      await mill.close();
    }
  });
});
