import { expect } from "chai";
import { rmSync, writeFileSync } from "node:fs";
import { linesOf, TOPIC, Workbench } from "./workbench.js";

const A = "/content/dam/t/a.dita";

describe("results of an asset that is gone", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  it("are told as such, and removed by the next job over everything in that place", async () => {
    const assets = bench.tree({ "a.dita": TOPIC, "b.dita": TOPIC, "sub/c.dita": TOPIC, "other/d.dita": TOPIC });
    const at = ["--assets", assets, "--store", bench.store];
    const show = (path: string, ...flags: readonly string[]) => bench.call(["show", path, ...at, ...flags]);
    const process = async (path: string, ...flags: readonly string[]) => {
      const { code, err } = await bench.call(["process", path, ...at, ...flags]);
      expect(code, err).to.equal(0);
    };
    await process("/content/dam/t");
    expect(JSON.parse((await show(A, "--json")).out)).to.include({ path: A, exists: true });
    for (const name of ["tree/a.dita", "tree/sub/c.dita", "tree/other/d.dita"]) rmSync(bench.path(name));

    const gone = await show(A);
    expect([gone.code, linesOf(gone)[0]]).to.deep.equal([0, A]);
    expect(linesOf(gone)[1]).to.match(
      /^This asset is gone, or cannot be read any more\. It was processed at \d{4}-\d\d-\d\dT[\d:.]+Z:$/,
    );
    expect(JSON.parse((await show(A, "--json")).out)).to.include({ path: A, exists: false });

    await process("/content/dam/t/sub");
    await process("/content/dam/t", "--file-type", "DITATOPIC");
    expect((await show(A)).code, "a job elsewhere, or with a filter, removes nothing").to.equal(0);
    expect((await show("/content/dam/t/sub/c.dita")).err).to.match(/does not exist/);

    await process("/content/dam/t", "--exclude", "/content/dam/t/other", "--only-changed");
    const removed = await show(A, "--json");
    expect([removed.code, JSON.parse(removed.out).code]).to.deep.equal([2, "PATH_NOT_FOUND"]);
    expect((await show("/content/dam/t/other/d.dita")).code, "what is excluded stays").to.equal(0);
    expect((await show("/content/dam/t/b.dita")).code).to.equal(0);
    const [last = ""] = linesOf(await bench.call(["history", "--store", bench.store, "--limit", "1"]));
    const log = await bench.call(["logs", last.split(" ")[0] ?? "", "--store", bench.store]);
    expect(log.out).to.match(/\] Removed the results of 1 asset no longer in the repository$/m);

    writeFileSync(bench.path("tree/a.dita"), TOPIC);
    expect((await show(A)).err).to.equal(`${A} has no results: nothing has processed it successfully yet\n`);
  });
});
